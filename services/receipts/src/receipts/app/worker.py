"""The worker process."""

from celery import Celery

from common.postgres import open_pool
from receipts.config import Config
from receipts.gateways.files import Files, open_store
from receipts.gateways.queue import make_celery
from receipts.handlers.rendering import Workshop
from receipts.render.pdf import warm_up
from receipts.store.says import Says
from receipts.tasks import register

_LEASE_MARGIN_S = 5


def celery(config: Config) -> Celery:
    """The Celery app with its tasks, for a worker."""
    app = make_celery(config.redis_url, config.render_limit_s)

    def workshop() -> Workshop:
        warm_up()
        pool = open_pool(config.database_url, "receipts-worker", size=2)
        files = Files(open_store(config.files_dir, config.s3_endpoint))
        lease_s = config.render_limit_s + _LEASE_MARGIN_S
        return Workshop(pool, files, Says(config.topic_prefix), config.public_url, lease_s, config.bulk_turns)

    register(app, workshop)
    return app
