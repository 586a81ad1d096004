"""Everything is put together here, by hand; each process builds what it needs, after its fork."""

from celery import Celery
from flask import Flask

from common import keys
from common.consumer import Projection
from common.migrations import migrate
from common.postgres import connect, open_pool
from common.relay import Relay
from common.server import serve
from receipts.api import Receipts
from receipts.commands import Sweeper
from receipts.config import Config
from receipts.consumer import GROUP, subscriptions
from receipts.gateways import Files
from receipts.handlers.rendering import Workshop
from receipts.migrations import SHARED
from receipts.store.says import Says
from receipts.tasks import CeleryQueueOut, make_celery, register

_LEASE_MARGIN_S = 5


def web_app(config: Config) -> Flask:
    """The Flask app with a pool of its own."""
    pool = open_pool(config.database_url, "receipts-web", size=config.web_threads + 2)
    calls = Receipts(
        pool,
        Says(config.topic_prefix),
        Files(config.files_dir),
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
        lambda: web_app(config),
        lambda: database_problem(config),
        host=config.http_host,
        port=config.http_port,
        admin_port=config.admin_port or None,
        workers=config.web_workers,
        threads=config.web_threads,
    )


def projection(config: Config) -> Projection:
    """The consuming process."""
    return Projection(
        config.database_url,
        config.kafka_bootstrap_servers,
        config.topic_prefix + GROUP,
        subscriptions(Says(config.topic_prefix), config.topic_prefix),
    )


def relay(config: Config) -> Relay:
    """The publishing process."""
    return Relay(config.database_url, config.kafka_bootstrap_servers, "receipts-relay", event_store=False)


def celery(config: Config) -> Celery:
    """The Celery app with its tasks, for a worker."""
    app = make_celery(config.redis_url, config.render_limit_s)

    def workshop() -> Workshop:
        pool = open_pool(config.database_url, "receipts-worker", size=2)
        files, lease_s = Files(config.files_dir), config.render_limit_s + _LEASE_MARGIN_S
        return Workshop(pool, files, Says(config.topic_prefix), config.public_url, lease_s)

    register(app, workshop)
    return app


def sweeper(config: Config) -> Sweeper:
    """The sweeping process."""
    return Sweeper(
        config.database_url,
        open_pool(config.database_url, "receipts-sweep", size=2, statement_s=30),
        Says(config.topic_prefix),
        CeleryQueueOut(make_celery(config.redis_url, config.render_limit_s)),
        Files(config.files_dir),
        every_s=config.sweep_every_s,
        bulk_chains=config.bulk_chains,
    )


def migrate_database(config: Config) -> list[str]:
    """Brings the database to the newest schema."""
    return migrate(config.database_url, "receipts", SHARED)


def database_problem(config: Config) -> str | None:
    """What keeps the database from answering, or None."""
    try:
        connect(config.database_url, "receipts-health").close()
    except Exception as error:  # noqa: BLE001  # any failure means the same to a probe
        return f"PostgreSQL: {error}"
    return None
