"""What identity listens to: one topic, six kinds of fact; the others are known and passed over."""

from collections.abc import Sequence

import msgspec

from common.consumer import Projection, Subscription
from common.postgres import Connection
from common.streams import Record
from identity.events import ACCOUNTS, HEARS, SKIPS
from identity.handlers import facts
from identity.handlers.desk import Desk
from identity.projections import Fact

GROUP = "identity.projection"


def projection(desk: Desk) -> Projection:
    """The consuming process. Facts are kept as a set under (account, sequence), so no order is asked for."""

    def apply(conn: Connection, records: Sequence[Record]) -> None:
        facts.hear(desk, conn, [fact(record) for record in records])

    prefix = desk.config.topic_prefix
    subscription = Subscription(prefix + ACCOUNTS, apply, frozenset(HEARS), SKIPS)
    return Projection(desk.config.database_url, desk.config.kafka_bootstrap_servers, prefix + GROUP, [subscription])


def fact(record: Record) -> Fact:
    """A record as the fact it states; raises ValueError when it has no place in the account's stream."""
    if record.sequence < 1 or record.envelope.subject != record.key:
        raise ValueError("no sequence, or the key is not the subject")
    event = msgspec.json.decode(record.envelope.data, type=HEARS[record.type])
    return Fact(record.key, record.sequence, record.envelope.recorded_at, event)
