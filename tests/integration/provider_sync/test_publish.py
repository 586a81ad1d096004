"""From intake to the topic: in order, with barriers in their place, and nothing hidden by a slow transaction."""

import json
import random
import threading
import time
from collections.abc import Sequence
from typing import Any

import psycopg
import pytest

from common import kafka
from common.period import Period
from common.postgres import Connection
from common.relay import Relay, Row
from provider_sync.domain.decided import Outcome
from provider_sync.errors import ReasonMissing
from provider_sync.handlers import holders
from provider_sync.handlers.base import Act
from provider_sync.store import republish
from tests.conftest import MakeTopics
from tests.integration.provider_sync.town import Town, charge, payment
from tests.support import stores
from tests.support.waiting import until

ACCOUNTS, HOLDERS, DIRECTORY = (f"provider-sync.{name}.v1" for name in ("accounts", "holders", "directory"))
WRITERS, EACH = 6, 12


class CursorRelay(Relay):
    """Mutant M1: goes on behind the last position it saw instead of reading what is still there."""

    last = 0

    def _read(self, conn: psycopg.Connection) -> list[Row]:
        self.hint, self.scanned_at = self.last, time.monotonic()
        rows = [row for row in super()._read(conn) if row.position > self.last]
        self.last = rows[-1].position if rows else self.last
        return rows


def relay(town: Town, address: str, kind: type[Relay] = Relay) -> Relay:
    """A relay over the town's outbox."""
    return kind(town.url, address, "test-relay", event_store=True)


def published(address: str, topic: str, complete: Any) -> list[tuple[int, str, Any]]:
    """(partition, key, value) of everything on a topic, once `complete(found)` holds."""
    return [(partition, key, value) for partition, key, value, _ in sent(address, topic, complete)]


def sent(address: str, topic: str, complete: Any) -> list[tuple[int, str, Any, float]]:
    """The same with the second (Unix time) in which the relay sent it."""
    reader = kafka.consumer(address, f"{topic}-reader")
    places = [kafka.Partition(topic, n) for n in range(kafka.PARTITIONS)]
    reader.assign(places)
    reader.seek_to_beginning(*places)
    found: list[tuple[int, str, Any, float]] = []

    def polled() -> bool:
        for place, messages in reader.poll(timeout_ms=200).items():
            found.extend(
                (place.partition, m.key.decode(), json.loads(m.value or "null"), m.timestamp / 1000) for m in messages
            )
        return bool(complete([row[:3] for row in found]))

    until(polled, f"what is expected on {topic}", 40)
    reader.close(autocommit=False)
    return found


def test_facts_and_barriers_arrive_in_their_order(town: Town, kafka_address: str, topics: MakeTopics) -> None:
    """Each account's events by sequence; the barrier between what came before the close and what came after."""
    prefix = topics(ACCOUNTS, HOLDERS, DIRECTORY)
    town.say("almaty-heat", *(charge(f"before-{n}", str(100 + n % 20)) for n in range(40)))
    town.close(Period("2026-10"))
    town.say("almaty-heat", *(charge(f"after-{n}", str(100 + n % 20)) for n in range(40)))
    with stores.running(relay(town, kafka_address)):
        until(lambda: town.one("SELECT count(*) FROM outbox") == 0, "the outbox is empty", 40)
        found = published(kafka_address, prefix + ACCOUNTS, lambda f: len(f) >= 20 + 80 + 12)
    for account in range(100, 120):
        events = [value for _, key, value in found if key == str(account)]
        assert [value["sequence"] for value in events] == [1, 2, 3, 4, 5]
        assert {value["partitionkey"] for value in events} == {str(account)}
    for partition in range(12):
        order = [
            "barrier" if key.startswith("period/") else value["data"].get("late_for", "before")
            for where, key, value in found
            if where == partition
        ]
        assert order == sorted(order, key=["before", "barrier", "2026-10"].index)
        assert order.count("barrier") == 1


def test_reference_data_and_holders_travel_on_their_own_topics(
    town: Town, kafka_address: str, topics: MakeTopics
) -> None:
    """Keyed by entity and account, each with its version; names stay out of the log."""
    prefix = topics(ACCOUNTS, HOLDERS, DIRECTORY)
    holder = {"kind": "holder", "account": "100", "address_ru": "Абая, 12-1", "address_kk": "Абай, 12-1"}
    town.say("centre", holder | {"reference": "h1", "name": "Иванов"}, holder | {"reference": "h2", "name": "Әлиев"})
    with stores.running(relay(town, kafka_address)):
        held = published(kafka_address, prefix + HOLDERS, lambda f: len(f) >= 1)
        stated = published(
            kafka_address, prefix + DIRECTORY, lambda f: any(key == "service/heating" for _, key, *_ in f)
        )
    ((_, key, record),) = held
    value = record["data"]
    assert (key, value["account"], value["version"], value["name"]) == ("100", "100", 2, "Әлиев")
    heating = next(value["data"] for _, key, value in stated if key == "service/heating")
    assert heating == {
        "version": 1, "id": "heating", "provider": "almaty-heat", "name_ru": "heating", "name_kk": "heating",
        "order": 1,
    }  # fmt: skip
    assert town.one("SELECT count(*) FROM events WHERE data LIKE '%%Әлиев%%' OR data LIKE '%%Иванов%%'") == 0


