"""Puts stored events into the outbox once more; readers know them by their sequence and pass over what they have."""

from typing import Any

from common.postgres import Connection

# The relay's hint relies on it: a transaction has its id before it takes its first position in the outbox.
_TAKE_ID = "SELECT pg_current_xact_id()"
_ACCOUNT = """
INSERT INTO outbox (topic, partition, key, version, type)
SELECT %(topic)s, n.partition, e.stream_id, e.version, e.type
FROM numbers AS n JOIN events AS e ON e.stream_id = n.number
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


def _insert(conn: Connection, query: str, values: dict[str, Any]) -> int:
    conn.execute(_TAKE_ID)
    return conn.execute(query.encode(), values).rowcount
