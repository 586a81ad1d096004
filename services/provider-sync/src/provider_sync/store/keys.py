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
_AUDIT = "INSERT INTO audit (who, act, subject, detail) VALUES (%s, %s, %s, %s)"


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
    """The key if it may be used now; asked on every call, so that a revocation holds at once."""
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


def audit(conn: Connection, who: str, act: str, subject: str, detail: dict[str, Any]) -> None:
    """Who did what."""
    conn.execute(_AUDIT, (who, act, subject, Jsonb(detail)))
