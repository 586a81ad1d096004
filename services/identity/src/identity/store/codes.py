"""One-time codes, kept as hashes. A code links one account once."""

import hashlib
from datetime import datetime

from common.postgres import Connection
from identity.domain.proof import Proof

_ADD = """
INSERT INTO one_time_codes (hash, account, proof_sequence, proof_day, issued_at, expires_at)
VALUES (%s, %s, %s, %s, %s, %s)
"""
_SPEND = """
UPDATE one_time_codes SET used_at = %(now)s
WHERE hash = %(hash)s AND account = %(account)s AND used_at IS NULL AND expires_at > %(now)s
RETURNING proof_sequence, proof_day
"""


def add(conn: Connection, code: str, account: str, proof: Proof, now: datetime, until: datetime) -> None:
    """Keeps a new code; the account's earlier ones are good no more."""
    conn.execute("DELETE FROM one_time_codes WHERE account = %s AND used_at IS NULL", (account,))
    conn.execute(_ADD, (_hash(code), account, proof.sequence, proof.day, now, until))


def spend(conn: Connection, code: str, account: str, now: datetime) -> Proof | None:
    """What the code stands on; None unless it is a good one of this account. A rollback gives it back."""
    row = conn.execute(_SPEND, {"hash": _hash(code), "account": account, "now": now}).fetchone()
    return Proof(row[0], row[1], "one-time-code") if row else None


def sweep(conn: Connection, before: datetime) -> None:
    """Removes codes whose time ended before."""
    conn.execute("DELETE FROM one_time_codes WHERE expires_at < %s", (before,))


def _hash(code: str) -> bytes:
    return hashlib.sha256(code.encode(errors="replace")).digest()
