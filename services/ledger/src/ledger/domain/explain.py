"""Why a month differs from another one, by service and cause; the parts add up to the difference, nothing is left over.

What is explained is the month's own sum: charged + adjusted − benefit + penalty, not the balance. A charge is followed
by substitution in a fixed order: the older bill with the newer length of the service period, then with the newer count
of residents or area, then with the newer volume, last with the newer price, which is the newer bill. Each of these
bills is rounded to the tiyn; a part is the step between two, so cross terms go to the later step (docs/adr/0046).
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from fractions import Fraction
from functools import lru_cache
from typing import NamedTuple

from msgspec import Struct

from common.period import Period, last_day
from ledger.domain.base import AccountBase, Stated, base_on
from ledger.domain.sentences import sentence
from ledger.events import said
from ledger.events.heard import Named

# As providers may write a number; an exponent would let a short text stand for an endless one.
_NUMBER = re.compile(r"-?\d{1,18}(\.\d{1,12})?", re.ASCII)
PER_HEAD = {"people": "residents", "norm": "residents", "area": "area"}
_STATES = {
    "residents": ("account.opened", "account.residents-changed"),
    "area": ("account.opened", "account.area-changed"),
}


class Shown(Struct, frozen=True):
    """What is compared of a month: its rows, issued or as they stand."""

    period: str
    rows: list[said.Row]


@dataclass
class History:
    """The account's base data on any day."""

    changes: Sequence[Stated]
    known: dict[str, AccountBase] = field(default_factory=dict)

    def measure(self, name: str, day: str) -> Fraction | None:
        """Residents or area on a day; None when unknown or zero. The heated area is what counts where it is stated."""
        if day not in self.known:
            self.known[day] = base_on(self.changes, day)
        base = self.known[day]
        value = base.residents if name == "residents" else base.area_heated or base.area_total
        return number(str(value)) if value else None

    def facts(self, name: str, days: Sequence[str]) -> list[Named]:
        """The facts that moved it between two days."""
        first, last = min(days), max(days)
        kinds = _STATES[name]
        found = [c for c in self.changes if c.kind in kinds and first < c.holds_from <= last]
        return [Named(c.said.provider, c.said.reference) for c in found]


class Use(Struct, frozen=True, gc=False):
    """All charges of a service in a month; volume and length are None where the provider did not state them."""

    amount: int
    volume: Fraction | None
    unit: str | None
    days: int
    months: Fraction | None
    per: str | None
    prices: frozenset[str]
    tiered: bool
    day: str
    lines: int


class Part(NamedTuple):
    """A cause with its signed amount in tiyn."""

    cause: str
    amount: int


def explain(
    before: Shown, now: Shown, changes: Sequence[Stated], currency: str = "KZT", *, facts: bool = False
) -> said.Explanation:
    """The difference of two months, by service in the order of the bill; services without any difference are absent.

    With `facts` each part names the facts it comes from; a statement carries its own and does without.
    """
    history = History(changes)
    old, new = _by_service(before), _by_service(now)
    names = [*new, *(service for service in old if service not in new)]
    found = [
        _changed(service, old.get(service), new.get(service), (before.period, now.period), history, currency, facts)
        for service in names
    ]
    services = [changed for changed in found if changed.parts]
    sums = [sum(_own(row) for row in rows.values()) for rows in (old, new)]
    return said.Explanation(before.period, sums[0], sums[1], services)


def _by_service(shown: Shown) -> dict[str, said.Row]:
    return {row.service: row for row in shown.rows}


def _own(row: said.Row | None) -> int:
    return row.charged + row.adjusted - row.benefit + row.penalty if row else 0


def _changed(
    service: str,
    old: said.Row | None,
    new: said.Row | None,
    periods: tuple[str, str],
    history: History,
    currency: str,
    facts: bool,
) -> said.Changed:
    of_charges: list[Part] = []
    if not (old and new and _charged_alike(old, new)):
        uses = [use(row, period) if row else None for row, period in zip((old, new), periods, strict=True)]
        of_charges = charged(uses[0], uses[1], history)
    parts = [part for part in (*of_charges, *_others(old, new)) if part.amount]
    difference = _own(new) - _own(old)
    if not parts:
        return said.Changed(service, _own(old), _own(new), "", "", "", [])
    main = main_cause(parts, difference)
    clause = "adjustment-before" if main.cause == "adjustment" and not (new and new.adjusted) else main.cause
    texts = sentence(difference, clause, up=main.amount > 0, against=periods[0], currency=currency)
    named = [said.Cause(p.cause, p.amount, _facts(p.cause, old, new, periods, history) if facts else []) for p in parts]
    return said.Changed(service, _own(old), _own(new), main.cause, texts.ru, texts.kk, named)


