"""What identity listens to: of accounts six kinds of fact, the others known and passed over; issued statements."""

from collections.abc import Sequence

import msgspec

from common.consumer import Projection, Subscription
from common.postgres import Connection
from common.streams import Record
from identity.events import ACCOUNTS, HEARS, SKIPS, STATEMENT_ISSUED, STATEMENTS, StatementIssued
from identity.handlers import facts, statements
from identity.handlers.desk import Desk
from identity.projections import Fact

GROUP = "identity.projection"


def projection(desk: Desk) -> Projection:
    """The consuming process. Facts are kept as a set under (account, sequence), so no order is asked for."""

    def apply(conn: Connection, records: Sequence[Record]) -> None:
        facts.hear(desk, conn, [fact(record) for record in records])

    def apply_statements(conn: Connection, records: Sequence[Record]) -> None:
        statements.hear(desk, conn, [issued(record) for record in records])

    prefix = desk.config.topic_prefix
    subscriptions = [
        Subscription(prefix + ACCOUNTS, apply, frozenset(HEARS), SKIPS),
        Subscription(prefix + STATEMENTS, apply_statements, frozenset([STATEMENT_ISSUED])),
    ]
    config = desk.config
    return Projection(
        config.database_url,
        config.kafka_bootstrap_servers,
        prefix + GROUP,
        subscriptions,
        member=config.consumer_member or None,
    )


def fact(record: Record) -> Fact:
    """A record as the fact it states; raises ValueError when it has no place in the account's stream."""
    if record.sequence < 1 or record.envelope.subject != record.key:
        raise ValueError("no sequence, or the key is not the subject")
    event = msgspec.json.decode(record.envelope.data, type=HEARS[record.type])
    return Fact(record.key, record.sequence, record.envelope.recorded_at, event)


def issued(record: Record) -> statements.Issued:
    """A record as the statement it issues."""
    statement = msgspec.json.decode(record.envelope.data, type=StatementIssued)
    return statements.Issued(statement, record.envelope.recorded_at)
