"""A counter where facts are decided in memory: a world made by hand, one canonical row of each kind."""

import json
from collections.abc import Sequence
from datetime import UTC, date, datetime
from typing import Any

from common.errors import Refusal
from common.period import Period
from provider_sync.domain.decide import Desk
from provider_sync.domain.decided import Decided
from provider_sync.domain.posting import Calendar
from provider_sync.domain.questions import ask
from provider_sync.domain.sender import Sender
from provider_sync.domain.world import CLOSED, OPEN, UNKNOWN, Account, World
from provider_sync.formats.ndjson import fact_of

NOW = datetime(2026, 11, 2, 6, 0, tzinfo=UTC)
SERVICES = {"heating": "almaty-heat", "hot-water": "almaty-heat", "lift": "almaty-lift"}
HEAT = Sender.of("almaty-heat", ["charges", "meters", "accounts", "services:heating", "services:hot-water"])
BANK = Sender.of("halyk-bank", ["payments"])
CENTRE = Sender.of("centre", ["accounts", "services:*", "master-data", "holders", "take-over"])

EXAMPLES: dict[str, dict[str, Any]] = {
    "account.opened": {"building": "b-12", "flat": "7", "premises": "flat", "area_total": "54.10", "residents": 3},
    "account.closed": {"reason": "demolished"},
    "account.renumbered": {"number": "200000123"},
    "account.residents-changed": {"residents": 4, "effective_from": "2026-10-01", "document": "справка 17"},
    "account.area-changed": {"area_total": "60.40", "area_heated": "58.00", "effective_from": "2026-10-01"},
    "account.holder-changed": {"holder": "h-7f3a", "effective_from": "2026-10-12", "reason": "sold"},
    "service.connected": {"service": "heating", "tariff_group": "residents", "effective_from": "2026-08-01"},
    "service.disconnected": {"service": "heating", "effective_from": "2026-10-01"},
    "meter.installed": {"meter": "HW-1", "service": "hot-water", "digits": 5, "effective_from": "2024-04-01"},
    "meter.removed": {"meter": "HW-1", "effective_from": "2026-10-15"},
    "meter.replacement-planned": {"meter": "HW-1", "planned_for": "2027-02-01"},
    "meter.read": {"meter": "HW-1", "value": "316.550", "taken_on": "2026-10-25", "source": "by-resident"},
    "charge.posted": {
        "service": "heating", "period": "2026-10", "from": "2026-09-01", "to": "2026-09-30", "volume": "1.204000",
        "unit": "Gcal", "tariff": "6512.34", "amount": "7840.86", "basis": "area",
    },
    "charge.adjusted": {"corrects": {"reference": "charge"}, "amount": "-141.30", "reason_code": "quality"},
    "charge.reversed": {"reverses": {"reference": "charge"}, "reason": "ошибка"},
    "benefit.granted": {"service": "heating", "period": "2026-10", "amount": "459.85", "reason": "ветеран труда"},
    "benefit.reversed": {"reverses": {"reference": "benefit"}},
    "penalty.accrued": {
        "service": "heating", "period": "2026-10", "amount": "19.05", "debt": "2540.10", "rate": "0.03", "days": 25,
    },
    "penalty.reversed": {"reverses": {"reference": "penalty"}},
    "payment.received": {
        "paid_at": "2026-10-12T11:30:00+05:00", "amount": "15000.00", "channel": "bank",
        "split": [{"service": "heating", "amount": "10000.00"}, {"service": "lift", "amount": "5000.00"}],
    },
    "payment.reversed": {"reverses": {"reference": "payment"}, "reason": "возврат"},
    "balance.carried-in": {"service": "heating", "amount": "-2500.00", "period": "2026-10"},
}  # fmt: skip
DIRECTORY: dict[str, dict[str, Any]] = {
    "directory.provider": {"id": "almaty-heat", "name_ru": "Тепло", "name_kk": "Жылу", "phone": "+7 727 300 00 00"},
    "directory.service": {"id": "gas", "provider": "almaty-heat", "name_ru": "Газ", "name_kk": "Газ", "order": 6},
    "directory.tariff": {"id": "heat-2026", "service": "heating", "price": "6512.34", "effective_from": "2026-07-01"},
    "directory.building": {"id": "b-13", "address_ru": "Абая, 13", "address_kk": "Абай, 13"},
}


def fact(kind: str, reference: str = "r-1", account: str | None = "100", /, **changed: Any) -> dict[str, Any]:
    """A sender's row: the canonical one with something changed; None takes a field away."""
    row = {"kind": kind, "reference": reference} | ({"account": account} if account else {})
    row |= (EXAMPLES | DIRECTORY).get(kind, {}) | changed
    return {name: value for name, value in row.items() if value is not None}


def world(closed_through: str | None = None, *accounts: str) -> World:
    """Accounts 100 and 101 are open (and those named), 109 is closed, 300 was only mentioned."""
    numbers = {n: Account(n, 1, 1, OPEN) for n in ("100", "101", *accounts)}
    numbers |= {"109": Account("109", 1, 1, CLOSED), "300": Account("300", 2, 0, UNKNOWN)}
    calendar = Calendar(date(2026, 11, 2), Period(closed_through) if closed_through else None)
    known = World(calendar, NOW, numbers=numbers, services=dict(SERVICES), buildings={"b-12"})
    known.providers = {"almaty-heat", "almaty-lift", "halyk-bank", "centre"}
    return known


def decide(sender: Sender, *rows: dict[str, Any], within: World | None = None) -> Decided:
    """Decides rows as one batch of a sender; each goes through the reader of NDJSON first."""
    facts = [fact_of(json.dumps(row, ensure_ascii=False).encode()) for row in rows]
    known = within or world()
    questions = ask(facts)
    known.named = questions.named
    known.carrying = bool(questions.carried)
    for number in questions.unknown:
        known.numbers.setdefault(number, Account(number, 3))
    return Desk(known, sender).take(facts)


def statuses(decided: Decided) -> list[str]:
    """The status of each row."""
    return [outcome.status for outcome in decided.outcomes]


def codes(decided: Decided) -> list[str | None]:
    """The code of each row's refusal."""
    return [outcome.refusal.code if outcome.refusal else None for outcome in decided.outcomes]


def refusal(decided: Decided) -> Refusal:
    """The first row's refusal."""
    found = decided.outcomes[0].refusal
    assert found is not None, "the row was taken"
    return found


def data(decided: Decided) -> Sequence[dict[str, Any]]:
    """The data of the events said, decoded."""
    return [json.loads(event.data) for event in decided.events]