def test_a_forgotten_holder_leaves_a_tombstone_and_nothing_to_send_again(
    town: Town, kafka_address: str, topics: MakeTopics
) -> None:
    """By any number of the account, once, with a reason; who is stated afterwards has the next version."""
    prefix = topics(ACCOUNTS, HOLDERS, DIRECTORY)
    holder = {
        "kind": "holder",
        "account": "100",
        "name": "Иванов",
        "address_ru": "Абая, 12-1",
        "address_kk": "Абай, 12",
    }
    alias = {"kind": "account.renumbered", "reference": "r1", "account": "100", "number": "200"}
    town.say("centre", alias, holder | {"reference": "h1", "phone": "+77010000000"})
    with pytest.raises(ReasonMissing):
        holders.forget(town.base, Act("operator/aigul"), "200")
    by = Act("operator/aigul", "she asked for it")
    assert [holders.forget(town.base, by, "200"), holders.forget(town.base, by, "100")] == [True, False]
    assert town.rows("SELECT * FROM holders") == [("100", 2, "", "", "", None)]
    with town.base.pool.connection() as conn:
        assert republish.holders(conn, "", 10) == []
    with stores.running(relay(town, kafka_address)):
        held = published(kafka_address, prefix + HOLDERS, lambda f: len(f) >= 2)
    assert [(key, value and value["data"]["name"]) for _, key, value in held] == [("100", "Иванов"), ("100", None)]
    (outcome,) = town.say("centre", holder | {"reference": "h2", "name": "Әлиев"})
    assert outcome.position == "holder/100@3"


def test_a_holder_stated_under_an_alias_has_the_next_version_of_its_account(town: Town) -> None:
    """Readers ignore older versions, so numbers of one account count together."""
    holder = {"kind": "holder", "name": "Иванов", "address_ru": "Абая, 12-1", "address_kk": "Абай, 12-1"}
    alias = {"kind": "account.renumbered", "reference": "n", "account": "100", "number": "200"}
    town.say("centre", alias, holder | {"reference": "h1", "account": "100"})
    outcomes = town.say("centre", holder | {"reference": "h2", "account": "200", "name": "Әлиев"})
    assert [outcome.position for outcome in outcomes] == ["holder/100@2"]
    assert town.rows("SELECT account, version, name FROM holders") == [("100", 2, "Әлиев")]


def write_slowly(town: Town, writer: int) -> None:
    """Payments whose transactions stay open after positions were given; some are rolled back and said again."""
    chance = random.Random(writer)

    def linger(conn: Connection, outcomes: Sequence[Outcome]) -> None:
        time.sleep(chance.random() * 0.06)
        if chance.random() < 0.1:
            raise ConnectionAbortedError

    for number in range(EACH):
        done = False
        while not done:
            try:
                town.say("halyk-bank", payment(f"p-{writer}-{number}", str(100 + writer)), after=linger)
                done = True
            except ConnectionAbortedError:
                continue


def write_all(town: Town) -> None:
    """All writers at once."""
    threads = [threading.Thread(target=write_slowly, args=(town, n)) for n in range(WRITERS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)


def test_slow_and_rolled_back_transactions_hide_nothing(town: Town, kafka_address: str, topics: MakeTopics) -> None:
    """P6 through intake: everything arrives, each account in order."""
    prefix = topics(ACCOUNTS, HOLDERS, DIRECTORY)
    with stores.running(relay(town, kafka_address)):
        write_all(town)
        until(lambda: town.one("SELECT count(*) FROM outbox") == 0, "the outbox is empty", 40)
        found = published(kafka_address, prefix + ACCOUNTS, lambda f: len(f) >= 20 + WRITERS * EACH)
    for writer in range(WRITERS):
        seen = [value["sequence"] for _, key, value in found if key == str(100 + writer)]
        assert list(dict.fromkeys(seen)) == list(range(1, EACH + 2))


@pytest.mark.parametrize(("kind", "left"), [(Relay, 0), (CursorRelay, 1)])
def test_what_commits_late_is_sent_and_a_cursor_would_lose_it(
    town: Town, kafka_address: str, topics: MakeTopics, kind: type[Relay], left: int
) -> None:
    """M1: a transaction got its positions, a later one is sent before it commits; only the mutant never sees it."""
    topics(ACCOUNTS, HOLDERS, DIRECTORY)
    held, go = threading.Event(), threading.Event()

    def hold(conn: Connection, outcomes: Sequence[Outcome]) -> None:
        held.set()
        assert go.wait(60)

    slow = threading.Thread(target=town.say, args=("halyk-bank", payment("slow", "100")), kwargs={"after": hold})
    sender = relay(town, kafka_address, kind)
    with stores.running(sender):
        slow.start()
        assert held.wait(30)
        assert town.say("halyk-bank", payment("quick", "101"))[0].status == "accepted"
        until(lambda: town.one("SELECT count(*) FROM outbox") == 0, "all that is committed is sent", 40)
        go.set()
        slow.join(30)
        town.say("halyk-bank", payment("last", "102"))
        until(lambda: town.one("SELECT count(*) FROM outbox WHERE key = '102'") == 0, "the last one is sent", 40)
        until(lambda: town.one("SELECT count(*) FROM outbox") == left, "the late one is sent, or lost for ever", 40)
    assert town.rows("SELECT key FROM outbox") == [("100",)] * left
