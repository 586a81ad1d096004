"""The consumer against real servers: every event applied once and in order, poison stops one stream."""

import random
import threading
from collections.abc import Sequence

import psycopg
import pytest

from common import kafka
from common.consumer import Projection, Safeguards, Subscription
from common.envelope import render
from common.postgres import Connection
from common.streams import Record
from tests.conftest import MakeTopics
from tests.support import stores
from tests.support.waiting import until

TOPIC = "provider-sync.accounts.v1"
ACCOUNTS, EACH = 40, 25


@pytest.fixture
def view(empty_database: str) -> str:
    """A database with the consumer's tables and a log of what was applied."""
    return stores.tables(empty_database, "consumer", extra=stores.APPLIED)


def value(key: str, sequence: int | None, type: str = stores.TYPE) -> bytes:
    """An event as it stands on the topic."""
    at = "2026-11-01T00:00:00Z"
    return render(
        ident=f"{key}-{sequence}", source="/t", type=type, key=key, time=at, recorded=at, data="{}", sequence=sequence
    )


def send(address: str, topic: str, records: Sequence[tuple[str, bytes | None]], type: str = stores.TYPE) -> None:
    """Puts records on the topic in this order."""
    producer = kafka.producer(address, "test")
    futures = [
        producer.send(
            topic, key=k.encode(), value=v, partition=kafka.partition_of(k), headers=[("ce_type", type.encode())]
        )
        for k, v in records
    ]
    producer.flush(20)
    assert all(f.succeeded() for f in futures)
    producer.close()


def projection(url: str, address: str, topic: str, safeguards: Safeguards | None = None) -> Projection:
    """A projection of one sequenced topic that writes down what it applies."""
    return Projection(
        url, address, f"{topic}-group", [stores.subscription(topic)], safeguards=safeguards or Safeguards()
    )


