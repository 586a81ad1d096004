"""The web process."""

from flask import Flask

from common import keys
from common.postgres import Pool, open_pool
from common.server import serve
from receipts.api import Receipts
from receipts.app.health import database_problem
from receipts.config import Config
from receipts.gateways.files import Files, open_store
from receipts.store.says import Says


def web_app(config: Config, pool: Pool) -> Flask:
    """The Flask app."""
    calls = Receipts(
        pool,
        Says(config.topic_prefix),
        Files(open_store(config.files_dir, config.s3_endpoint)),
        keys.verifier(pool),
        topic_prefix=config.topic_prefix,
        draft_deadline_s=config.draft_deadline_s,
        waiting_limit=config.web_threads // 2,
        verify_per_minute=config.verify_per_minute,
    )
    return calls.app()


def serve_web(config: Config) -> None:
    """The web process."""
    serve(
        lambda: web_app(config, open_pool(config.database_url, "receipts-web", size=config.web_threads + 2)),
        lambda: database_problem(config),
        host=config.http_host,
        port=config.http_port,
        shared=config.http_shared,
        admin_port=config.admin_port or None,
        workers=config.web_workers,
        threads=config.web_threads,
    )
