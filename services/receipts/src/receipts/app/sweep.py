"""The sweeping process."""

from common.postgres import Pool
from receipts.commands.sweeper import Sweeper
from receipts.config import Config
from receipts.gateways.files import Files, open_store
from receipts.gateways.queue import CeleryQueueOut, make_celery
from receipts.store.says import Says


def sweeper(config: Config, pool: Pool) -> Sweeper:
    """The sweeping process."""
    return Sweeper(
        config.database_url,
        pool,
        Says(config.topic_prefix),
        CeleryQueueOut(make_celery(config.redis_url, config.render_limit_s)),
        Files(open_store(config.files_dir, config.s3_endpoint)),
        every_s=config.sweep_every_s,
        bulk_turns=config.bulk_turns,
    )
