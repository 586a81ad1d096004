"""The composition root: what the web process is put together from, after its fork."""

import base64

from cryptography.fernet import Fernet
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from flask import Flask

from common.migrations import migrate
from common.postgres import Pool, connect, open_pool
from common.server import serve
from gateway.api import create_app
from gateway.api.base import Cabinet
from gateway.config import Config
from gateway.gateways.centre import Centre
from gateway.handlers.sessions import Keeper
from gateway.migrations import SHARED


def web_app(config: Config, pool: Pool) -> Flask:
    """The Flask app."""
    centre = Centre(config.identity_url, config.ledger_url, config.receipts_url)
    return create_app(Cabinet(config, keeper(config, pool, centre), centre))


def keeper(config: Config, pool: Pool, centre: Centre) -> Keeper:
    """Where sessions are kept."""
    return Keeper(pool, centre, _seal(config.gateway_secret), config.idle_hours)


def serve_web(config: Config) -> None:
    """The web process."""
    serve(
        lambda: web_app(config, open_pool(config.database_url, "gateway-web", size=config.web_threads + 2)),
        lambda: database_problem(config),
        host=config.http_host,
        port=config.http_port,
        shared=config.http_shared,
        admin_port=config.admin_port or None,
        workers=config.web_workers,
        threads=config.web_threads,
    )


def database_problem(config: Config) -> str | None:
    """What keeps the database from answering, or None."""
    try:
        connect(config.database_url, "gateway-health").close()
    except Exception as error:  # noqa: BLE001  # any failure means the same to a probe
        return f"PostgreSQL: {error}"
    return None


def migrate_database(config: Config) -> list[str]:
    """Brings the database to the newest schema."""
    return migrate(config.database_url, "gateway", SHARED, config.running_role)


def _seal(secret: str) -> Fernet:
    key = HKDF(SHA256(), 32, salt=None, info=b"gateway sessions").derive(secret.encode())
    return Fernet(base64.urlsafe_b64encode(key))
