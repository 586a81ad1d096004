"""Sessions: families of refresh tokens, of which one is good at a time."""

import hashlib
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from common.ids import secret_text, uuid7
from common.postgres import Connection
from common.reading import Writing


class Session(NamedTuple):
    """One signed-in device."""

    id: UUID
    device: str
    started_at: datetime
    used_at: datetime


class Spent(NamedTuple):
    """A refresh token with its session, both locked."""

    session: UUID
    user_id: str
    alive: bool
    successor: bytes | None
    used_at: datetime | None
    retried: bool


_START = """
INSERT INTO sessions (id, user_id, device, source, started_at, used_at, expires_at) VALUES (%s, %s, %s, %s, %s, %s, %s)
"""
_TOKEN = "INSERT INTO refresh_tokens (hash, session) VALUES (%s, %s)"  # noqa: S105  # SQL, not a secret
_ALIVE = "ended_at IS NULL AND expires_at > %s"


def start(
    conn: Connection, user_id: str, device: str, source: bytes, now: datetime, until: datetime
) -> tuple[UUID, str]:
    """A new session; returns its id and its first refresh token."""
    session = uuid7()
    conn.execute(_START, (session, user_id, device, source, now, now, until))
    return session, _new_token(conn, session)


def _new_token(conn: Connection, session: UUID) -> str:
    token = secret_text()
    conn.execute(_TOKEN, (hash_of(token), session))
    return token


def hash_of(token: str) -> bytes:
    """How a refresh token is kept."""
    return hashlib.sha256(token.encode(errors="replace")).digest()


_FIND = f"""
SELECT s.id, s.user_id, {_ALIVE}, t.successor, t.used_at, t.retried
FROM refresh_tokens AS t JOIN sessions AS s ON s.id = t.session WHERE t.hash = %s FOR UPDATE OF s
"""
_SPEND = "UPDATE refresh_tokens SET successor = %s, used_at = coalesce(used_at, %s), retried = %s WHERE hash = %s"
_DROP = "UPDATE refresh_tokens SET used_at = %s, retried = true WHERE hash = %s AND used_at IS NULL"
_USED = "UPDATE sessions SET used_at = %s, expires_at = %s WHERE id = %s"


def find(conn: Connection, token: str, now: datetime) -> Spent | None:
    """A refresh token, good or spent, with its session locked."""
    # The session's lock first, the token after it: of two parallel refreshes the second sees what the first did.
    conn.execute(
        "SELECT FROM sessions WHERE id = (SELECT session FROM refresh_tokens WHERE hash = %s) FOR UPDATE",
        (hash_of(token),),
    )
    row = conn.execute(_FIND, (now, hash_of(token))).fetchone()
    return Spent(*row) if row else None


def rotate(conn: Connection, token: str, found: Spent, now: datetime, until: datetime) -> str:
    """Spends the token for a new one; a successor that was lost on its way is good no more."""
    successor = _new_token(conn, found.session)
    if found.successor is not None:
        conn.execute(_DROP, (now, found.successor))
    conn.execute(_SPEND, (hash_of(successor), now, found.used_at is not None, hash_of(token)))
    conn.execute(_USED, (now, until, found.session))
    return successor


class Renewed(NamedTuple):
    """What the next access token says, and the key that signs it."""

    session: str
    user_id: str
    language: str
    version: int
    kid: str
    sealed: bytes


# The common case in one round trip, which is most of what a refresh costs. Of two at once with one token the second
# waits for the lock, sees the token spent, and finds nothing here.
_RENEW = """
WITH found AS (
    SELECT t.hash, s.id, s.user_id FROM refresh_tokens AS t JOIN sessions AS s ON s.id = t.session
    WHERE t.hash = $1::bytea AND t.used_at IS NULL AND s.ended_at IS NULL AND s.expires_at > $3::timestamptz
    FOR UPDATE OF s, t),
spent AS (
    UPDATE refresh_tokens AS t SET successor = $2::bytea, used_at = $3::timestamptz FROM found
    WHERE t.hash = found.hash),
made AS (
    INSERT INTO refresh_tokens (hash, session) SELECT $2::bytea, id FROM found),
used AS (
    UPDATE sessions AS s SET used_at = $3::timestamptz, expires_at = $4::timestamptz FROM found WHERE s.id = found.id)
SELECT found.id::text, u.id, u.language, u.version, k.kid, k.sealed
FROM found JOIN users AS u ON u.id = found.user_id JOIN signing_keys AS k ON k.state = 'active'
"""


def renew(at_once: Writing, token: str, now: datetime, until: datetime) -> tuple[Renewed, str] | None:
    """Spends a good token for a new one; None for any other, which `find` tells more about.

    When the answer is lost and the statement is sent again, the token is spent already: `find` takes it for a retry.
    """
    successor = secret_text()
    hashes = (f"\\x{hash_of(each).hex()}" for each in (token, successor))
    rows = at_once.rows(_RENEW, *hashes, now.isoformat(), until.isoformat())
    return (Renewed(*rows[0]), successor) if rows else None


def unused(conn: Connection, token_hash: bytes | None) -> bool:
    """Whether the token was not spent yet."""
    row = conn.execute("SELECT used_at IS NULL FROM refresh_tokens WHERE hash = %s", (token_hash,)).fetchone()
    return bool(row and row[0])


def is_alive(conn: Connection, session: UUID, user_id: str, now: datetime) -> bool:
    """Whether the session of an access token still stands."""
    query = f"SELECT FROM sessions WHERE id = %s AND user_id = %s AND {_ALIVE}"
    return conn.execute(query.encode(), (session, user_id, now)).rowcount > 0


def of_user(conn: Connection, user_id: str, now: datetime) -> list[Session]:
    """The user's sessions that stand, newest use first."""
    query = (
        f"SELECT id, device, started_at, used_at FROM sessions WHERE user_id = %s AND {_ALIVE} ORDER BY used_at DESC"
    )
    return [Session(*row) for row in conn.execute(query.encode(), (user_id, now))]


def known_source(conn: Connection, user_id: str, source: bytes, since: datetime) -> bool:
    """Whether the user signed in from there lately."""
    query = "SELECT FROM sessions WHERE user_id = %s AND source = %s AND used_at > %s LIMIT 1"
    return conn.execute(query, (user_id, source, since)).rowcount > 0


def signed_in_before(conn: Connection, user_id: str) -> bool:
    """Whether this will not be the user's first session."""
    return conn.execute("SELECT FROM sessions WHERE user_id = %s LIMIT 1", (user_id,)).rowcount > 0


def end(conn: Connection, user_id: str, session: UUID, why: str, now: datetime) -> bool:
    """Ends one session of the user; False when there is none that stands."""
    query = f"UPDATE sessions SET ended_at = %s, ended_why = %s WHERE id = %s AND user_id = %s AND {_ALIVE}"
    return conn.execute(query.encode(), (now, why, session, user_id, now)).rowcount > 0


def end_all(conn: Connection, user_id: str, why: str, now: datetime, but: UUID | None = None) -> int:
    """Ends the user's sessions, except one."""
    query = f"""
    UPDATE sessions SET ended_at = %s, ended_why = %s WHERE user_id = %s AND {_ALIVE} AND id IS DISTINCT FROM %s
    """
    return conn.execute(query.encode(), (now, why, user_id, now, but)).rowcount


def sweep(conn: Connection, before: datetime) -> None:
    """Removes sessions that ended long ago, with their tokens."""
    conn.execute("DELETE FROM sessions WHERE coalesce(ended_at, expires_at) < %s", (before,))