def test_shuffled_and_repeated_events_are_applied_once_in_order(
    view: str, kafka_address: str, topics: MakeTopics
) -> None:
    """P5: ten per cent repeated, all shuffled; versions 1 … n, nothing parked at the end."""
    topic = topics(TOPIC) + TOPIC
    chance = random.Random(5)
    sent: list[tuple[str, bytes | None]] = [
        (f"a{a}", value(f"a{a}", n)) for a in range(ACCOUNTS) for n in range(1, EACH + 1)
    ]
    sent += chance.sample(sent, len(sent) // 10)
    chance.shuffle(sent)
    with stores.running(projection(view, kafka_address, topic)):
        send(kafka_address, topic, sent)
        until(lambda: stores.count(view, "applied") >= ACCOUNTS * EACH, "all applied")
    assert stores.applied(view) == {f"a{a}": list(range(1, EACH + 1)) for a in range(ACCOUNTS)}
    assert stores.count(view, "parked_records") == 0


def test_poison_parks_its_stream_and_no_other(view: str, kafka_address: str, topics: MakeTopics) -> None:
    """P10: the bytes are kept with the reason, what follows in the stream waits, the partition goes on."""
    topic = topics(TOPIC) + TOPIC
    bad = [b"no json", value("a2", 2, "kz.settlement.other.v9"), None, value("other", 2)]
    records: list[tuple[str, bytes | None]] = []
    for number in range(5):
        key = f"a{number}"
        records += [(key, value(key, 1)), (key, [*bad, value(key, 2)][number]), (key, value(key, 3))]
    with stores.running(projection(view, kafka_address, topic)):
        send(kafka_address, topic, records)
        until(
            lambda: stores.count(view, "applied") == 7 and stores.count(view, "dead_letters") == 4,
            "the good ones applied",
        )
    assert stores.applied(view) == {"a0": [1], "a1": [1], "a2": [1], "a3": [1], "a4": [1, 2, 3]}
    assert stores.count(view, "parked_records") == 4


def test_a_record_that_cannot_be_applied_is_found_in_the_batch(
    view: str, kafka_address: str, topics: MakeTopics
) -> None:
    """Halving finds the one record; the others of its batch are applied."""
    topic = topics(TOPIC) + TOPIC

    def apply(conn: Connection, records: Sequence[Record]) -> None:
        if any(r.key == "a7" and r.sequence == 2 for r in records):
            raise ArithmeticError("this one")
        stores.project(conn, records)

    subscription = Subscription(topic, apply, frozenset([stores.TYPE]), sequenced=True)
    send(kafka_address, topic, [(f"a{a}", value(f"a{a}", n)) for n in (1, 2, 3) for a in range(20)])
    with stores.running(Projection(view, kafka_address, f"{topic}-group", [subscription])):
        until(
            lambda: stores.count(view, "applied") == 58 and stores.count(view, "dead_letters") == 1,
            "all others applied",
        )
    assert stores.applied(view)["a7"] == [1]


def zombie(view: str, address: str, topic: str, safeguards: Safeguards) -> dict[str, list[int]]:
    """One process freezes inside its batch, another takes over the same records, then the first wakes up."""
    frozen, wake = threading.Event(), threading.Event()

    def slow(conn: Connection, records: Sequence[Record]) -> None:
        frozen.set()
        wake.wait(20)
        stores.project(conn, records)

    first = projection(view, address, topic, safeguards)
    first.subscriptions = [Subscription(topic, slow, frozenset([stores.TYPE]), sequenced=True)]
    first.__post_init__()
    second = projection(view, address, topic, safeguards)
    second.group += "-other"
    with stores.running(first):
        assert frozen.wait(30)
        with stores.running(second):
            if not safeguards.lock_offsets:
                until(lambda: stores.count(view, "applied") == 3, "the second process has applied")
            else:
                until(lambda: blocked(view) > 0, "the second process waits for the offset row")
            wake.set()
            until(lambda: stores.count(view, "applied") >= 3, "applied")
            until(lambda: moved(view) == 3, "offset stored")
    return stores.applied(view)


def blocked(url: str) -> int:
    """How many sessions of this database wait for a lock."""
    return stores.count(url, "pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()")


def moved(url: str) -> int:
    """The sum of all stored offsets."""
    with psycopg.connect(url) as conn:
        row = conn.execute("SELECT sum(next_offset) FROM consumer_offsets").fetchone()
        return int(row[0]) if row else 0


def test_a_process_that_wakes_up_applies_nothing_twice(view: str, kafka_address: str, topics: MakeTopics) -> None:
    """P7: the offset row is the fence."""
    topic = topics(TOPIC) + TOPIC
    send(kafka_address, topic, [("a", value("a", n)) for n in (1, 2, 3)])
    assert zombie(view, kafka_address, topic, Safeguards()) == {"a": [1, 2, 3]}


def test_without_the_lock_it_would(view: str, kafka_address: str, topics: MakeTopics) -> None:
    """M3 is caught: the offset row read without FOR UPDATE lets the woken process apply everything again."""
    topic = topics(TOPIC) + TOPIC
    send(kafka_address, topic, [("a", value("a", n)) for n in (1, 2, 3)])
    without = Safeguards(lock_offsets=False, check_sequences=False)
    assert zombie(view, kafka_address, topic, without) == {"a": [1, 2, 3, 1, 2, 3]}


def test_without_the_sequence_check_repeats_would_count_twice(
    view: str, kafka_address: str, topics: MakeTopics
) -> None:
    """M7 is caught: a relay may repeat, only the sequence tells."""
    topic = topics(TOPIC) + TOPIC
    send(kafka_address, topic, [("a", value("a", 1))] * 2)
    with stores.running(projection(view, kafka_address, topic, Safeguards(check_sequences=False))):
        until(lambda: stores.count(view, "applied") == 2, "applied twice")


def test_a_barrier_is_worked_off_in_steps_while_others_go_on(view: str, kafka_address: str, topics: MakeTopics) -> None:
    """The partition waits behind it, its offset moves with the last step, a repeat is a step of its own."""
    topic = topics(TOPIC) + TOPIC
    steps: list[int] = []

    def on_barrier(conn: Connection, record: Record) -> bool:
        steps.append(stores.count(view, "applied"))
        return len(steps) == 3

    send(kafka_address, topic, [("a", value("a", 1))])
    send(kafka_address, topic, [("a", value("a", None, stores.BARRIER))], type=stores.BARRIER)
    send(kafka_address, topic, [("a", value("a", 2))])
    with stores.running(Projection(view, kafka_address, f"{topic}-group", [stores.subscription(topic, on_barrier)])):
        until(lambda: stores.count(view, "applied") == 2, "what stands behind the barrier is applied")
    assert steps == [1, 1, 1]


def test_behind_its_barrier_a_partition_goes_on_beside_one_at_its_end(
    view: str, kafka_address: str, topics: MakeTopics
) -> None:
    """Whatever the client still kept of it when it was paused, and though nothing new comes for any other."""
    topic, quick, slow = topics(TOPIC) + TOPIC, "a", "b"
    assert kafka.partition_of(quick) != kafka.partition_of(slow)

    def on_barrier(conn: Connection, record: Record) -> bool:
        return record.partition == kafka.partition_of(quick) or stores.count(view, "applied") > EACH

    for key in (quick, slow):
        send(kafka_address, topic, [(key, value(key, 1))])
        send(kafka_address, topic, [(key, value(key, None, stores.BARRIER))], type=stores.BARRIER)
        send(kafka_address, topic, [(key, value(key, n)) for n in range(2, EACH + 1)])
    ends = {(topic, kafka.partition_of(key)): EACH + 1 for key in (quick, slow)}
    projected = Projection(view, kafka_address, f"{topic}-group", [stores.subscription(topic, on_barrier)], batch=5)
    projected.catch_up(ends, threading.Event())
    assert stores.applied(view) == {key: list(range(1, EACH + 1)) for key in (quick, slow)}
