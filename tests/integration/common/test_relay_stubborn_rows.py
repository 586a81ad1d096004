"""The relay among rows that cannot go out, and after a server that came back on an earlier state."""

import pytest

from common import eventstore, kafka, outlets, relay
from common.eventstore import OutboxRow
from common.postgres import connect
from common.relay import Relay
from common.telemetry import TOPICS_MISSING
from tests.conftest import MakeTopics
from tests.integration.common.test_relay import read_all
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


def test_rows_of_a_missing_topic_stand_aside_until_it_is_there(
    store: str, kafka_address: str, topics: MakeTopics, monkeypatch: pytest.MonkeyPatch
) -> None:
    """More of them than a batch holds: all others go out, it is said, and later nothing of theirs is skipped."""
    monkeypatch.setattr(relay, "BATCH", 20)
    monkeypatch.setattr(outlets, "_AGAIN_S", 0.2)
    prefix = topics(TOPIC)
    missing = prefix + "identity.users.v1"
    with connect(store, "test") as conn:
        eventstore.append(conn, missing, stores.events("early", range(1, 51)))
        eventstore.append(conn, prefix + TOPIC, stores.events("present", range(1, 31)))
    with stores.running(Relay(store, kafka_address, "relay", True)):
        until(lambda: stores.count(store, "outbox") == 50, "all others are sent")
        assert TOPICS_MISSING._value.get() == 1
        topics("identity.users.v1")
        until(lambda: stores.count(store, "outbox") == 0, "the topic is there, and its rows are sent")
        assert TOPICS_MISSING._value.get() == 0
    assert read_all(kafka_address, missing, 50) == [("early", n) for n in range(1, 51)]
