"""Several relays of one outbox: they share the partitions by themselves, and each account stays in order."""

import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack

import pytest

from common import eventstore, kafka
from common.postgres import Connection, connect
from common.relay import Relay
from common.shards import Shards
from tests.conftest import MakeTopics
from tests.integration.common.test_relay import read_all
from tests.support import stores
from tests.support.waiting import until

TOPIC = "provider-sync.accounts.v1"
ACCOUNTS, ROUNDS = 24, 150


@pytest.fixture
def store(empty_database: str) -> str:
    """An event store with an outbox."""
    return stores.tables(empty_database, "outbox", "events")


@pytest.fixture
def sessions(store: str) -> Iterator[list[Connection]]:
    """Five sessions of one database."""
    with ExitStack() as opened:
        yield [opened.enter_context(connect(store, f"s{n}", autocommit=True)) for n in range(5)]


def settled(*relays: tuple[Shards, Connection]) -> list[int]:
    """How many partitions each holds when each partition is somebody's, and only one's."""

    def shared() -> bool:
        for shards, conn in relays:
            shards._looked = float("-inf")
            shards.settle(conn)
        return sorted(partition for shards, _ in relays for partition in shards.held) == list(range(kafka.PARTITIONS))

    # The server ends a closed session, and with it its locks, a moment later.
    until(shared, "each partition is somebody's")
    return [len(shards.held) for shards, _ in relays]


def test_partitions_are_shared_evenly_whoever_comes_and_goes(sessions: list[Connection]) -> None:
    """Twelve, six and six, four each, at most three; and all for the last one again, when sessions end."""
    relays = [(Shards(), conn) for conn in sessions]
    for count, fair in ((1, [12]), (2, [6, 6]), (3, [4, 4, 4])):
        assert relays[count - 1][0].join(relays[count - 1][1])
        assert settled(*relays[:count]) == fair
    for shards, conn in relays[3:]:
        assert shards.join(conn)
    assert max(settled(*relays)) == 3
    for _, conn in relays[:4]:
        conn.close()
    assert settled(relays[4]) == [12]


def test_a_relay_of_an_earlier_release_keeps_these_out_and_these_keep_it_out(sessions: list[Connection]) -> None:
    """It sends all partitions under one lock of its own: during an upgrade they never send side by side."""
    old, new, *_ = sessions
    earlier = "SELECT pg_try_advisory_lock(7206, 0)"
    assert old.execute(earlier).fetchone() == (True,)
    assert not Shards().join(new)
    old.execute("SELECT pg_advisory_unlock(7206, 0)")
    assert Shards().join(new)
    assert old.execute(earlier).fetchone() == (False,)


def write(url: str, topic: str, done: threading.Event) -> None:
    """Facts of all accounts, one after the other."""
    with connect(url, "writer") as conn:
        for version in range(1, ROUNDS + 1):
            facts = [event for n in range(ACCOUNTS) for event in stores.events(f"acc-{n}", [version])]
            eventstore.append(conn, topic, facts)
            conn.commit()
            time.sleep(0.02)
    done.set()


def test_while_relays_come_and_go_nothing_is_lost_doubled_or_out_of_order(
    store: str, kafka_address: str, topics: MakeTopics
) -> None:
    """1 → 2 → 1 under load: every account's facts stand on the topic once, in their order."""
    topic = topics(TOPIC) + TOPIC
    done = threading.Event()
    first, second = Relay(store, kafka_address, "relay", True), Relay(store, kafka_address, "relay", True)
    with stores.running(first):
        until(lambda: len(first.shards.held) == 12, "the first has all partitions")
        threading.Thread(target=write, args=(store, topic, done), daemon=True).start()
        with stores.running(second):
            until(lambda: len(first.shards.held) == len(second.shards.held) == 6, "each has its half")
            assert not done.is_set(), "the change came after the load"
        until(lambda: len(first.shards.held) == 12, "the first has all again")
        until(lambda: done.is_set() and stores.count(store, "outbox") == 0, "the outbox is empty")
    found = read_all(kafka_address, topic, ACCOUNTS * ROUNDS)
    for n in range(ACCOUNTS):
        assert [version for key, version in found if key == f"acc-{n}"] == list(range(1, ROUNDS + 1))
