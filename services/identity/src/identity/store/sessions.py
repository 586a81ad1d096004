"""Sessions: families of refresh tokens, of which one is good at a time: the one the row counts."""

from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from common.postgres import Connection
from common.reading import Writing
from identity.gateways.refreshing import Held


class Session(NamedTuple):
    """One signed-in device."""

    id: UUID
    device: str
    started_at: datetime
    used_at: datetime


_ALIVE = "ended_at IS NULL AND expires_at > %s"


class Renewed(NamedTuple):
    """The refresh token that is good now, what the next access token says, and the key that signs it."""

    generation: int
    user_id: str
    language: str
    version: int
    kid: str
    sealed: bytes


# All of a refresh in one round trip and one changed row. Of two at once with one token the second waits for the row,
# looks at it again, and is the retry.
_RENEW = """
UPDATE sessions AS s SET
    generation = s.generation + 1, retried = s.generation <> $2::bigint,
    used_at = $3::timestamptz, expires_at = $4::timestamptz
FROM users AS u, signing_keys AS k
WHERE s.id = $1::uuid AND s.ended_at IS NULL AND s.expires_at > $3::timestamptz
    AND (s.generation = $2::bigint
        OR s.generation = $2::bigint + 1 AND NOT s.retried AND s.used_at >= $5::timestamptz)
    AND u.id = s.user_id AND k.state = 'active'
RETURNING s.generation, u.id, u.language, u.version, k.kid, k.sealed
"""


def renew(at_once: Writing, held: Held, now: datetime, until: datetime, retry_since: datetime) -> Renewed | None:
    """Spends the good token for the next one; or the one before it, once, when it was spent after `retry_since`.

    The successor that was lost is then good no more. When the answer is lost between here and the database and the
    statement is sent again, that is the one retry.
    """
    given = (str(held.session), str(held.generation), now.isoformat(), until.isoformat(), retry_since.isoformat())
    rows = at_once.rows(_RENEW, *given)
    return Renewed(*rows[0]) if rows else None


_END_DOUBTED = f"""
UPDATE sessions SET ended_at = %s, ended_why = CASE WHEN generation > %s THEN 'refresh-reused' ELSE 'restored' END
WHERE id = %s AND generation <> %s AND {_ALIVE} RETURNING user_id, ended_why = 'refresh-reused'
"""


def end_doubted(conn: Connection, held: Held, now: datetime) -> str | None:
    """Ends the session of a token that is not good, if it still stands; returns whose it was when the token was spent.

    A token that is still to come was made before the store was restored to an earlier moment.
    """
    given = (now, held.generation, held.session, held.generation, now)
    row = conn.execute(_END_DOUBTED.encode(), given).fetchone()
    return row[0] if row and row[1] else None


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
