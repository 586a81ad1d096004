"""P14: what stands still without a word ends in an alarm and a fresh start."""

import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import pytest

from common import consumer, kafka, watchdog
from common.consumer import Subscription
from common.postgres import Connection
from common.streams import Record
from common.telemetry import STALLS
from tests.conftest import MakeTopics
from tests.integration.common.test_consumer import TOPIC, projection, send, value, view
from tests.support import stores
from tests.support.waiting import until

__all__ = ["view"]  # the fixture of the consumer's own tests


@pytest.fixture
def caught(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """The clients that projections make."""
    caught: list[Any] = []
    whole = kafka.consumer

    def catching(*args: Any) -> Any:
        caught.append(whole(*args))
        return caught[-1]

    monkeypatch.setattr(kafka, "consumer", catching)
    return caught


@pytest.fixture
def hasty(caught: list[Any], monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """The broker is asked twice a second instead of every five."""
    monkeypatch.setattr(watchdog, "EVERY_S", 0.5)
    return caught


@dataclass
class Watched:
    """A projection as its supervisor sees it: started anew whenever it ends."""

    projection: consumer.Projection
    ended: threading.Event = field(default_factory=threading.Event)

    def run(self, stop: threading.Event) -> None:
        """Runs until told to stop."""
        while not stop.is_set():
            try:
                self.projection.run(stop)
            except SystemExit:
                self.ended.set()


def pause_for_ever(client: Any) -> None:
    """Lets a client live on in its group without ever fetching; the fetch that was under way has come back by then."""
    whole, polls = client.poll, threading.Semaphore(0)

    def poll(**kwargs: Any) -> Any:
        client.pause(*client.assignment())
        polls.release()
        return whole(**kwargs)

    client.poll = poll
    for _ in range(8):
        assert polls.acquire(timeout=20)


def stalls(kind: str) -> float:
    """How often something stood still in this process."""
    return float(STALLS.labels(kind)._value.get())


def test_a_partition_that_is_fetched_no_more_ends_the_process(
    view: str, kafka_address: str, topics: MakeTopics, hasty: list[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The client believes it is at the end; the broker was asked apart. The fresh process reads on."""
    topic = topics(TOPIC) + TOPIC
    monkeypatch.setattr(consumer, "STALLED_S", 2.0)
    monkeypatch.setattr(consumer, "TOLD_S", 0.5)
    watched, before = Watched(projection(view, kafka_address, topic)), stalls("partition")
    with stores.running(watched):
        send(kafka_address, topic, [("a1", value("a1", 1))])
        until(lambda: stores.count(view, "applied") == 1, "the first is applied")
        pause_for_ever(hasty[-1])
        send(kafka_address, topic, [("a1", value("a1", 2))])
        until(watched.ended.is_set, "the process ends itself")
        until(lambda: stores.count(view, "applied") == 2, "the fresh one reads on")
    assert stalls("partition") == before + 1


def key_in(partition: int) -> str:
    """A key whose records are in this partition."""
    return next(key for key in (f"k{n}" for n in range(10_000)) if kafka.partition_of(key) == partition)


def slow(conn: Connection, records: Sequence[Record]) -> None:
    """A database that takes its time."""
    conn.execute("SELECT pg_sleep(0.2)")
    stores.project(conn, records)


@pytest.mark.parametrize(("backlog", "silent"), [(500, True), (10**9, False)])
def test_a_long_replay_is_no_stall(
    view: str, kafka_address: str, topics: MakeTopics, hasty: list[Any], monkeypatch: pytest.MonkeyPatch,
    backlog: int, silent: bool,
) -> None:  # fmt: skip
    """The client hands out one partition after the other, and the last waits far longer than a stall may last.

    Without the rule that a backlog stops the clocks it would be told. Many small batches: one that took half of a
    stall's time would stop the clocks as well.
    """
    topic, keys = topics(TOPIC) + TOPIC, [key_in(partition) for partition in range(12)]
    monkeypatch.setattr(consumer, "BACKLOG", backlog)
    monkeypatch.setattr(consumer, "STALLED_S", 3.0)
    monkeypatch.setattr(consumer, "TOLD_S", 0.1)
    send(kafka_address, topic, [(k, value(k, n + 1)) for k in keys for n in range(2_000 if k in keys[::2] else 1)])
    made = projection(view, kafka_address, topic)
    made.subscriptions, made.batch = [Subscription(topic, slow, frozenset([stores.TYPE]), sequenced=True)], 500
    made.__post_init__()
    before = stalls("partition")
    with stores.running(Watched(made)):
        until(lambda: stores.count(view, "applied") == 12_006, "all is replayed", 120)
    assert (stalls("partition") == before) == silent


def test_what_came_while_nobody_looked_is_no_stall(
    view: str, kafka_address: str, topics: MakeTopics, hasty: list[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A process that wakes up, or ends a long transaction, finds partitions that stood meanwhile."""
    topic, busy = topics(TOPIC) + TOPIC, threading.Event()
    monkeypatch.setattr(consumer, "STALLED_S", 1.5)
    monkeypatch.setattr(consumer, "TOLD_S", 0.1)

    def long(conn: Connection, records: Sequence[Record]) -> None:
        if records[0].key == key_in(0) and not busy.is_set():
            busy.set()
            conn.execute("SELECT pg_sleep(4)")
        stores.project(conn, records)

    made, before = projection(view, kafka_address, topic), stalls("partition")
    made.subscriptions = [Subscription(topic, long, frozenset([stores.TYPE]), sequenced=True)]
    made.__post_init__()
    with stores.running(Watched(made)):
        send(kafka_address, topic, [(key_in(0), value(key_in(0), 1))])
        assert busy.wait(30)
        send(kafka_address, topic, [(key_in(1), value(key_in(1), 1))])
        until(lambda: stores.count(view, "applied") == 2, "both are applied")
    assert stalls("partition") == before


@pytest.mark.faults
def test_at_full_length_a_stall_is_told_within_half_a_minute_and_over_within_one(
    view: str, kafka_address: str, topics: MakeTopics, caught: list[Any]
) -> None:
    """The same with the times that hold in service."""
    topic = topics(TOPIC) + TOPIC
    watched, before = Watched(projection(view, kafka_address, topic)), stalls("partition")
    with stores.running(watched):
        send(kafka_address, topic, [("a1", value("a1", 1))])
        until(lambda: stores.count(view, "applied") == 1, "the first is applied", 60)
        pause_for_ever(caught[-1])
        send(kafka_address, topic, [("a1", value("a1", 2))])
        begun = time.monotonic()
        until(lambda: stalls("partition") > before, "the alarm", 30)
        alarmed = time.monotonic() - begun
        until(watched.ended.is_set, "the process ends itself", 30)
        ended = time.monotonic() - begun
        until(lambda: stores.count(view, "applied") == 2, "the fresh one reads on", 30)
    print(f"alarm after {alarmed:.1f} s, anew after {ended:.1f} s, read on after {time.monotonic() - begun:.1f} s")
    assert ended < 30


def test_a_broker_that_does_not_answer_begins_a_new_session(
    view: str, kafka_address: str, topics: MakeTopics, hasty: list[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The connection stands and nothing comes through it: the session is given up, and with an answer work goes on."""
    topic = topics(TOPIC) + TOPIC
    hole, before = threading.Event(), stalls("broker")
    whole = kafka.Ends.ask

    def swallowed(ends: kafka.Ends) -> Any:
        if hole.is_set():
            raise kafka.KafkaError
        return whole(ends)

    monkeypatch.setattr(kafka.Ends, "ask", swallowed)
    monkeypatch.setattr(consumer, "SILENT_S", 3.0)
    made = projection(view, kafka_address, topic)
    with stores.running(made):
        send(kafka_address, topic, [("a1", value("a1", 1))])
        until(lambda: stores.count(view, "applied") == 1, "the first is applied")
        hole.set()
        until(lambda: len(hasty) > 1, "a new session has begun")
        hole.clear()
        send(kafka_address, topic, [("a1", value("a1", 2))])
        until(lambda: stores.count(view, "applied") == 2, "the new one reads on")
    assert stalls("broker") > before
