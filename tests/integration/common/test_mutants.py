"""M2, M4 and M6: safeguards taken away, each next to the real thing under the same misfortune."""

import threading
from collections.abc import Sequence
from typing import Any

import pytest

from common import kafka
from common.consumer import Projection, Subscription
from common.eventstore import OutboxRow, enqueue
from common.kafka import Raw
from common.postgres import Connection, connect
from common.relay import Relay, Row
from common.streams import Record
from tests.conftest import MakeTopics
from tests.integration.common.test_consumer import TOPIC, send, value
from tests.support import stores
from tests.support.waiting import until


@pytest.fixture
def view(empty_database: str) -> str:
    """A database with the consumer's tables and a log of what was applied."""
    return stores.tables(empty_database, "outbox", "consumer", extra=stores.APPLIED)


class Killed(BaseException):
    """The process dies here."""


class CommitsFirst(Projection):
    """M2: the offset is stored before the batch is applied, as a consumer does that commits to Kafka by itself."""

    def _apply_halving(
        self, conn: Connection, _consumer: Any, subscription: Subscription, batch: dict[Any, list[Raw]], _tries: int = 1
    ) -> None:
        raws = [raw for found in batch.values() for raw in found]
        offsets = {place.partition: found[-1].offset + 1 for place, found in batch.items()}
        with conn.transaction():
            self._advance(conn, subscription.topic, offsets)
        with conn.transaction():
            subscription.apply(conn, self._decoded(subscription, raws, {})[0])


class FlushIsProof(Relay):
    """M4: what was flushed counts as sent, whatever became of each record."""

    def _send(self, rows: Sequence[Row]) -> list[Row]:
        super()._send(rows)
        return list(rows)


def reading(kind: type[Projection], view: str, address: str, topic: str, apply: Any) -> Projection:
    """A reader of one sequenced topic."""
    subscription = Subscription(topic, apply, frozenset([stores.TYPE]), sequenced=True)
    return kind(view, address, f"{topic}-group", [subscription])


@pytest.mark.parametrize(("kind", "kept"), [(Projection, [1, 2, 3, 4]), (CommitsFirst, [4])])
def test_a_process_killed_between_offset_and_batch(
    kind: type[Projection], kept: list[int], view: str, kafka_address: str, topics: MakeTopics
) -> None:
    """M2 is caught: what it had read and not applied is never seen again; one transaction for both loses nothing."""
    topic = topics(TOPIC) + TOPIC
    send(kafka_address, topic, [("a", value("a", n)) for n in (1, 2, 3)])

    def dies(conn: Connection, records: Sequence[Record]) -> None:
        raise Killed

    with pytest.raises(Killed):
        reading(kind, view, kafka_address, topic, dies).run(threading.Event())
    send(kafka_address, topic, [("a", value("a", 4))])
    successor = reading(kind, view, kafka_address, topic, stores.project)
    with stores.running(successor):
        until(lambda: stores.applied(view).get("a", [])[-1:] == [4], "the last one is applied")
    assert stores.applied(view) == {"a": kept}


@pytest.mark.parametrize(("kind", "kept"), [(Relay, 1), (FlushIsProof, 0)])
def test_a_record_that_could_not_be_sent(
    kind: type[Relay], kept: int, view: str, kafka_address: str, topics: MakeTopics
) -> None:
    """M4 is caught: a flush says nothing of single records, and what counts as sent is gone though nobody has it."""
    topic = topics(TOPIC) + TOPIC
    with connect(view, "test", autocommit=True) as conn:
        enqueue(conn, [OutboxRow(topic, 0, "big", stores.TYPE, '"' + "x" * (2 << 20) + '"')])
        relay = kind(view, kafka_address, "relay", False)
        assert relay.shards.join(conn)
        relay.shards.settle(conn)
        assert relay.shards.held
        relay.step(conn)
        kafka.drop(relay.producer or kafka.producer(kafka_address, "relay"))
    assert sum(kafka.end_offsets(kafka_address, [topic]).values()) == 0
    assert stores.count(view, "outbox") == kept


@pytest.mark.parametrize(("swallows", "applied", "head"), [(False, [1], 1), (True, [1, 3], 3)])
def test_a_fact_that_cannot_be_applied(
    swallows: bool, applied: list[int], head: int, view: str, kafka_address: str, topics: MakeTopics
) -> None:
    """M6 is caught: the head says that three were applied and two were; parked, the account stands where it stands."""
    topic = topics(TOPIC) + TOPIC

    def picky(conn: Connection, records: Sequence[Record]) -> None:
        for record in records:
            if record.sequence != 2:
                stores.project(conn, [record])
            elif not swallows:
                raise ValueError("poison")

    send(kafka_address, topic, [("a", value("a", n)) for n in (1, 2, 3)] + [("b", value("b", 1))])
    with stores.running(reading(Projection, view, kafka_address, topic, picky)):
        until(lambda: "b" in stores.applied(view) and heads(view, "a") >= head, "both accounts went as far as they can")
        until(lambda: stores.count(view, "parked_records") == int(not swallows), "what must wait waits")
    assert (stores.applied(view)["a"], heads(view, "a")) == (applied, head)


def heads(view: str, key: str) -> int:
    """The last sequence that counts as applied."""
    with connect(view, "test") as conn:
        row = conn.execute("SELECT version FROM stream_heads WHERE key = %s", (key,)).fetchone()
        return int(row[0]) if row else 0
