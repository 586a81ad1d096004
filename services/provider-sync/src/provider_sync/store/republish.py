"""Puts stored events into the outbox once more; readers know them by their sequence and pass over what they have."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from common.postgres import Connection

# The relay's hint relies on it: a transaction has its id before it takes its first position in the outbox.
_TAKE_ID = "SELECT pg_current_xact_id()"
_ACCOUNT = """
INSERT INTO outbox (topic, partition, key, version, type)
SELECT %(topic)s, n.partition, e.stream_id, e.version, e.type
FROM numbers AS n JOIN events AS e ON e.stream_id = n.number COLLATE "default"
WHERE n.number = %(account)s AND e.version BETWEEN %(first)s AND %(last)s ORDER BY e.version
"""
_ACCOUNTS = """
SELECT number FROM numbers
WHERE partition = %s AND NOT alias AND version > 0 AND number > %s AND number <= %s ORDER BY number LIMIT %s
"""
_PAGE = """
INSERT INTO outbox (topic, partition, key, version, type)
SELECT %(topic)s, %(partition)s, e.stream_id, e.version, e.type FROM events AS e
WHERE e.stream_id = ANY(%(accounts)s) ORDER BY e.stream_id, e.version
"""
_HOW_MANY = """
SELECT count(*) FROM numbers WHERE partition = %s AND NOT alias AND version > 0 AND number > %s AND number <= %s
"""

_STORED = """
SELECT g.key, g.version FROM unnest(%s::text[], %s::int[]) AS g(key, version)
JOIN events AS e ON e.stream_id = g.key AND e.version = g.version
"""
_SPAN = """
INSERT INTO outbox (topic, partition, key, version, type)
SELECT %(topic)s, n.partition, e.stream_id, e.version, e.type
FROM events AS e JOIN numbers AS n ON n.number = e.stream_id
WHERE e.recorded_at >= %(begin)s AND e.recorded_at <= %(end)s ORDER BY e.stream_id, e.version
"""
_EVENTS = "SELECT count(*) FROM events"
_OPEN = "SELECT EXISTS (SELECT FROM opened_timelines WHERE timeline = timeline_now())"
_SAID = ("name", "address_ru", "address_kk", "phone")
_DIRECTORY = "SELECT entity, version, body FROM directory ORDER BY entity"
_HOLDERS = """
SELECT account, version, name, address_ru, address_kk, phone FROM holders
WHERE account > %s AND name <> '' ORDER BY account LIMIT %s
"""


def account(conn: Connection, topic: str, account: str, first: int, last: int) -> int:
    """A range of one account's events; returns how many."""
    return _insert(conn, _ACCOUNT, {"topic": topic, "account": account, "first": first, "last": last})


def accounts(conn: Connection, partition: int, after: str, last: str, limit: int) -> list[str]:
    """Accounts of a partition behind one, up to `last`."""
    return [row[0] for row in conn.execute(_ACCOUNTS, (partition, after, last, limit)).fetchall()]


def how_many(conn: Connection, partition: int, after: str, last: str) -> int:
    """How many accounts that range has."""
    row = conn.execute(_HOW_MANY, (partition, after, last)).fetchone()
    return int(row[0]) if row else 0


def page(conn: Connection, topic: str, partition: int, named: list[str]) -> int:
    """All events of these accounts of a partition; returns how many."""
    return _insert(conn, _PAGE, {"topic": topic, "partition": partition, "accounts": named})


def span(conn: Connection, topic: str, begin: datetime, end: datetime) -> int:
    """All events recorded in a span of time, both ends included; returns how many."""
    return _insert(conn, _SPAN, {"topic": topic, "begin": begin, "end": end})


def stored(conn: Connection, places: Sequence[tuple[str, int]]) -> set[tuple[str, int]]:
    """Those of the places (account, sequence) that have an event."""
    return set(conn.execute(_STORED, ([key for key, _ in places], [version for _, version in places])).fetchall())


def how_many_events(conn: Connection) -> int:
    """How many events the store has."""
    row = conn.execute(_EVENTS).fetchone()
    return int(row[0]) if row else 0


def is_open(conn: Connection) -> bool:
    """Whether events may be appended now."""
    row = conn.execute(_OPEN).fetchone()
    return bool(row and row[0])


def directory(conn: Connection) -> list[tuple[str, int, dict[str, Any]]]:
    """All reference data: entity, version, body."""
    return conn.execute(_DIRECTORY).fetchall()


def holders(conn: Connection, after: str, limit: int) -> list[tuple[str, int, dict[str, Any]]]:
    """Holders behind an account: account, version, what is published of them."""
    return [
        (account, version, {name: said for name, said in zip(_SAID, rest, strict=True) if said is not None})
        for account, version, *rest in conn.execute(_HOLDERS, (after, limit)).fetchall()
    ]


def _insert(conn: Connection, query: str, values: dict[str, Any]) -> int:
    conn.execute(_TAKE_ID)
    return conn.execute(query.encode(), values).rowcount
