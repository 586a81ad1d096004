"""What operators look at before a month closes: who is missing, what waits, and the month beside the last one."""

from dataclasses import dataclass
from typing import Any

from common.money import format_amount
from common.period import Period, preceding
from common.postgres import Connection
from provider_sync import errors
from provider_sync.handlers import periods
from provider_sync.handlers.base import Base
from provider_sync.handlers.periods import Months
from provider_sync.store import held, months, submissions
from provider_sync.store.months import Asked, Rows

LOOK_AT = 20
PAYMENTS = "payments"


@dataclass(frozen=True)
class Standing:
    """How the month stands that closes next."""

    months: Months
    asked: list[Asked]
    submissions: Rows
    held: int
    unmatched: int
    unmatched_sum: int
    uploads: Rows
    parked: Rows


def standing(base: Base) -> Standing:
    """Submissions, held facts, unmatched payments, uploads under way, accounts that the ledger says stand still."""
    found = periods.status(base)
    with base.pool.connection() as conn:
        count, total = months.unmatched(conn)
        said = _submissions(conn, found.first_open) if found.first_open else []
        waiting, way = held.waiting(conn), months.under_way(conn)
        return Standing(found, months.asked(conn), said, waiting, count, total, way, months.parked(conn))


def _submissions(conn: Connection, period: Period) -> Rows:
    """Every provider and service that is expected or was stated: missing, stated, different."""
    stated = {(s.provider, s.service): s for s in submissions.latest(conn, period)}
    expected = months.expected(conn, [period, preceding(period)])
    rows = []
    for provider, service in sorted({*expected, *stated}):
        said = stated.get((provider, service))
        state = "missing" if said is None else "stated" if said.agrees else "different"
        rows.append({
            "provider": provider, "service": service or PAYMENTS, "submission": state,
            "facts": said.facts if said else None, "sum": format_amount(said.total) if said else None,
            "at": said.at if said else None,
        })  # fmt: skip
    return rows


@dataclass(frozen=True)
class Preview:
    """A month beside the last one: `totals` per provider and service, `jumps` per account, `accounts` to look at."""

    period: Period
    totals: Rows
    jumps: Rows
    accounts: list[str]


def preview(base: Base, period: Period | None) -> Preview:
    """The month, or the one that closes next; raises NotFound while nothing was ever posted."""
    with base.pool.connection() as conn:
        month = period or periods.first_open(conn)
        if month is None:
            raise errors.NotFound
        jumps = months.jumps(conn, month, LOOK_AT)
        # Half of the accounts are those that changed most, the others are picked by chance.
        changed = list(dict.fromkeys(row["account"] for row in jumps))[: LOOK_AT // 2]
        others = [account for account in months.sample(conn, month, LOOK_AT * 2) if account not in changed]
        accounts = [*changed, *others][:LOOK_AT]
        return Preview(month, totals(months.beside(conn, [month, preceding(month)]), month), jumps, accounts)


_STANDS = {
    "charge.posted": 1, "charge.reversed": -1, "charge.adjusted": 1, "payment.received": 1, "payment.reversed": -1,
}  # fmt: skip


def totals(rows: Rows, period: str) -> Rows:
    """Per provider and service what was charged (or paid) in the month and in the one before, and the difference."""
    found: dict[tuple[str, str], dict[str, int]] = {}
    for row in rows:
        sign = _STANDS.get(row["kind"])
        if sign is None:
            continue
        sums = found.setdefault((row["provider"], row["service"]), dict.fromkeys(("facts", "now", "before"), 0))
        if row["period"] == period:
            sums["now"] += sign * row["sum"]
            sums["facts"] += row["facts"]
        else:
            sums["before"] += sign * row["sum"]
    return [_line(*place, sums) for place, sums in sorted(found.items())]


def _line(provider: str, service: str, sums: dict[str, int]) -> dict[str, Any]:
    now, before = sums["now"], sums["before"]
    return {
        "provider": provider, "service": service or PAYMENTS, "facts": sums["facts"],
        "last month": format_amount(before), "this month": format_amount(now),
        "difference": format_amount(now - before), "per cent": round(100 * (now - before) / before) if before else None,
    }  # fmt: skip
