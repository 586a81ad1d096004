"""P10, whole: twenty kinds of poison in five accounts each, inside ten thousand good facts."""

import json
import random
from collections.abc import Callable
from typing import Any

import pytest

from tests.integration.ledger.conftest import Ledger
from tests.support import facts
from tests.support.facts import Event, Log
from tests.support.waiting import until

MONEY: dict[str, Any] = {"period": "2026-10", "posting_period": "2026-10", "service": "water", "amount": 5}
Bytes = Callable[[Event], bytes]


def changed(**more: Any) -> Bytes:
    """The event with other attributes."""
    return lambda event: json.dumps(event | more).encode()


def data(kind: str, **said: Any) -> Bytes:
    """The event as another fact with this data; None removes a field."""

    def make(event: Event) -> bytes:
        told = {name: value for name, value in (event["data"] | said).items() if value is not None}
        return json.dumps(event | {"type": f"{facts.PREFIX}{kind}.v1", "data": told}).encode()

    return make


KINDS: dict[str, Bytes] = {
    "no json": lambda _: b"no json",
    "nothing": lambda _: b"",
    "half": lambda event: json.dumps(event).encode()[:80],
    "a list": lambda _: b"[1, 2]",
    "a number": lambda _: b"7",
    "utf-16": lambda event: json.dumps(event).encode("utf-16"),
    "deep": lambda _: b"[" * 20_000,
    "unknown type": changed(type="kz.settlement.provider-sync.charge.invented.v1"),
    "newer version": changed(type=f"{facts.PREFIX}charge.posted.v9"),
    "another subject": changed(subject="1"),
    "no sequence": changed(sequence=0),
    "text as sequence": changed(sequence="two"),
    "money as text": data("charge.posted", amount="12.50"),
    "money as float": data("charge.posted", amount=12.5),
    "no amount": data("charge.posted", amount=None),
    "no service": data("charge.posted", service=None),
    "no month": data("charge.posted", posting_period=None),
    "a split that does not sum": data("payment.received", paid_at="x", split=[{"service": "water", "amount": 4}]),
    "an unknown payment taken back": data("payment.reversed", reverses={"provider": "x", "reference": "y"}),
    "an impossible day": data("meter.read", meter="M", value="1", taken_on="2026-02-31", source="measured"),
}
EACH, GOOD, FACTS = 5, 500, 20


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_twenty_kinds_of_poison_stop_their_accounts_only(running_ledger: Ledger) -> None:
    """Every other account is current, every poisoned one is parked with a reason, and what follows it is kept."""
    assert len(KINDS) == 20
    rows: list[list[tuple[str, bytes | None, str, int]]] = []
    bad: list[str] = []
    for number in range(GOOD):
        log = Log(f"1000{number:05d}")
        log.open()
        for _ in range(FACTS - 1):
            log.charge("water", 5)
        rows.append([row(event) for event in log.events])
    for kind, make in KINDS.items():
        for _ in range(EACH):
            log = Log(f"2000{len(bad):05d}")
            log.open()
            log.say("charge.posted", **MONEY)
            log.charge("water", 5)
            poisoned = [row(event) for event in log.events]
            poisoned[1] = (poisoned[1][0], make(log.events[1]), poisoned[1][2], poisoned[1][3])
            rows.append(poisoned)
            bad.append(f"{log.account} {kind}")
    sent = shuffled(rows)
    facts.send(running_ledger.config.kafka_bootstrap_servers, running_ledger.topic("provider-sync.accounts.v1"), sent)
    good = "SELECT count(*) FROM stream_heads WHERE key LIKE '1000%%' AND version = %s AND reason IS NULL"
    until(lambda: running_ledger.query(good, FACTS) == [(GOOD,)], "all others are current", within_s=60)
    parked = "SELECT count(*) FROM stream_heads WHERE key LIKE '2000%%' AND version = 1 AND reason IS NOT NULL"
    until(lambda: running_ledger.query(parked) == [(len(bad),)], "each poisoned account is parked", within_s=10)
    letters = "SELECT count(DISTINCT key) FROM dead_letters WHERE reason <> '' AND detail <> ''"
    until(lambda: running_ledger.query(letters) == [(len(bad),)], "each has its dead letter", within_s=10)
    until(lambda: len(running_ledger.said("account.parked")) == len(bad), "each is said to be parked", within_s=10)
    assert running_ledger.query("SELECT count(*) FROM parked_records") == [(len(bad),)]


def row(event: Event) -> tuple[str, bytes | None, str, int]:
    """The event as a record to send."""
    found = facts.record(event)
    return found.key, found.value, found.type, found.partition


def shuffled(rows: list[list[tuple[str, bytes | None, str, int]]]) -> list[tuple[str, bytes | None, str, int]]:
    """The accounts' records mixed, each account's own in order."""
    places = [number for number, own in enumerate(rows) for _ in own]
    random.Random(10).shuffle(places)
    left = [iter(own) for own in rows]
    return [next(left[place]) for place in places]
