"""P6 in full: sixteen writers with slow transactions, one of them held for a minute, lose and reorder nothing."""

import random
import threading
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from common import clock
from common.postgres import Connection
from common.relay import Relay
from provider_sync.domain.decided import Outcome
from tests.conftest import MakeDatabase, MakeTopics
from tests.integration.provider_sync.test_publish import ACCOUNTS, DIRECTORY, HOLDERS, sent
from tests.integration.provider_sync.town import Town, founded, payment
from tests.support import stores
from tests.support.waiting import until

WRITERS, FACTS, EACH_TIME, HELD_S = 16, 20_000, 25, 60


@pytest.fixture
def wide(database: MakeDatabase, tmp_path: Path, topic_prefix: str) -> Iterator[Town]:
    """A town with a connection for every writer."""
    numbers = [str(number) for number in range(100, 100 + WRITERS + 1)]
    with founded(database("provider_sync"), tmp_path / "spool", topic_prefix, numbers) as town:
        town.base.pool.resize(1, WRITERS + 4)
        yield town


def write(town: Town, writer: int) -> None:
    """A writer's share: transactions stay open up to half a second, one in twenty is rolled back and said again."""
    chance, account = random.Random(writer), str(100 + writer)

    def linger(conn: Connection, outcomes: Sequence[Outcome]) -> None:
        time.sleep(chance.random() * 0.5)
        if chance.random() < 0.05:
            raise ConnectionAbortedError

    for start in range(0, FACTS // WRITERS, EACH_TIME):
        rows = [payment(f"{writer}-{n}", account) for n in range(start, start + EACH_TIME)]
        done = False
        while not done:
            try:
                town.say("halyk-bank", *rows, after=linger)
                done = True
            except ConnectionAbortedError:
                continue


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_a_slow_transaction_hides_nothing(wide: Town, kafka_address: str, topics: MakeTopics) -> None:
    """The others' facts are all on the topic while the held one is still open, and soon; then it comes as well."""
    prefix = topics(ACCOUNTS, HOLDERS, DIRECTORY)
    held, go = threading.Event(), threading.Event()

    def hold(conn: Connection, outcomes: Sequence[Outcome]) -> None:
        conn.execute("SET LOCAL idle_in_transaction_session_timeout = 0")
        held.set()
        go.wait(600)

    slow = threading.Thread(target=wide.say, args=("halyk-bank", payment("held", "116")), kwargs={"after": hold})
    writers = [threading.Thread(target=write, args=(wide, number)) for number in range(WRITERS)]
    with stores.running(Relay(wide.url, kafka_address, "test-relay", event_store=True)):
        slow.start()
        assert held.wait(30)
        begun = time.monotonic()
        for thread in writers:
            thread.start()
        for thread in writers:
            thread.join()
        until(lambda: wide.one("SELECT count(*) FROM outbox") == 0, "all that is committed is sent", 120)
        assert slow.is_alive()
        go.wait(max(0.0, HELD_S - (time.monotonic() - begun)))
        go.set()
        slow.join()
        found = sent(kafka_address, prefix + ACCOUNTS, lambda f: len(f) >= 1 + WRITERS + 1 + FACTS)
    order: dict[str, list[int]] = {}
    for _, key, value, _ in found:
        order.setdefault(key, []).append(value["sequence"])
    for writer in range(WRITERS):
        assert list(dict.fromkeys(order[str(100 + writer)])) == list(range(1, FACTS // WRITERS + 2))
    assert list(dict.fromkeys(order["116"])) == [1, 2]
    delays = sorted(
        at - clock.from_wire(value["recordedtime"]).timestamp()
        for _, key, value, at in found
        if key != "116" and value["sequence"] > 1
    )
    late = delays[len(delays) * 99 // 100]
    print(f"{len(delays)} facts, {WRITERS} writers; from decided to sent p99 {late:.2f} s, up to 0.5 s of it held open")
    assert late < 2
