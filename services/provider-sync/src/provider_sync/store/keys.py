"""API keys: a public id and the SHA-256 of the secret; and the audit of what is no fact."""

from datetime import datetime
from typing import Any, NamedTuple

from psycopg.types.json import Jsonb

from common.postgres import Connection

_FIND = """
SELECT id, owner, hash, scopes, label, issued_at, expires_at, revoked_at FROM api_keys
"""
_LIVE = "WHERE id = %s AND revoked_at IS NULL AND (expires_at IS NULL OR expires_at > now())"
_ADD = "INSERT INTO api_keys (id, owner, hash, scopes, label, expires_at) VALUES (%s, %s, %s, %s, %s, %s)"
_REVOKE = "UPDATE api_keys SET revoked_at = now() WHERE id = %s AND revoked_at IS NULL"
_LIVE_OF = """
SELECT count(*) FROM api_keys
WHERE owner = %s AND label = %s AND revoked_at IS NULL AND (expires_at IS NULL OR expires_at > now())
"""
_AUDIT = "INSERT INTO audit (who, act, subject, detail, why) VALUES (%s, %s, %s, %s, %s)"
_EXPIRE = """
UPDATE api_keys SET expires_at = least(expires_at, %s) WHERE id = %s
RETURNING id, owner, hash, scopes, label, issued_at, expires_at, revoked_at
"""
_ISSUING_LOCK = 7_206_040
_OPERATORS_LIVE = """
SELECT EXISTS (SELECT FROM api_keys
    WHERE scopes = '{operator}' AND revoked_at IS NULL AND (expires_at IS NULL OR expires_at > now()))
"""


class Key(NamedTuple):
    """A key without its secret."""

    id: str
    owner: str
    hash: bytes
    scopes: list[str]
    label: str
    issued_at: datetime
    expires_at: datetime | None
    revoked_at: datetime | None


def live(conn: Connection, ident: str) -> Key | None:
    """The key if it may be used now."""
    row = conn.execute(_FIND + _LIVE, (ident,)).fetchone()
    return Key(*row) if row else None


def find(conn: Connection, ident: str) -> Key | None:
    """The key, whatever became of it."""
    row = conn.execute(_FIND + "WHERE id = %s", (ident,)).fetchone()
    return Key(*row) if row else None


def every(conn: Connection) -> list[Key]:
    """All keys, by owner."""
    return [Key(*row) for row in conn.execute(_FIND + "ORDER BY owner, issued_at").fetchall()]


def add(conn: Connection, key: Key) -> None:
    """A new key."""
    conn.execute(_ADD, (key.id, key.owner, key.hash, key.scopes, key.label, key.expires_at))


def revoke(conn: Connection, ident: str) -> bool:
    """Ends a key; False when it was no live one."""
    return conn.execute(_REVOKE, (ident,)).rowcount == 1


def live_of(conn: Connection, owner: str, label: str) -> int:
    """How many live keys an owner has under a label."""
    row = conn.execute(_LIVE_OF, (owner, label)).fetchone()
    return int(row[0]) if row else 0


def expire(conn: Connection, ident: str, at: datetime) -> Key:
    """Ends a key at an instant to come, unless it ends before; returns it as it stands then."""
    row = conn.execute(_EXPIRE, (at, ident)).fetchone()
    if row is None:
        raise LookupError(ident)
    return Key(*row)


def lock_issuing(conn: Connection) -> None:
    """Keys are issued one after the other: two live ones are counted right, and there is one first operator."""
    conn.execute("SELECT pg_advisory_xact_lock(%s)", (_ISSUING_LOCK,))


def operators_live(conn: Connection) -> bool:
    """Whether any operator has a key that may be used."""
    row = conn.execute(_OPERATORS_LIVE).fetchone()
    return bool(row and row[0])


def audit(conn: Connection, who: str, act: str, subject: str, detail: dict[str, Any], why: str = "") -> None:
    """Who did what, and why."""
    conn.execute(_AUDIT, (who, act, subject, Jsonb(detail), why))
