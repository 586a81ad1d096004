"""What the HTTP API reads. Access is part of every statement: a row comes only through a link of the caller."""

from collections.abc import Callable
from datetime import date, datetime
from typing import Any, NamedTuple, TypeVar

import msgspec

from common.parts import part_of, parted
from common.postgres import Connection
from common.reading import Reading
from ledger.domain.base import Stated
from ledger.domain.statement import owed
from ledger.events.heard import Change
from ledger.store import texts

# Changes with the directory and the split rule.
REFERENCE_STAMP = "(SELECT stamp FROM reference_stamps)"
# The visible account behind a number: the link of this user, the number, how far it is closed, when it was parked.
_ONE = f"""
SELECT l.user_id, n.account, l.closed_through, coalesce(h.version, 0), h.parked_at, l.masked,
       o.name, o.address_ru, o.address_kk, coalesce(o.version, 0), {REFERENCE_STAMP}
FROM seen AS l
JOIN numbers AS n ON n.account = l.account
LEFT JOIN stream_heads AS h ON h.topic = %s AND h.key = l.account
LEFT JOIN holders AS o ON o.account = l.account
WHERE l.user_id = %s AND n.number = %s
"""
# The last reading of each meter.
_LAST_READINGS = """
LATERAL (SELECT array_agg(m.meter), array_agg(taken_on::text), array_agg(sequence), array_agg(value), array_agg(source),
                array_agg(provider), array_agg(recorded_at)
         FROM (SELECT DISTINCT meter FROM readings@ WHERE account = $3) AS m CROSS JOIN LATERAL (
             SELECT * FROM readings@ WHERE account = $3 AND meter = m.meter
             ORDER BY taken_on DESC, sequence DESC LIMIT 1) AS last)"""
# $1 topic, $2 user, $3 account
_ACCOUNT = parted(
    f"""
SELECT l.user_id, l.account, l.closed_through, coalesce(h.version, 0), h.parked_at, l.masked,
       o.name, o.address_ru, o.address_kk, coalesce(o.version, 0), {REFERENCE_STAMP}, c.*, r.*
FROM seen AS l
LEFT JOIN stream_heads AS h ON h.topic = $1 AND h.key = $3
LEFT JOIN holders AS o ON o.account = $3
CROSS JOIN {texts.CHANGES} AS c CROSS JOIN {_LAST_READINGS} AS r
WHERE l.user_id = $2 AND l.account = $3 AND @has($3)
"""
)
# $1 user, $2 a later number of an account
_WHOSE = """
SELECT l.account FROM numbers AS n JOIN seen AS l ON l.account = n.account
WHERE l.user_id = $1 AND n.number = $2 AND n.account <> n.number
"""
# An account for a payment agent, who is nobody's resident: name and address are masked.
_ANYBODYS = """
SELECT '', n.account, a.closed_through, coalesce(h.version, 0), h.parked_at, true,
       o.name, o.address_ru, o.address_kk, coalesce(o.version, 0)
FROM numbers AS n JOIN accounts AS a USING (account)
LEFT JOIN stream_heads AS h ON h.topic = %s AND h.key = n.account
LEFT JOIN holders AS o ON o.account = n.account
WHERE n.number = %s
"""

# $1 topic, $2 user
_MINE = """
SELECT l.user_id, l.account, l.closed_through, coalesce(h.version, 0), h.parked_at, l.masked,
       o.name, o.address_ru, o.address_kk, coalesce(o.version, 0),
       l.due_at_close, balances(l.account, l.closed_through, l.due_at_close)
FROM seen AS l
LEFT JOIN stream_heads AS h ON h.topic = $1 AND h.key = l.account
LEFT JOIN holders AS o ON o.account = l.account
WHERE l.user_id = $2 ORDER BY l.account
"""
# Every query says again whom it answers, so that none of them can be called without it.
_MAY_SEE = "EXISTS (SELECT FROM seen WHERE seen.account = %(account)s AND seen.user_id = %(user)s)"
_STATEMENT = f"""
SELECT id::text, data FROM statements WHERE account = %(account)s AND period = %(period)s AND {_MAY_SEE}
  AND (%(version)s::int IS NULL OR version = %(version)s)
  AND (%(at)s::timestamptz IS NULL OR coalesce(said_at, cut_off) <= %(at)s)
ORDER BY version DESC LIMIT 1
"""
_PERIODS = f"""
SELECT DISTINCT ON (period) period, version, opening, charged, adjusted, benefit, penalty, paid, closing, to_pay
FROM statements WHERE account = %(account)s AND {_MAY_SEE} ORDER BY period DESC, version DESC
"""
_READINGS = f"""
SELECT meter, taken_on::text, sequence, value, source, provider, recorded_at FROM readings
WHERE account = %(account)s AND {_MAY_SEE} AND meter = %(meter)s
  AND (taken_on, sequence) > (%(day)s::date, %(sequence)s) ORDER BY taken_on, sequence LIMIT %(limit)s
"""
_CHANGES = f"""
SELECT sequence, kind, holds_from, recorded_at, data FROM changes
WHERE account = %(account)s AND {_MAY_SEE} AND sequence < %(before)s ORDER BY sequence DESC LIMIT %(limit)s
"""
_USER_HEAD = "SELECT version FROM stream_heads WHERE topic = $1 AND key = $2"
# $1 topic, $2 user, $3 account
_ACCOUNT_HEAD = """
SELECT CASE WHEN h.reason IS NULL OR h.reason = 'gap' THEN coalesce(h.version, 0) END
FROM seen AS l LEFT JOIN stream_heads AS h ON h.topic = $1 AND h.key = l.account
WHERE l.user_id = $2 AND l.account = $3
"""


