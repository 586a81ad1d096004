"""Browsers that are signed in."""

from dataclasses import dataclass
from datetime import datetime

from psycopg.rows import class_row

from common.postgres import Connection

_FIND = """
SELECT id, sealed, access_until, CASE WHEN changed_at > now() - interval '30 seconds' THEN position ELSE '' END
       AS position, changed_at, access_until < now() + interval '20 seconds' AS stale,
       used_at < now() - interval '5 minutes' AS unmarked
FROM sessions WHERE id = %s AND used_at > now() - make_interval(hours => %s)
"""
_RENEW = (
    "UPDATE sessions SET sealed = %s, access_until = now() + make_interval(secs => %s), used_at = now() WHERE id = %s"
)
_CHANGED = "UPDATE sessions SET position = coalesce(nullif(%s, ''), position), changed_at = now() WHERE id = %s"
_ADD = """
INSERT INTO sessions (id, sealed, access_until, position) VALUES (%s, %s, now() + make_interval(secs => %s), %s)
"""


@dataclass(frozen=True)
class Session:
    """A signed-in browser; `stale`: its access token ends within seconds; `unmarked`: its use is to be noted."""

    id: bytes
    sealed: bytes
    access_until: datetime
    position: str
    changed_at: datetime
    stale: bool
    unmarked: bool


def add(conn: Connection, ident: bytes, sealed: bytes, seconds: int, position: str) -> None:
    """A browser signed in."""
    conn.execute(_ADD, (ident, sealed, seconds, position))


def find(conn: Connection, ident: bytes, idle_hours: int, *, lock: bool = False) -> Session | None:
    """The session, unless it was idle for too long; locked, so that its tokens are renewed by one request only."""
    query = _FIND + (" FOR UPDATE" if lock else "")
    with conn.cursor(row_factory=class_row(Session)) as cursor:
        return cursor.execute(query, (ident, idle_hours)).fetchone()


def renew(conn: Connection, ident: bytes, sealed: bytes, seconds: int) -> None:
    """New tokens."""
    conn.execute(_RENEW, (sealed, seconds, ident))


def mark_used(conn: Connection, ident: bytes) -> None:
    """Idle time begins anew."""
    conn.execute("UPDATE sessions SET used_at = now() WHERE id = %s", (ident,))


def mark_changed(conn: Connection, ident: bytes, position: str) -> None:
    """Reads of the next half minute must have reached the position; with none given, the one there was."""
    conn.execute(_CHANGED, (position, ident))


def remove(conn: Connection, ident: bytes) -> None:
    """Signed out."""
    conn.execute("DELETE FROM sessions WHERE id = %s", (ident,))


def remove_idle(conn: Connection, idle_hours: int) -> None:
    """Forgets browsers that were idle for too long."""
    conn.execute("DELETE FROM sessions WHERE used_at < now() - make_interval(hours => %s)", (idle_hours,))
