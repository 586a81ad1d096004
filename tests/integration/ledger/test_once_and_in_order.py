"""Duplicates, gaps, poison and frozen processes do no harm to the books; with a safeguard off they do."""

import dataclasses
import json
import random
import threading
from collections.abc import Sequence

import pytest

from common import kafka
from common.consumer import Projection, Safeguards
from common.postgres import Connection
from common.streams import Record
from ledger import consumer, fold
from tests.integration.ledger.conftest import Ledger
from tests.support.facts import ORDER, Event, Log, barriers
from tests.support.stores import running
from tests.support.waiting import until

ACCOUNTS, EACH = 24, 20


def city(seed: int, accounts: int = ACCOUNTS, each: int = EACH) -> list[Log]:
    """Accounts with charges and payments, with and without split, some taken back."""
    chance = random.Random(seed)
    logs = [Log(f"1000{n:05d}") for n in range(accounts)]
    for log in logs:
        log.open()
        for _ in range(each):
            amount = chance.randint(1, 90_000)
            kind = chance.choice(("charge", "charge", "charge", "pay", "given"))
            if kind == "charge":
                log.charge(chance.choice(("heating", "water", "lift")), amount)
            else:
                log.pay(amount, split={"water": amount} if kind == "given" else None)
        payments = [event for event in log.events if event["type"].endswith("payment.received.v1")]
        if payments:
            log.take_back(chance.choice(payments))
    return logs


