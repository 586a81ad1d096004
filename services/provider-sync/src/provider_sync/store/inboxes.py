"""Inboxes: who pushes by Kafka and may say what, and how far each partition was read."""

from collections.abc import Collection, Sequence
from typing import Any, NamedTuple

from psycopg.rows import dict_row

from common.partitions import PARTITIONS
from common.postgres import Connection

_OPEN = """
INSERT INTO inboxes (provider, scopes) VALUES (%s, %s)
ON CONFLICT (provider) DO UPDATE SET scopes = excluded.scopes, open = true
"""
_SEED = """
INSERT INTO inbox_offsets (topic, topic_id, partition, next_offset)
SELECT %s, %s, partition, 0 FROM generate_series(0, %s) AS partition ON CONFLICT DO NOTHING
"""
# The condition is the fence: a process that was frozen finds the row moved on, and what it did is rolled back.
_ADVANCE = """
UPDATE inbox_offsets SET next_offset = %(next)s, updated_at = now()
WHERE topic = %(topic)s AND topic_id = %(topic_id)s AND partition = %(partition)s AND next_offset = %(expected)s
"""


class Inbox(NamedTuple):
    """A sender that pushes by Kafka."""

    provider: str
    scopes: list[str]


def open_(conn: Connection, provider: str, scopes: Sequence[str]) -> None:
    """Opens an inbox, or states its scopes anew."""
    conn.execute(_OPEN, (provider, list(scopes)))


def close(conn: Connection, provider: str) -> bool:
    """Nothing more is read from the inbox; False when it was not open."""
    return conn.execute("UPDATE inboxes SET open = false WHERE provider = %s AND open", (provider,)).rowcount == 1


def opened(conn: Connection) -> list[Inbox]:
    """The inboxes that are read."""
    return [
        Inbox(*row) for row in conn.execute("SELECT provider, scopes FROM inboxes WHERE open ORDER BY 1").fetchall()
    ]


def every(conn: Connection) -> list[dict[str, Any]]:
    """All inboxes for operators, with how many records were read."""
    query = """
    SELECT i.provider, i.scopes, i.open, i.opened_at, coalesce(sum(o.next_offset), 0)::bigint AS read
    FROM inboxes AS i LEFT JOIN inbox_offsets AS o ON o.topic LIKE '%%providers.' || i.provider || '.inbox.v1'
    GROUP BY i.provider ORDER BY 1
    """
    with conn.cursor(row_factory=dict_row) as cursor:
        return cursor.execute(query, ()).fetchall()


def seed(conn: Connection, topic: str, topic_id: str) -> None:
    """Rows for every partition exist before anything is read."""
    conn.execute(_SEED, (topic, topic_id, PARTITIONS - 1))


def offsets(conn: Connection, topics: Collection[str]) -> dict[tuple[str, str, int], int]:
    """(topic, topic id, partition) → where to read on."""
    query = "SELECT topic, topic_id, partition, next_offset FROM inbox_offsets WHERE topic = ANY(%s)"
    return {(t, i, p): offset for t, i, p, offset in conn.execute(query, (list(topics),)).fetchall()}


def advance(conn: Connection, place: tuple[str, str, int], expected: int, next_: int) -> bool:
    """Moves a partition on; False when another process did meanwhile."""
    topic, topic_id, partition = place
    given = {"topic": topic, "topic_id": topic_id, "partition": partition, "expected": expected, "next": next_}
    return conn.execute(_ADVANCE, given).rowcount == 1
