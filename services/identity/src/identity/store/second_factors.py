"""Second factors: a sealed secret with the newest step taken, and recovery codes as hashes."""

import hashlib
from collections.abc import Iterable
from datetime import datetime
from typing import NamedTuple

from common.postgres import Connection


class Factor(NamedTuple):
    """A resident's second factor; asked for from `confirmed_at` on."""

    sealed: bytes
    last_step: int
    confirmed_at: datetime | None


_BEGIN = """
INSERT INTO second_factors AS f (user_id, sealed) VALUES (%s, %s)
ON CONFLICT (user_id) DO UPDATE SET sealed = excluded.sealed, last_step = 0 WHERE f.confirmed_at IS NULL
"""
_LOCK = "SELECT sealed, last_step, confirmed_at FROM second_factors WHERE user_id = %s FOR UPDATE"
_TAKE = "UPDATE second_factors SET last_step = %s, confirmed_at = coalesce(confirmed_at, %s) WHERE user_id = %s"


def begin(conn: Connection, user_id: str, sealed: bytes) -> bool:
    """Keeps a secret that waits for its first code; False when a factor is on already."""
    return conn.execute(_BEGIN, (user_id, sealed)).rowcount > 0


def lock(conn: Connection, user_id: str) -> Factor | None:
    """The factor, locked: of two uses of one code the second sees the first."""
    row = conn.execute(_LOCK, (user_id,)).fetchone()
    return Factor(bytes(row[0]), row[1], row[2]) if row else None


def is_on(conn: Connection, user_id: str) -> bool:
    """Whether signing in asks for a code."""
    query = "SELECT FROM second_factors WHERE user_id = %s AND confirmed_at IS NOT NULL"
    return conn.execute(query, (user_id,)).rowcount > 0


def take(conn: Connection, user_id: str, step: int, now: datetime) -> None:
    """The code of this step was used; the first one turns the factor on."""
    conn.execute(_TAKE, (step, now, user_id))


def remove(conn: Connection, user_id: str, since: datetime | None = None) -> bool:
    """Turns the factor off, or only one turned on since; False when there was none."""
    query = "DELETE FROM second_factors WHERE user_id = %s AND (%s::timestamptz IS NULL OR confirmed_at > %s)"
    removed = conn.execute(query, (user_id, since, since)).rowcount > 0
    if removed:
        conn.execute("DELETE FROM recovery_codes WHERE user_id = %s", (user_id,))
    return removed


def replace_codes(conn: Connection, user_id: str, codes: Iterable[str]) -> None:
    """New recovery codes; the earlier ones are good no more."""
    conn.execute("DELETE FROM recovery_codes WHERE user_id = %s", (user_id,))
    query = "INSERT INTO recovery_codes (user_id, hash) SELECT %s, unnest(%s::bytea[])"
    conn.execute(query, (user_id, [_hash(code) for code in codes]))


def spend_code(conn: Connection, user_id: str, code: str, now: datetime) -> bool:
    """Spends a recovery code; False when it is not one of the good ones."""
    query = "UPDATE recovery_codes SET used_at = %s WHERE user_id = %s AND hash = %s AND used_at IS NULL"
    return conn.execute(query, (now, user_id, _hash(code))).rowcount > 0


def codes_left(conn: Connection, user_id: str) -> int:
    """How many recovery codes are good."""
    query = "SELECT count(*) FROM recovery_codes WHERE user_id = %s AND used_at IS NULL"
    row = conn.execute(query, (user_id,)).fetchone()
    return int(row[0]) if row else 0


def _hash(code: str) -> bytes:
    return hashlib.sha256(code.encode(errors="replace")).digest()
