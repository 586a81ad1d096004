"""A partition that goes to another process, or comes back, in the middle of something."""

import threading
from collections.abc import Iterator, Sequence

import psycopg
import pytest

from common import kafka
from common.consumer import Projection, Safeguards, Subscription
from common.envelope import render
from common.kafka import Partition, Raw
from common.postgres import Connection, connect
from common.streams import Record
from tests.conftest import MakeTopics
from tests.support import stores
from tests.support.waiting import until

TOPIC = "provider-sync.accounts.v1"
HOLDERS = "provider-sync.holders.v1"


@pytest.fixture
def view(empty_database: str) -> str:
    """A database with the consumer's tables and a log of what was applied."""
    return stores.tables(empty_database, "consumer", extra=stores.APPLIED)


def event(key: str, sequence: int | None, type: str = stores.TYPE) -> bytes:
    """An event as it stands on the topic."""
    at = "2026-11-01T00:00:00Z"
    return render(ident=key, source="/t", type=type, key=key, time=at, recorded=at, data="{}", sequence=sequence)


def keys_of_all_partitions() -> list[str]:
    """One key for each partition, in the partitions' order."""
    found: dict[int, str] = {}
    number = 0
    while len(found) < kafka.PARTITIONS:
        key, number = f"a{number}", number + 1
        found.setdefault(kafka.partition_of(key), key)
    return [found[n] for n in range(kafka.PARTITIONS)]


def put(address: str, topic: str, type: str, records: Sequence[tuple[int, str, bytes]]) -> None:
    """Puts records (partition, key, value) on the topic."""
    producer = kafka.producer(address, "test")
    headers = [("ce_type", type.encode())]
    sent = [producer.send(topic, key=k.encode(), value=v, partition=p, headers=headers) for p, k, v in records]
    producer.flush(20)
    assert all(one.succeeded() for one in sent)
    producer.close()


def test_a_compacted_topic_is_read_from_its_beginning(view: str, kafka_address: str, topics: MakeTopics) -> None:
    """Topics with holes ask Kafka where they begin; the answer is there when the partitions are."""
    topic = topics(HOLDERS) + HOLDERS
    put(kafka_address, topic, stores.TYPE, [(n, f"k{n}", event(f"k{n}", None)) for n in range(kafka.PARTITIONS)])
    subscription = Subscription(topic, stores.project, frozenset([stores.TYPE]), holes=True)
    with stores.running(Projection(view, kafka_address, f"{topic}-group", [subscription])):
        until(lambda: stores.count(view, "applied") == kafka.PARTITIONS, "every record applied")


def test_progress_is_what_the_client_says_of_itself(kafka_address: str, topics: MakeTopics) -> None:
    """The short way, past the client's own questions, answers the same of every partition."""
    topic = topics(HOLDERS) + HOLDERS
    put(kafka_address, topic, stores.TYPE, [(n % 5, "k", event("k", None)) for n in range(9)])
    reader = kafka.consumer(kafka_address, f"{topic}-group")
    places = [Partition(topic, n) for n in range(kafka.PARTITIONS)]
    reader.assign(places)
    assert kafka.progress(reader) == {}
    for place in places:
        reader.seek(place, 0)
    found = 0
    while found < 9:
        found += sum(map(len, reader.poll(500).values()))
    expected = {place: (reader.position(place), reader.highwater(place) or 0) for place in places}
    assert kafka.progress(reader) == expected
    assert sum(read.position for read in kafka.progress(reader).values()) == 9
    reader.close(autocommit=False)


def test_a_barrier_ends_although_the_group_changes_in_the_middle(
    view: str, kafka_address: str, topics: MakeTopics
) -> None:
    """A second process joins while all partitions wait; what stays and what moves is worked off and read on."""
    topic = topics(TOPIC) + TOPIC
    joined = threading.Event()

    def projection() -> Projection:
        subscription = stores.subscription(topic, lambda *_: joined.is_set())
        return Projection(view, kafka_address, f"{topic}-group", [subscription])

    keys = keys_of_all_partitions()
    marker = [(n, f"period/{n}", event(f"period/{n}", None, stores.BARRIER)) for n in range(len(keys))]
    put(kafka_address, topic, stores.BARRIER, marker)
    put(kafka_address, topic, stores.TYPE, [(n, key, event(key, 1)) for n, key in enumerate(keys)])
    first, second = projection(), projection()
    with stores.running(first):
        until(lambda: len(first._barriers) == kafka.PARTITIONS, "all partitions wait")
        with stores.running(second):
            until(lambda: second._problem is None and len(second._barriers) > 0, "the second process has its share")
            joined.set()
            until(lambda: stores.count(view, "applied") == len(keys), "what stands behind the markers is applied")
    assert stores.applied(view) == {key: [1] for key in keys}


@pytest.fixture
def conn(view: str) -> Iterator[Connection]:
    """A session with one offset row: partition 0 of `t` is read up to 7."""
    with connect(view, "test", autocommit=True) as session:
        session.execute("INSERT INTO consumer_offsets VALUES ('t', 'id', 0, 7)")
        yield session


def reader(view: str, apply: list[Record]) -> Projection:
    """A projection of `t` that was never started."""
    subscription = Subscription("t", lambda _, records: apply.extend(records), frozenset([stores.TYPE]))
    made = Projection(view, "nowhere", "group", [subscription], safeguards=Safeguards())
    made._ids = {"t": "id"}
    return made


def raw(offset: int) -> Raw:
    """A record of partition 0."""
    return Raw(0, offset, "a", stores.TYPE, event("a", None))


def test_records_that_came_twice_in_one_batch_are_applied_once(view: str, conn: Connection) -> None:
    """The partition went and came back between two polls: its records stand in the batch twice."""
    seen: list[Record] = []
    made = reader(view, seen)
    batch = {Partition("t", 0): [raw(n) for n in (6, 7, 8, 9, 7, 8)]}
    made._apply_halving(conn, None, made.subscriptions[0], batch)
    assert [record.offset for record in seen] == [7, 8, 9]
    assert offset(conn) == 10


def test_a_late_dead_letter_does_not_turn_the_offset_back(view: str, conn: Connection) -> None:
    """Another process applied the record meanwhile: it is neither dead nor read again."""
    made = reader(view, [])
    made._bury(conn, made.subscriptions[0], {Partition("t", 0): [raw(5)]}, ArithmeticError("no"))
    assert offset(conn) == 7
    assert stores.count(view, "dead_letters") == 0


def offset(conn: psycopg.Connection) -> int:
    """The stored offset."""
    row = conn.execute("SELECT next_offset FROM consumer_offsets").fetchone()
    assert row
    return int(row[0])
