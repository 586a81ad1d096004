"""Answers kept under an Idempotency-Key, in the table that common gives every service."""

import json
from datetime import datetime
from typing import Any, NamedTuple

from common.postgres import Connection


class Answer(NamedTuple):
    """What the first call was answered."""

    status: int
    body: dict[str, Any]


# A call that died leaves its key without an answer; after a while the next one may take it over.
_CLAIM = """
INSERT INTO idempotency_keys AS k (owner, key, digest) VALUES (%(owner)s, %(key)s, %(digest)s)
ON CONFLICT (owner, key) DO UPDATE SET created_at = now()
WHERE k.status IS NULL AND k.digest = excluded.digest AND k.created_at < %(abandoned)s
"""
_KNOWN = "SELECT digest, status, body FROM idempotency_keys WHERE owner = %s AND key = %s"
_SETTLE = "UPDATE idempotency_keys SET status = %s, body = %s WHERE owner = %s AND key = %s"
_RELEASE = "DELETE FROM idempotency_keys WHERE owner = %s AND key = %s AND status IS NULL"


def claim(conn: Connection, owner: str, key: str, digest: str, abandoned: datetime) -> bool:
    """Whether this call is the one that works; claims older than `abandoned` are taken over."""
    values = {"owner": owner, "key": key, "digest": digest, "abandoned": abandoned}
    return conn.execute(_CLAIM, values).rowcount > 0


def known(conn: Connection, owner: str, key: str) -> tuple[str, Answer | None]:
    """The digest a key is bound to and its answer; no answer while the first call works."""
    row = conn.execute(_KNOWN, (owner, key)).fetchone()
    if row is None:
        return "", None
    return row[0], Answer(row[1], row[2]) if row[1] is not None else None


def settle(conn: Connection, owner: str, key: str, answer: Answer) -> None:
    """Keeps the answer for repeats."""
    conn.execute(_SETTLE, (answer.status, json.dumps(answer.body), owner, key))


def release(conn: Connection, owner: str, key: str) -> None:
    """Nothing was done under the key."""
    conn.execute(_RELEASE, (owner, key))


def sweep(conn: Connection, before: datetime) -> None:
    """Removes old answers."""
    conn.execute("DELETE FROM idempotency_keys WHERE created_at < %s", (before,))
