"""The relay against real PostgreSQL and Kafka: what was committed arrives, in order, however slow it was."""

import random
import threading
import time
from collections.abc import Sequence
from typing import Any

import psycopg
import pytest

from common import eventstore, kafka
from common.envelope import decode
from common.eventstore import OutboxRow
from common.postgres import connect
from common.relay import Relay, Row
from common.restore import EPOCH
from tests.conftest import MakeTopics
from tests.support import stores
from tests.support.waiting import until

WRITERS, EACH = 8, 60


class CursorRelay(Relay):
    """Mutant M1: remembers the last position it saw instead of reading what is still there."""

    last = 0

    def _read(self, conn: psycopg.Connection) -> list[Row]:
        self.hint = self.last
        rows = super()._read(conn)
        self.last = rows[-1].position if rows else self.last
        return rows


def write_slowly(url: str, topic: str, writer: int, done: threading.Event) -> None:
    """Appends in transactions that stay open for a while; one in twenty is rolled back."""
    chance = random.Random(writer)
    version = 0
    with connect(url, f"writer-{writer}") as conn:
        while version < EACH:
            eventstore.append(conn, topic, stores.events(f"acc-{writer}", [version + 1, version + 2]))
            time.sleep(chance.random() * 0.02)
            if chance.random() < 0.05:
                conn.rollback()
            else:
                conn.commit()
                version += 2
    done.set()


def read_all(address: str, topic: str, expected: int) -> list[tuple[str, int]]:
    """Everything on the topic, partition by partition in order: (key, sequence)."""
    reader = kafka.consumer(address, f"{topic}-reader")
    places = [kafka.Partition(topic, n) for n in range(kafka.PARTITIONS)]
    reader.assign(places)
    reader.seek_to_beginning(*places)
    found: list[tuple[str, int]] = []

    def complete() -> bool:
        found.extend(_poll(reader))
        return len(set(found)) >= expected

    until(complete, f"{expected} records", 20)
    reader.close(autocommit=False)
    return found


def _poll(reader: Any) -> list[tuple[str, int]]:
    polled = reader.poll(timeout_ms=200)
    return [(m.key.decode(), decode(m.value).sequence or 0) for ms in polled.values() for m in ms]


def run_writers(url: str, topic: str) -> None:
    """Eight writers at once, until all have committed."""
    done = [threading.Event() for _ in range(WRITERS)]
    for number, event in enumerate(done):
        threading.Thread(target=write_slowly, args=(url, topic, number, event), daemon=True).start()
    for event in done:
        assert event.wait(60)


def relay_and_write(relay: Relay, topic: str) -> None:
    """Writers and relay side by side."""
    with stores.running(relay):
        run_writers(relay.url, topic)
        if not isinstance(relay, CursorRelay):
            until(lambda: stores.count(relay.url, "outbox") == 0, "the outbox is empty")


@pytest.fixture
def store(empty_database: str) -> str:
    """An event store with an outbox."""
    return stores.tables(empty_database, "outbox", "events")


def test_nothing_is_lost_and_each_account_stays_in_order(store: str, kafka_address: str, topics: MakeTopics) -> None:
    """P6: slow and rolled back transactions hide nothing."""
    topic = topics("provider-sync.accounts.v1") + "provider-sync.accounts.v1"
    relay_and_write(Relay(store, kafka_address, "relay", True), topic)
    found = read_all(kafka_address, topic, WRITERS * EACH)
    for writer in range(WRITERS):
        seen = [n for key, n in found if key == f"acc-{writer}"]
        assert list(dict.fromkeys(seen)) == list(range(1, EACH + 1))


def test_a_cursor_over_positions_would_lose_events(store: str, kafka_address: str, topics: MakeTopics) -> None:
    """M1 is caught: the same writers, a relay with a cursor, and rows stay behind for ever."""
    topic = topics("provider-sync.accounts.v1") + "provider-sync.accounts.v1"
    mutant = CursorRelay(store, kafka_address, "mutant", True)
    with stores.running(mutant):
        run_writers(store, topic)
        until(lambda: mutant.last >= newest(store), "the cursor has passed everything")
        assert stores.count(store, "outbox") > 0


