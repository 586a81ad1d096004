"""Facts that come by Kafka: taken once, answered once, whoever reads and however often."""

import json
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import pytest

from common import kafka
from common.errors import Refusal
from common.kafka import Outgoing, Raw
from common.partitions import partition_of
from common.topics import create
from provider_sync.config import INBOX_TOPICS
from provider_sync.domain.decided import Outcome
from provider_sync.handlers import inbox, intake
from provider_sync.handlers.base import Act
from provider_sync.inbox import Reader
from provider_sync.store import inboxes
from provider_sync.store.inboxes import Inbox
from tests.integration.provider_sync.test_contend import assert_no_gaps
from tests.integration.provider_sync.town import SCOPES, Row, Town, charge
from tests.support.waiting import until

HEAT = Inbox("almaty-heat", SCOPES["almaty-heat"])
IN, OUT = inbox.inbox_topic("almaty-heat"), inbox.outbox_topic("almaty-heat")
WHY = Act("operator/aigul", "договор 12")


def raw(offset: int, value: Row | bytes | None) -> Raw:
    """A record of partition 3."""
    return Raw(3, offset, "100", "", json.dumps(value).encode() if isinstance(value, dict) else value)


def place(town: Town, expected: int) -> inbox.Place:
    """Partition 3 of the inbox."""
    return inbox.Place(town.base.topic(IN), "id-1", 3, expected)


def seeded(town: Town) -> None:
    """The offset rows that the reader makes."""
    with town.base.pool.connection() as conn:
        inboxes.seed(conn, town.base.topic(IN), "id-1")


def answers(town: Town) -> list[dict[str, Any]]:
    """What waits to be sent to the utility, in order."""
    rows = town.rows("SELECT key, body FROM outbox WHERE topic = %s ORDER BY position", town.base.topic(OUT))
    return [{"key": key} | json.loads(body)["data"] for key, body in rows]


def charges(town: Town) -> int:
    """How many charges are stored."""
    count: int = town.one("SELECT count(*) FROM events WHERE type LIKE '%%charge%%'")
    return count


def test_each_record_is_answered_and_the_bad_ones_harm_nobody(town: Town) -> None:
    """Bad input 44: no JSON, an unknown kind, no value, a megabyte; each with its reason in three languages."""
    seeded(town)
    records = [
        raw(5, charge("a")), raw(6, b"not json"), raw(7, None), raw(8, charge("b", kind="charge.invented")),
        raw(9, b'"' + b"x" * 1_000_000 + b'"'), raw(10, charge("a")), raw(11, charge("a", amount="1.00")),
        raw(12, charge("c", service="lift")), raw(14, charge("d")),
    ]  # fmt: skip
    assert inbox.receive(town.base, HEAT, place(town, 0), records) == 15
    found = answers(town)
    assert [(a["key"], a["status"], a.get("position"), a.get("code")) for a in found] == [
        ("a", "accepted", "account/100@2", None), ("3/6", "rejected", None, "unreadable-row"),
        ("3/7", "rejected", None, "unreadable-row"), ("3/8", "rejected", None, "invalid-field"),
        ("3/9", "rejected", None, "unreadable-row"), ("a", "duplicate", "account/100@2", None),
        ("a", "conflict", "account/100@2", "reference-conflict"), ("c", "rejected", None, "foreign-service"),
        ("d", "accepted", "account/100@3", None),
    ]  # fmt: skip
    assert [a["offset"] for a in found] == [*range(5, 13), 14]
    assert set(found[1]["detail"]) == {"ru", "kk", "en"}
    assert town.rows("SELECT who FROM audit WHERE act = 'facts.forbidden'") == [("inbox/almaty-heat",)]


def test_a_process_that_wakes_up_late_stores_nothing(town: Town) -> None:
    """Somebody read on meanwhile: neither facts nor answers nor an offset."""
    seeded(town)
    records = [raw(0, charge("a")), raw(1, charge("b"))]
    inbox.receive(town.base, HEAT, place(town, 0), records)
    with pytest.raises(inbox.Passed):
        inbox.receive(town.base, HEAT, place(town, 0), [raw(0, charge("c"))])
    assert (charges(town), len(answers(town))) == (2, 2)
    assert inbox.receive(town.base, HEAT, place(town, 2), [raw(2, charge("c"))]) == 3


