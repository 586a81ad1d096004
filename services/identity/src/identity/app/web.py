"""The web process."""

import psycopg
from flask import Flask

from common.postgres import connect
from common.server import serve
from identity import api
from identity.app.desk import build_desk
from identity.config import Config


def serve_web(config: Config) -> None:
    """Serves the HTTP API until SIGTERM."""

    def ready() -> str | None:
        try:
            connect(config.database_url, "identity-health").close()
        except psycopg.Error as error:
            return f"PostgreSQL: {error}"
        return None

    serve(
        lambda: build_web(config),
        ready,
        host=config.http_host,
        port=config.http_port,
        shared=config.http_shared,
        admin_port=config.admin_port or None,
        workers=config.web_workers,
        threads=config.web_threads,
    )


def build_web(config: Config) -> Flask:
    """The HTTP API of one worker process; opens its pool, so it is built after the fork."""
    return api.create(build_desk(config, "identity-web", pool_size=config.web_threads))