def newest(url: str) -> int:
    """The highest position that is still in the outbox."""
    with psycopg.connect(url) as conn:
        row = conn.execute("SELECT coalesce(max(position), 0) FROM outbox").fetchone()
        return int(row[0]) if row else 0


def test_a_barrier_arrives_after_what_came_before_and_before_what_came_after(
    store: str, kafka_address: str, topics: MakeTopics
) -> None:
    """Decision 7: facts, marker, facts, in this order in the partition."""
    topic = topics("provider-sync.accounts.v1") + "provider-sync.accounts.v1"
    where = kafka.partition_of("a")
    marker = f'{{"specversion":"1.0","id":"m","type":"{stores.BARRIER}","subject":"period","time":"","data":{{}}}}'
    with connect(store, "test") as conn:
        eventstore.append(conn, topic, stores.events("a", range(1, 4)))
        eventstore.enqueue(conn, [OutboxRow(topic, where, "period/2026-10", stores.BARRIER, marker, barrier=True)])
        eventstore.append(conn, topic, stores.events("a", range(4, 7)))
    with stores.running(Relay(store, kafka_address, "relay", True)):
        found = read_all(kafka_address, topic, 7)
    assert found == [*numbers("a", 1, 4), ("period/2026-10", 0), *numbers("a", 4, 7)]


def numbers(key: str, first: int, behind: int) -> Sequence[tuple[str, int]]:
    """Keys with sequences first … behind − 1."""
    return [(key, n) for n in range(first, behind)]


def test_many_records_with_bodies_of_their_own_go_out_in_packs(
    store: str, kafka_address: str, topics: MakeTopics
) -> None:
    """As rows would: each partition in its order, a tombstone among them."""
    topic = topics("provider-sync.accounts.v1") + "provider-sync.accounts.v1"
    bodies = [f'"{n}"' if n % 50 else None for n in range(150)]
    with connect(store, "test") as conn:
        eventstore.enqueue(conn, [OutboxRow(topic, n % 2, f"k{n}", "t", body) for n, body in enumerate(bodies)])
        assert conn.execute("SELECT count(*), sum(records) FROM outbox").fetchone() == (2, 150)
    with stores.running(Relay(store, kafka_address, "relay", False)):
        until(lambda: stores.count(store, "outbox") == 0, "the packs are sent")
    found = [raw for raws in kafka.read_since(kafka_address, topic, EPOCH) for raw in raws]
    wanted = [(f"k{n}", None if body is None else body.encode()) for n, body in enumerate(bodies)]
    for partition in range(2):
        assert [(raw.key, raw.value) for raw in found if raw.partition == partition] == wanted[partition::2]


def test_a_tombstone_is_a_record_without_a_value(store: str, kafka_address: str, topics: MakeTopics) -> None:
    """Erasure on the compacted topics."""
    topic = topics("provider-sync.holders.v1") + "provider-sync.holders.v1"
    with connect(store, "test") as conn:
        eventstore.enqueue(conn, [OutboxRow(topic, 3, "100", "t", None)])
    with stores.running(Relay(store, kafka_address, "relay", True)):
        until(lambda: stores.count(store, "outbox") == 0, "the tombstone is sent")
    reader = kafka.consumer(kafka_address, f"{topic}-reader")
    reader.assign([kafka.Partition(topic, 3)])
    reader.seek(kafka.Partition(topic, 3), 0)
    values: list[bytes | None] = []

    def arrived() -> bool:
        values.extend(m.value for ms in reader.poll(200).values() for m in ms)
        return bool(values)

    until(arrived, "the tombstone")
    reader.close(autocommit=False)
    assert values == [None]
