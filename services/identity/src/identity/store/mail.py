"""Mail waiting to be sent: queued with what caused it, leased while it is on its way, tried again until it is gone."""

from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from common.postgres import Connection


class Queued(NamedTuple):
    """A mail this process may send now; `attempts` counts this one."""

    id: UUID
    recipient: str
    sealed: bytes
    attempts: int


class Envelope(NamedTuple):
    """Who a letter is for; `forget`: its row goes when it is sent."""

    user_id: str
    recipient: str
    forget: bool = False


_QUEUE = """
INSERT INTO mail (id, user_id, recipient, forget, sealed, queued_at, due_at) VALUES (%s, %s, %s, %s, %s, %s, %s)
ON CONFLICT (id) DO NOTHING
"""
# A lease is only a later due time: a process that dies leaves its mails due again.
_TAKE = """
WITH taken AS (
    UPDATE mail SET due_at = %(until)s, attempts = attempts + 1
    WHERE id IN (SELECT id FROM mail WHERE sent_at IS NULL AND given_up_at IS NULL AND due_at <= %(now)s
                 ORDER BY due_at LIMIT %(limit)s FOR UPDATE SKIP LOCKED)
    RETURNING id, recipient, sealed, attempts, queued_at)
SELECT id, recipient, sealed, attempts FROM taken ORDER BY queued_at, id
"""


def queue(conn: Connection, ident: UUID, envelope: Envelope, sealed: bytes, now: datetime) -> None:
    """A mail in the transaction of what it tells about; one that is known is not queued again."""
    conn.execute(_QUEUE, (ident, *envelope, sealed, now, now))


def take(conn: Connection, now: datetime, until: datetime, limit: int) -> list[Queued]:
    """Leases mails that are due; one that is neither sent nor put off by `until` is due again."""
    return [Queued(*row) for row in conn.execute(_TAKE, {"now": now, "until": until, "limit": limit})]


def sent(conn: Connection, ident: UUID, now: datetime) -> None:
    """It is with the mail server; what it said goes."""
    _forget(conn, ident)
    conn.execute("UPDATE mail SET sent_at = %s, sealed = NULL, problem = NULL WHERE id = %s", (now, ident))


def _forget(conn: Connection, ident: UUID) -> None:
    conn.execute("DELETE FROM mail WHERE id = %s AND forget", (ident,))


def put_off(conn: Connection, ident: UUID, until: datetime, problem: str) -> None:
    """Not now: again at `until`."""
    conn.execute("UPDATE mail SET due_at = %s, problem = %s WHERE id = %s", (until, problem, ident))


def give_up(conn: Connection, ident: UUID, now: datetime, problem: str) -> None:
    """The mail server will never take it."""
    _forget(conn, ident)
    conn.execute("UPDATE mail SET given_up_at = %s, sealed = NULL, problem = %s WHERE id = %s", (now, problem, ident))


def sweep(conn: Connection, before: datetime) -> None:
    """Removes mails, and with them addresses, that were done with long ago."""
    conn.execute("DELETE FROM mail WHERE coalesce(sent_at, given_up_at) < %s", (before,))