def test_a_batch_that_falls_in_halves_moves_on_part_by_part(town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each part with its own answers and offset."""
    seeded(town)
    calls: list[int] = []

    def halved(base: Any, batch: Any, after: Any) -> list[Outcome]:
        found: list[Outcome] = []
        for part in (batch.rows[:2], batch.rows[2:]):
            calls.append(len(part))
            found += real(base, type(batch)(batch.sender, part, batch.correlation), after)
        return found

    real = intake.take
    monkeypatch.setattr("provider_sync.handlers.inbox.take", halved)
    assert inbox.receive(town.base, HEAT, place(town, 0), [raw(n, charge(f"c{n}")) for n in range(5)]) == 5
    assert (calls, [a["offset"] for a in answers(town)]) == ([2, 3], [0, 1, 2, 3, 4])
    assert town.one("SELECT next_offset FROM inbox_offsets WHERE partition = 3") == 5


@pytest.fixture
def heat_topics(kafka_address: str, topic_prefix: str) -> Iterator[str]:
    """The utility's two topics, as the operators' command makes them; the prefix."""
    named = {name.format(provider="almaty-heat"): topic for name, topic in INBOX_TOPICS.items()}
    made = create(kafka_address, named, topic_prefix)
    yield topic_prefix
    client = kafka.admin(kafka_address)
    client.delete_topics(made)
    client.close()


@contextmanager
def reading(town: Town, address: str) -> Iterator[None]:
    """The process, as a thread."""
    stop = threading.Event()
    reader = Reader(town.base, address)
    thread = threading.Thread(target=reader.run, args=(stop, None, lambda: None))
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join(30)


def send(address: str, topic: str, rows: Sequence[Row]) -> None:
    """Writes facts as a utility would, keyed by account."""
    producer = kafka.producer(address, "utility")
    records = [
        Outgoing(topic, partition_of(row["account"]), row["account"], "", json.dumps(row).encode()) for row in rows
    ]
    assert all(kafka.send_all(producer, records, 20))
    producer.close()


def test_an_inbox_opened_on_the_way_is_read_once_from_its_beginning_and_after_a_restart(
    town: Town, kafka_address: str, heat_topics: str
) -> None:
    """Nothing twice, nothing left out, each account in the order sent."""
    rows = [charge(f"c{n}", str(100 + n % 5)) for n in range(60)]
    send(kafka_address, heat_topics + IN, rows[:20])
    with reading(town, kafka_address):
        inbox.open_inbox(town.base, "almaty-heat", SCOPES["almaty-heat"], WHY)
        until(lambda: charges(town) == 20, "the inbox is read", 60)
    send(kafka_address, heat_topics + IN, rows[20:])
    with reading(town, kafka_address):
        until(lambda: charges(town) == 60, "reading goes on", 60)
        inbox.close_inbox(town.base, "almaty-heat", WHY)
    assert sorted(a["key"] for a in answers(town)) == sorted(row["reference"] for row in rows)
    said = town.rows(
        "SELECT stream_id, data::json ->> 'reference' FROM events WHERE type LIKE '%%charge%%' ORDER BY 1, version"
    )
    for account in range(100, 105):
        sent = [row["reference"] for row in rows if row["account"] == str(account)]
        assert [reference for stream, reference in said if stream == str(account)] == sent
    assert_no_gaps(town)


def test_an_inbox_is_opened_with_sense(town: Town) -> None:
    """A known sender, known scopes that do not expire, a reason."""
    for provider, scopes, why, code in (
        ("nobody", ["charges"], "x", "unknown-provider"), ("almaty-heat", ["everything"], "x", "unknown-scope"),
        ("almaty-heat", ["take-over"], "x", "unknown-scope"), ("almaty-heat", [], "x", "unknown-scope"),
        ("almaty-heat", ["charges"], "", "reason-missing"),
    ):  # fmt: skip
        with pytest.raises(Refusal, match=code):
            inbox.open_inbox(town.base, provider, scopes, Act("operator/aigul", why))
