"""Tries that are counted before they are judged: proofs, mails, passwords.

Each function is called in a transaction that commits before anything is evaluated, so that neither a crash nor a
restart gives a try back (rule R20).
"""

from datetime import datetime, timedelta
from typing import NamedTuple

from common.postgres import Connection

WINDOW = timedelta(hours=24)


class Budget(NamedTuple):
    """At most `limit` tries per day for `key` among those of `kind`."""

    kind: str
    key: str
    limit: int


# The row lock of ON CONFLICT counts parallel tries one after the other; the array keeps only the last day's.
_SPEND = """
INSERT INTO budgets AS b (kind, key, spent_at) SELECT %(kind)s, %(key)s, ARRAY[%(now)s::timestamptz] WHERE %(limit)s > 0
ON CONFLICT (kind, key) DO UPDATE
SET spent_at = ARRAY(SELECT t FROM unnest(b.spent_at) AS t WHERE t > %(since)s) || %(now)s::timestamptz
WHERE (SELECT count(*) FROM unnest(b.spent_at) AS t WHERE t > %(since)s) < %(limit)s
"""


def spend(conn: Connection, budget: Budget, now: datetime) -> bool:
    """Takes one try; False when none is left."""
    return conn.execute(_SPEND, budget._asdict() | {"now": now, "since": now - WINDOW}).rowcount > 0


_CITY_SPEND = """
INSERT INTO city_proofs AS c (minute, spent) VALUES (date_trunc('minute', %s::timestamptz), 1)
ON CONFLICT (minute) DO UPDATE SET spent = c.spent + 1
"""
_CITY_SUCCEED = "UPDATE city_proofs SET succeeded = succeeded + 1 WHERE minute = date_trunc('minute', %s::timestamptz)"
_CITY_FAILED = "SELECT coalesce(sum(spent - succeeded), 0) FROM city_proofs WHERE minute > %s"


def city_spend(conn: Connection, now: datetime) -> None:
    """Counts a proof as failed until it succeeds."""
    conn.execute(_CITY_SPEND, (now,))


def city_succeed(conn: Connection, spent_at: datetime) -> None:
    """The proof spent at that time was good."""
    conn.execute(_CITY_SUCCEED, (spent_at,))


def city_failures(conn: Connection, now: datetime) -> int:
    """Failed proofs of the last day, whoever made them."""
    row = conn.execute(_CITY_FAILED, (now - WINDOW,)).fetchone()
    return int(row[0]) if row else 0


class Throttle(NamedTuple):
    """A growing wait: after `free` tries it doubles from one second up to `longest_s`."""

    kind: str
    key: bytes
    free: int
    longest_s: int


TRY = """
INSERT INTO sign_in_tries AS t (kind, key, tries, free_at) VALUES ({kind}, {key}, 1, {now})
ON CONFLICT (kind, key) DO UPDATE
SET tries = CASE WHEN t.free_at < {since} THEN 1 ELSE t.tries + 1 END,
    free_at = {now}::timestamptz + CASE WHEN t.free_at < {since} OR t.tries + 1 < {free} THEN interval '0'
        ELSE least({longest_s}, power(2, least(t.tries + 1 - {free}, 20))) * interval '1 second' END
WHERE t.free_at <= {now}
"""
_TRY = TRY.format(**{name: f"%({name})s" for name in ("kind", "key", "now", "since", "free", "longest_s")})
_FREE_AT = "SELECT free_at FROM sign_in_tries WHERE kind = %s AND key = %s"


def wait_s(conn: Connection, throttle: Throttle, now: datetime) -> int:
    """Counts a try and answers 0, or answers how long to wait without counting."""
    if conn.execute(_TRY.encode(), throttle._asdict() | {"now": now, "since": now - WINDOW}).rowcount:
        return 0
    row = conn.execute(_FREE_AT, (throttle.kind, throttle.key)).fetchone()
    return max(1, round((row[0] - now).total_seconds())) if row else 1


def forgive(conn: Connection, throttle: Throttle) -> None:
    """The right password came: earlier tries count no more."""
    conn.execute("DELETE FROM sign_in_tries WHERE kind = %s AND key = %s", (throttle.kind, throttle.key))


def sweep(conn: Connection, now: datetime) -> None:
    """Removes what no longer counts."""
    since = now - WINDOW
    conn.execute("DELETE FROM budgets WHERE NOT EXISTS (SELECT FROM unnest(spent_at) AS t WHERE t > %s)", (since,))
    conn.execute("DELETE FROM city_proofs WHERE minute < %s", (since,))
    conn.execute("DELETE FROM sign_in_tries WHERE free_at < %s", (since,))