def _charged_alike(old: said.Row, new: said.Row) -> bool:
    """Whether as much was charged for as much: then no part of it is more than nothing."""
    same = old.charged == new.charged and len(old.lines) == len(new.lines)
    return same and all(a.volume == b.volume and a.unit == b.unit for a, b in zip(old.lines, new.lines, strict=True))


def main_cause(parts: Sequence[Part], difference: int) -> Part:
    """The largest part that goes the way of the difference; the first in the order of substitution among equals."""
    along = [part for part in parts if part.amount * difference > 0] or parts
    return max(along, key=lambda part: abs(part.amount))


def _others(old: said.Row | None, new: said.Row | None) -> list[Part]:
    def step(name: str) -> int:
        return (getattr(new, name) if new else 0) - (getattr(old, name) if old else 0)

    return [Part("adjustment", step("adjusted")), Part("benefit", -step("benefit")), Part("penalty", step("penalty"))]


def charged(old: Use | None, new: Use | None, history: History) -> list[Part]:
    """The parts of what was charged; they add up to the difference of the two amounts."""
    if old is None or new is None:
        return [Part("ended", -old.amount)] if old else [Part("began", new.amount)] if new else []
    grown = _ratio(old.volume, new.volume) if old.unit == new.unit else None
    if grown is None and old.volume is not None and new.volume is not None and old.unit == new.unit:
        return [Part("volume", new.amount - old.amount)]
    if grown == 1 or (old.amount == new.amount and grown is None):
        return [Part("tariff", new.amount - old.amount)]
    steps, reached = _lengths(old, new, history)
    bills = [old.amount, *(_bill(old.amount, factor) for _, factor in steps)]
    parts = [Part(cause, after - bill) for (cause, _), bill, after in zip(steps, bills, bills[1:], strict=False)]
    if grown is not None:
        volume_bill = new.amount if _same_price(old, new, grown) else _bill(old.amount, grown)
        # Where residents and area tell the whole growth of the volume, what rounding leaves is theirs.
        cause = steps[-1][0] if steps and reached == grown else "volume"
        parts.append(Part(cause, volume_bill - bills[-1]))
        bills.append(volume_bill)
    return _merged([*parts, Part("tariff", new.amount - bills[-1])])


def _lengths(old: Use, new: Use, history: History) -> tuple[list[tuple[str, Fraction]], Fraction]:
    """The steps before the volume, each with the factor reached by it; and the last factor."""
    steps: list[tuple[str, Fraction]] = []
    factor = Fraction(1)
    length = None if old.days == new.days else _ratio(old.months, new.months)
    head = None
    if old.per and old.per == new.per:
        head = _ratio(history.measure(old.per, old.day), history.measure(old.per, new.day))
    for cause, ratio in (("period-length", length), (old.per or "", head)):
        if ratio is not None and ratio != 1:
            factor *= ratio
            steps.append((cause, factor))
    return steps, factor


def _merged(parts: Iterable[Part]) -> list[Part]:
    sums: dict[str, int] = {}
    for cause, amount in parts:
        sums[cause] = sums.get(cause, 0) + amount
    return [Part(cause, amount) for cause, amount in sums.items()]


def _bill(amount: int, factor: Fraction) -> int:
    """The amount times the factor, rounded to the tiyn."""
    return round(amount * factor)


def _ratio(old: Fraction | None, new: Fraction | None) -> Fraction | None:
    return new / old if old and new else None


def _same_price(old: Use, new: Use, grown: Fraction) -> bool:
    """Whether the price list stayed: the same tariffs, more or fewer of the same tiers, or nothing but rounding."""
    both = old.prices and new.prices
    if both and (old.prices == new.prices or (old.tiered and new.tiered and _within(old.prices, new.prices))):
        return True
    return not both and abs(new.amount - old.amount * grown) <= (1 + abs(grown)) * max(old.lines, new.lines)