class Visible(NamedTuple):
    """An account the caller may see; `reference_stamp` changes with the directory and the split rule."""

    user: str
    account: str
    closed_through: str
    position: int
    stale_since: datetime | None
    masked: bool
    name: str | None
    address_ru: str | None
    address_kk: str | None
    holder_version: int
    reference_stamp: int = 0


class ReadingRow(NamedTuple):
    """A meter reading."""

    meter: str
    taken_on: str
    sequence: int
    value: str
    source: str
    provider: str
    recorded_at: datetime


class ChangeRow(NamedTuple):
    """A change of base data."""

    sequence: int
    kind: str
    holds_from: date
    recorded_at: datetime
    said: Change


class Account(NamedTuple):
    """An account the caller may see, all that was said of its base data, and each meter's last reading."""

    visible: Visible
    changes: list[Stated]
    readings: list[ReadingRow]


_T = TypeVar("_T")


def mine(reading: Reading, topic: str, user: str) -> list[tuple[Visible, int]]:
    """The caller's accounts, each with what is due now."""
    rows = reading.rows(_MINE, topic, user)
    return [
        (Visible(*seen), at_close if moved is None else owed(_amounts_of(f"[{moved}]")))
        for *seen, at_close, moved in rows
    ]


_amounts_of = msgspec.json.Decoder(list[tuple[str, int]]).decode


def one(conn: Connection, topic: str, user: str, number: str) -> Visible | None:
    """The caller's account known by a number."""
    row = conn.execute(_ONE, (topic, user, number)).fetchone()
    return Visible(*row) if row else None


def account(reading: Reading, topic: str, user: str, number: str) -> Account | None:
    """The same with its base data, in one statement."""

    def ask(account: str) -> Account | None:
        found = reading.rows(_ACCOUNT[part_of(account)], topic, user, account)
        if not found:
            return None
        last = [ReadingRow(*read) for read in texts.rows(found[0][12:])]
        return Account(Visible(*found[0][:11]), texts.changes(found[0][11]), last)

    return by_number(reading, user, number, ask)


def by_number(reading: Reading, user: str, number: str, ask: Callable[[str], _T | None]) -> _T | None:
    """What is asked of an account, which is nearly always known by its first number, else by a later one."""
    found = ask(number)
    if found is None and (whose := reading.rows(_WHOSE, user, number)):
        return ask(whose[0][0])
    return found


def anybodys(conn: Connection, topic: str, number: str) -> Visible | None:
    """The account known by a number, as a payment agent may see it: masked."""
    row = conn.execute(_ANYBODYS, (topic, number)).fetchone()
    return Visible(*row) if row else None


def statement(
    conn: Connection, seen: Visible, period: str, *, version: int | None = None, at: datetime | None = None
) -> tuple[str, str] | None:
    """An issued statement's id and document: a version, or the newest, or the newest as of a moment."""
    given = _for(seen) | {"period": period, "version": version, "at": at}
    return conn.execute(_STATEMENT, given).fetchone()


def periods(conn: Connection, seen: Visible) -> list[tuple[Any, ...]]:
    """The closed months with their totals, newest first."""
    return conn.execute(_PERIODS, _for(seen)).fetchall()


def readings(conn: Connection, seen: Visible, meter: str, after: tuple[str, int], limit: int) -> list[ReadingRow]:
    """A meter's readings after a place (day, sequence), oldest first."""
    given = _for(seen) | {"meter": meter, "day": after[0], "sequence": after[1], "limit": limit}
    return [ReadingRow(*row) for row in conn.execute(_READINGS, given).fetchall()]


def changes(conn: Connection, seen: Visible, before: int, limit: int) -> list[ChangeRow]:
    """What was said of the account's base data, newest first."""
    rows = conn.execute(_CHANGES, _for(seen) | {"before": before, "limit": limit}).fetchall()
    decode = msgspec.json.Decoder(Change).decode
    return [
        ChangeRow(sequence, kind, holds_from, recorded_at, decode(data))
        for sequence, kind, holds_from, recorded_at, data in rows
    ]


def _for(seen: Visible) -> dict[str, Any]:
    return {"account": seen.account, "user": seen.user}


def user_head(reading: Reading, topic: str, user: str) -> int:
    """The last sequence applied of a user's stream."""
    rows = reading.rows(_USER_HEAD, topic, user)
    return int(rows[0][0]) if rows else 0


def account_head(reading: Reading, topic: str, user: str, account: str) -> int | None:
    """The last sequence applied of an account's stream; None for one the user may not see, or that stands still."""
    rows = reading.rows(_ACCOUNT_HEAD, topic, user, account)
    return rows[0][0] if rows else None
