"""Records that could not be heard: kept with their bytes until somebody replays or dismisses them."""

from datetime import datetime
from typing import NamedTuple

from common.postgres import Connection

_ALL = """
SELECT topic, partition, "offset", key, headers AS type, value, reason, detail, attempts, recorded_at,
    CASE WHEN dismissed_at IS NOT NULL THEN 'dismissed' WHEN replayed_at IS NOT NULL THEN 'replayed' ELSE 'open' END
FROM dead_letters
"""
_LISTED = (
    _ALL
    + 'WHERE %s OR (dismissed_at IS NULL AND replayed_at IS NULL) ORDER BY recorded_at, partition, "offset" LIMIT %s'
)
_ONE = _ALL + 'WHERE topic = %s AND partition = %s AND "offset" = %s FOR UPDATE'
_REPLAYED = """
UPDATE dead_letters SET replayed_at = now(), attempts = attempts + 1
WHERE topic = %s AND partition = %s AND "offset" = %s
"""
_DISMISSED = """
UPDATE dead_letters SET dismissed_at = now(), dismissed_why = %s WHERE topic = %s AND partition = %s AND "offset" = %s
"""


class Letter(NamedTuple):
    """A record as it came, and why it was not heard; `state` is open, replayed or dismissed."""

    topic: str
    partition: int
    offset: int
    key: str | None
    type: str
    value: bytes | None
    reason: str
    detail: str
    attempts: int
    recorded_at: datetime
    state: str


def listed(conn: Connection, *, closed: bool, limit: int) -> list[Letter]:
    """Open ones, or all; the oldest first."""
    return [Letter(*row) for row in conn.execute(_LISTED, (closed, limit)).fetchall()]


def find(conn: Connection, topic: str, partition: int, offset: int) -> Letter | None:
    """One, locked until the transaction ends."""
    row = conn.execute(_ONE, (topic, partition, offset)).fetchone()
    return Letter(*row) if row else None


def replayed(conn: Connection, letter: Letter) -> None:
    """It was heard after all."""
    conn.execute(_REPLAYED, (letter.topic, letter.partition, letter.offset))


def dismissed(conn: Connection, letter: Letter, why: str) -> None:
    """It will never be heard."""
    conn.execute(_DISMISSED, (why, letter.topic, letter.partition, letter.offset))
