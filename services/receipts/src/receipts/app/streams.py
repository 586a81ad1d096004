"""The processes that listen and publish, and the schema they work on."""

from common.consumer import Projection
from common.migrations import migrate
from common.relay import Relay
from receipts.config import Config
from receipts.consumer import GROUP, subscriptions
from receipts.migrations import SHARED
from receipts.store.says import Says


def projection(config: Config) -> Projection:
    """The consuming process."""
    return Projection(
        config.database_url,
        config.kafka_bootstrap_servers,
        config.topic_prefix + GROUP,
        subscriptions(Says(config.topic_prefix), config.topic_prefix),
        member=config.consumer_member or None,
    )


def relay(config: Config) -> Relay:
    """The publishing process."""
    return Relay(config.database_url, config.kafka_bootstrap_servers, "receipts-relay", event_store=False)


def migrate_database(config: Config) -> list[str]:
    """Brings the database to the newest schema."""
    return migrate(config.database_url, "receipts", SHARED, config.running_role)
