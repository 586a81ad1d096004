"""The relay among rows that cannot go out, and after a server that came back on an earlier state."""

import pytest

from common import eventstore, kafka
from common.eventstore import OutboxRow
from common.postgres import connect
from common.relay import Relay
from tests.conftest import MakeTopics
from tests.support import stores
from tests.support.waiting import until

TOPIC = "provider-sync.accounts.v1"


@pytest.fixture
def store(empty_database: str) -> str:
    """An event store with an outbox."""
    return stores.tables(empty_database, "outbox", "events")


def test_a_row_that_is_too_large_stops_its_own_key_only(store: str, kafka_address: str, topics: MakeTopics) -> None:
    """Everything else goes out; the row stays where it is."""
    topic = topics(TOPIC) + TOPIC
    huge = '"' + "x" * (2 << 20) + '"'
    with connect(store, "test") as conn:
        eventstore.enqueue(conn, [OutboxRow(topic, kafka.partition_of("big"), "big", "t", huge)])
        eventstore.append(conn, topic, stores.events("small", range(1, 6)))
    with stores.running(Relay(store, kafka_address, "relay", True)):
        until(lambda: stores.count(store, "outbox") == 1, "all others are sent")
    assert stores.count(store, "outbox WHERE key = 'big'") == 1


def test_a_new_session_trusts_no_hint_of_an_earlier_one(store: str, kafka_address: str, topics: MakeTopics) -> None:
    """Positions may begin again below the hint when the database was restored under a living relay."""
    topic = topics(TOPIC) + TOPIC
    with connect(store, "test") as conn:
        eventstore.append(conn, topic, stores.events("a", range(1, 6)))
    with stores.running(Relay(store, kafka_address, "relay", True, hint=1_000_000)):
        until(lambda: stores.count(store, "outbox") == 0, "the rows below the hint are sent")
