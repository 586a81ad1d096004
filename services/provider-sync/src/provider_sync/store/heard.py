"""What was heard of the ledger: where residents' money went, and which accounts stand still."""

from collections.abc import Iterable
from datetime import date, datetime
from typing import NamedTuple

from common.postgres import Connection

_KEEP = """
INSERT INTO allocations (event, part, provider, day, account, service, amount, agent, reference)
SELECT * FROM unnest(%s::uuid[], %s::smallint[], %s::text[], %s::date[], %s::text[], %s::text[], %s::bigint[],
    %s::text[], %s::text[])
ON CONFLICT DO NOTHING
"""
# Records may come again, but in order: an older parking never follows the newer one's end for good.
_PARK = """
INSERT INTO parked_accounts (account, since, reason, position) VALUES (%s, %s, %s, %s)
ON CONFLICT (account) DO UPDATE SET since = excluded.since, reason = excluded.reason, position = excluded.position
WHERE parked_accounts.since <= excluded.since
"""
_RESUME = "DELETE FROM parked_accounts WHERE account = %s AND since <= %s"
_PARKED = "SELECT since, reason, position FROM parked_accounts WHERE account = %s"
_OF_DAY = """
SELECT account, service, sum(amount)::bigint, count(*) FROM allocations
WHERE provider = %(provider)s AND day = %(day)s AND (%(services)s::text[] IS NULL OR service = ANY(%(services)s))
    AND (account, service) > (%(account)s, %(service)s)
GROUP BY account, service ORDER BY account, service LIMIT %(limit)s
"""
_TOTALS = """
SELECT service, sum(amount)::bigint, count(*) FROM allocations
WHERE provider = %s AND day = %s AND (%s::text[] IS NULL OR service = ANY(%s)) GROUP BY service ORDER BY service
"""


class Allocation(NamedTuple):
    """A part of a payment for a provider; `amount` in tiyn, `agent` took the money."""

    event: str
    part: int
    provider: str
    day: date
    account: str
    service: str
    amount: int
    agent: str
    reference: str


class Line(NamedTuple):
    """What an account paid for a service on a day, in how many parts."""

    account: str
    service: str
    amount: int
    parts: int


class Parked(NamedTuple):
    """An account that stands still in the ledger behind a sequence."""

    since: datetime
    reason: str
    position: int


def keep(conn: Connection, found: Iterable[Allocation]) -> None:
    """Stores allocations; known ones stay as they are."""
    rows = list(found)
    if rows:
        conn.execute(_KEEP, [list(column) for column in zip(*rows, strict=True)])


def park(conn: Connection, account: str, parked: Parked) -> None:
    """The account stands still."""
    conn.execute(_PARK, (account, *parked))


def resume(conn: Connection, account: str, since: datetime) -> None:
    """The account that stood still since then goes on."""
    conn.execute(_RESUME, (account, since))


def parked(conn: Connection, account: str) -> Parked | None:
    """Whether the account stands still."""
    row = conn.execute(_PARKED, (account,)).fetchone()
    return Parked(*row) if row else None


def of_day(
    conn: Connection, provider: str, day: date, services: list[str] | None, after: tuple[str, str], limit: int
) -> list[Line]:
    """What a provider's residents paid on a day, by account and service, behind a pair of them."""
    values = {"provider": provider, "day": day, "services": services, "limit": limit}
    rows = conn.execute(_OF_DAY, values | {"account": after[0], "service": after[1]}).fetchall()
    return [Line(*row) for row in rows]


def totals(conn: Connection, provider: str, day: date, services: list[str] | None) -> list[tuple[str, int, int]]:
    """The same in sum: service, amount, parts."""
    return conn.execute(_TOTALS, (provider, day, services, services)).fetchall()