def _within(some: frozenset[str], others: frozenset[str]) -> bool:
    return some <= others or others <= some


def use(row: said.Row, period: str) -> Use | None:
    """The charges of a row together; None when there are none."""
    lines = row.lines
    if not lines:
        return None
    volumes, units = [number(line.volume) for line in lines], {line.unit for line in lines}
    volume = _sum([v for v in volumes if v is not None]) if None not in volumes and len(units) == 1 else None
    days, months = _length(lines)
    bases = {PER_HEAD.get(line.basis or "") for line in lines}
    return Use(
        amount=row.charged,
        volume=volume,
        unit=lines[0].unit if len(units) == 1 else None,
        days=days,
        months=months,
        per=bases.pop() if len(bases) == 1 else None,
        prices=frozenset(price for line in lines for price in _prices(line)),
        tiered=any(line.tiers for line in lines),
        day=max((line.to for line in lines if line.to), default="") or last_day(Period(period)).isoformat(),
        lines=len(lines),
    )


@lru_cache(1_000)
def _plain(price: str) -> str:
    """The same price written the same way: 12.50 and 12.5."""
    found = number(price)
    return price if found is None else str(found)


def _prices(line: said.Line) -> list[str]:
    if line.tiers:
        return [_plain(tier.price) for tier in line.tiers]
    return [_plain(line.tariff)] if line.tariff else []


def _length(lines: Sequence[said.Line]) -> tuple[int, Fraction | None]:
    """The length of the service periods in days and in months: a whole calendar month is one, of 28 or of 31 days."""
    spans = [_span(first, last) for first, last in {(line.from_, line.to) for line in lines}]
    known = [span for span in spans if span]
    if len(known) < len(spans):
        return 0, None
    return sum(days for days, _ in known), _sum([months for _, months in known])


# Of a city's bills nearly all have the same few periods, and prices.
@lru_cache(1_000)
def _span(first: str | None, last: str | None) -> tuple[int, Fraction] | None:
    if not first or not last:
        return None
    months = months_between(first, last)
    return None if months is None else ((date.fromisoformat(last) - date.fromisoformat(first)).days + 1, months)


def _sum(values: Sequence[Fraction]) -> Fraction:
    """Most often there is one, and exact numbers are slow to add."""
    return sum(values[1:], values[0])


def months_between(first: str, last: str) -> Fraction | None:
    """Months from the first to the last day, both counted (`YYYY-MM-DD`); None for what is no period."""
    try:
        day, end = date.fromisoformat(first), date.fromisoformat(last)
    except ValueError:
        return None
    if end < day or (end - day).days > 3700:
        return None
    total = Fraction()
    while day <= end:
        month_end = last_day(Period(f"{day:%Y-%m}"))
        total += Fraction((min(month_end, end) - day).days + 1, month_end.day)
        day = month_end + timedelta(days=1)
    return total


@lru_cache(10_000)
def number(text: str | None) -> Fraction | None:
    """A decimal text as an exact number; None when it is none."""
    return Fraction(text) if text and _NUMBER.fullmatch(text) else None


def _facts(
    cause: str, old: said.Row | None, new: said.Row | None, periods: tuple[str, str], history: History
) -> list[Named]:
    """The facts behind a part: of both months, those that are there."""
    rows = [row for row in (old, new) if row]
    if cause in _STATES:
        uses = [use(row, period) for row, period in zip((old, new), periods, strict=True) if row]
        moved = history.facts(cause, [u.day for u in uses if u])
        return moved or _lines(rows)
    named: Mapping[str, Iterable[tuple[said.Row, str]]] = {
        "adjustment": ((row, a.reference) for row in rows for a in row.adjustments),
        "benefit": ((row, b.reference) for row in rows for b in row.benefits),
        "penalty": ((row, p.reference) for row in rows for p in row.penalties),
    }
    if cause in named:
        return [Named(row.provider, reference) for row, reference in named[cause] if reference]
    return _lines(rows)


def _lines(rows: Iterable[said.Row]) -> list[Named]:
    return [Named(row.provider, line.reference) for row in rows for line in row.lines]
