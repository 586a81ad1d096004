"""The Kafka door: what provider-sync reacts to."""

from collections.abc import Sequence

from common.consumer import Projection, Subscription
from provider_sync.config import Config
from provider_sync.events import heard
from provider_sync.handlers import hear

GROUP = "provider-sync.projection"


def subscriptions(config: Config) -> Sequence[Subscription]:
    """One topic, not sequenced: an allocation is told from its repetition by its event id."""
    return [Subscription(config.topic_prefix + heard.ALLOCATIONS, hear.hear, hear.HEARD)]


def projection(config: Config) -> Projection:
    """The consuming process."""
    return Projection(
        url=config.database_url,
        bootstrap=config.kafka_bootstrap_servers,
        group=config.topic_prefix + GROUP,
        subscriptions=subscriptions(config),
        member=config.consumer_member or None,
    )