def shuffled(logs: Sequence[Log], seed: int) -> list[Event]:
    """All facts in any order, a tenth of them twice."""
    chance = random.Random(seed)
    events = [event for log in logs for event in log.events]
    events += chance.sample(events, len(events) // 10)
    chance.shuffle(events)
    return events


def expected(logs: Sequence[Log], *months: str) -> str:
    """The digest of the independent fold, the months closed after all facts."""
    closes = [event for month in months for event in barriers(month)]
    return fold.digest(fold.fold([*(e for log in logs for e in log.events), *closes], ORDER))


def read_to_the_end(ledger: Ledger) -> bool:
    """Whether all that stands on the accounts topic is behind the stored offsets."""
    topic = ledger.topic("provider-sync.accounts.v1")
    ends = kafka.end_offsets(ledger.config.kafka_bootstrap_servers, [topic])
    stored = ledger.query("SELECT partition, next_offset FROM consumer_offsets WHERE topic = %s", topic)
    return {partition: end for (_, partition), end in ends.items()} == dict(stored)


def with_order(ledger: Ledger) -> None:
    """States the services and waits until the split rule knows them."""
    for name, order in ORDER.items():
        ledger.service(name, order)
    until(lambda: len(ledger.query("SELECT FROM split_orders")) == len(ORDER), "services have their order")


def test_shuffled_and_repeated_facts_give_the_books_of_the_fold(running_ledger: Ledger) -> None:
    """P3 and P5: the digest equals that of the independent fold, before and after a close."""
    logs = city(5)
    running_ledger.hear(shuffled(logs, 5))
    for log in logs:
        running_ledger.applied(log)
    assert running_ledger.digest() == expected(logs)
    running_ledger.hear([*barriers("2026-10"), *barriers("2026-10")])
    running_ledger.closed("2026-10")
    until(lambda: read_to_the_end(running_ledger), "the repeated close is passed over")
    assert running_ledger.digest() == expected(logs, "2026-10")
    assert len(running_ledger.said("statement.issued")) == ACCOUNTS


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_twenty_thousand_shuffled_and_repeated_facts_give_the_books_of_the_fold(running_ledger: Ledger) -> None:
    """P5 at length: every account at its last fact, nothing parked at the end."""
    logs = city(6, accounts=800, each=25)
    assert sum(len(log.events) for log in logs) >= 20_000
    running_ledger.hear(shuffled(logs, 6))
    until(lambda: read_to_the_end(running_ledger), "everything is read", within_s=600)
    for log in logs:
        running_ledger.applied(log)
    assert running_ledger.query("SELECT count(*) FROM parked_records") == [(0,)]
    assert running_ledger.digest() == expected(logs)


def test_without_the_sequence_check_the_books_are_wrong(ledger: Ledger) -> None:
    """M7 is caught by the digest."""
    logs = city(5)
    with running(ledger.projection(Safeguards(check_sequences=False))):
        with_order(ledger)
        ledger.hear(shuffled(logs, 5))
        until(lambda: read_to_the_end(ledger), "everything is read", within_s=60)
    assert ledger.digest() != expected(logs)


def frozen_and_woken(ledger: Ledger, safeguards: Safeguards) -> None:
    """A process freezes inside its batch, another takes over the same records, then the first wakes up.

    The keys of the tables, the last line that would keep a repeat out, are taken away: only the fence is left.
    """
    for table in ("postings", "changes"):
        ledger.execute(f"ALTER TABLE {table} DROP CONSTRAINT {table}_pkey")
    frozen, wake = threading.Event(), threading.Event()
    accounts, *others = consumer.subscriptions(ledger.config)

    def slow(conn: Connection, records: Sequence[Record]) -> None:
        frozen.set()
        wake.wait(20)
        accounts.apply(conn, records)

    first = ledger.projection(safeguards)
    first.subscriptions = [dataclasses.replace(accounts, apply=slow), *others]
    first.__post_init__()
    second = ledger.projection(safeguards)
    second.group += "-other"
    with running(first):
        assert frozen.wait(30)
        with running(second):
            take_over(ledger, second, safeguards)
            wake.set()
            until(lambda: read_to_the_end(ledger), "everything is read")
            until(lambda: not ledger.query(OPEN_TRANSACTIONS), "both processes are done")


OPEN_TRANSACTIONS = """
SELECT FROM pg_stat_activity WHERE datname = current_database() AND xact_start IS NOT NULL AND pid <> pg_backend_pid()
"""
BLOCKED = "SELECT FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"


def take_over(ledger: Ledger, second: Projection, safeguards: Safeguards) -> None:
    """Waits until the second process stands at the fence, or, without one, has applied everything."""
    if safeguards.lock_offsets:
        until(lambda: bool(ledger.query(BLOCKED)), "the second process waits for the offset row")
    else:
        until(lambda: read_to_the_end(ledger), "the second process has applied")


def test_a_process_that_wakes_up_changes_nothing(ledger: Ledger) -> None:
    """P7: the offset row is the fence; the books are those of the fold and nothing is parked."""
    log = Log("100000123")
    log.open()
    log.charge("heating", 1000)
    ledger.hear(log.events)
    frozen_and_woken(ledger, Safeguards())
    assert ledger.digest() == expected([log])
    assert ledger.query("SELECT FROM dead_letters") == []


def test_without_the_lock_a_woken_process_does_harm(ledger: Ledger) -> None:
    """M3 is caught: what was applied meanwhile is counted again."""
    log = Log("100000123")
    log.open()
    log.charge("heating", 1000)
    ledger.hear(log.events)
    frozen_and_woken(ledger, Safeguards(lock_offsets=False, check_sequences=False))
    assert ledger.digest() != expected([log])
    assert ledger.query("SELECT count(*) FROM entries") == [(2,)]


@pytest.mark.parametrize(
    "poison",
    [
        {"posting_period": "2026-10", "service": "water", "amount": "12.50"},
        {"posting_period": "2026-10", "service": "water"},
        {"posting_period": "2026-10", "amount": 5, "split": [{"service": "water", "amount": 4}], "paid_at": "x"},
    ],
    ids=["money as text", "a field missing", "a split that does not sum"],
)
def test_poison_parks_one_account_only(running_ledger: Ledger, poison: dict[str, object]) -> None:
    """P10: the account stands still with its reason, what follows is kept, all others are current."""
    bad, good = Log("100000001"), Log("100000002")
    for log in (bad, good):
        log.open()
    kind = "payment.received" if "split" in poison else "charge.posted"
    broken = bad.say(kind, **json.loads(json.dumps(poison)))
    bad.charge("water", 7)
    good.charge("water", 9)
    running_ledger.hear([*bad.events, *good.events])
    running_ledger.applied(good)
    parked = "SELECT version FROM stream_heads WHERE key = %s AND parked_at IS NOT NULL"
    until(lambda: running_ledger.query(parked, bad.account) == [(1,)], "the account is parked")
    until(lambda: running_ledger.query("SELECT version FROM parked_records") == [(3,)], "what follows is kept")
    ((key, value),) = running_ledger.query("SELECT key, value FROM dead_letters")
    assert (key, json.loads(value)["id"]) == (bad.account, broken["id"])


def test_a_parked_account_is_closed_when_its_gap_closes(running_ledger: Ledger) -> None:
    """The close waits for what was parked before it, and the next month's facts come after."""
    log, other = Log("100000001"), Log("100000002")
    for one in (log, other):
        one.open()
        one.charge("heating", 1000)
        one.charge("water", 500)
    missing = log.events[1]
    running_ledger.hear([e for e in [*log.events, *other.events] if e is not missing])
    running_ledger.hear(barriers("2026-10"))
    log.pay(1200, "2026-11")
    running_ledger.hear(log.events[-1:])
    running_ledger.closed("2026-10")
    assert [s["account"] for s in running_ledger.said("statement.issued")] == [other.account]
    running_ledger.hear([missing])
    running_ledger.applied(log)
    issued = {s["account"]: s["totals"]["closing"] for s in running_ledger.said("statement.issued")}
    assert issued == {other.account: 1500, log.account: 1500}
    books = fold.fold([*log.events[:3], *other.events, *barriers("2026-10"), log.events[3]], ORDER)
    assert running_ledger.digest() == fold.digest(books)
