"""Accounts that stand still: which of them were said to, and what is the cause."""

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from common.postgres import Connection

# A gap that closes by itself within a minute is the channel's way, not news.
_NEW = """
INSERT INTO parked_said AS s (account, since)
SELECT key, parked_at FROM stream_heads
WHERE topic = %(topic)s AND parked_at IS NOT NULL AND (reason <> 'gap' OR parked_at < now() - interval '1 minute')
  AND NOT EXISTS (SELECT FROM parked_said WHERE account = key)
ON CONFLICT DO NOTHING RETURNING account
"""
_CAUSES = """
SELECT h.key, h.version, h.reason, h.parked_at, d.value, d.headers
FROM stream_heads AS h LEFT JOIN LATERAL (
    SELECT value, headers FROM dead_letters
    WHERE topic = h.topic AND key = h.key AND dismissed_at IS NULL AND replayed_at IS NULL
    ORDER BY "offset" LIMIT 1) AS d ON true
WHERE h.topic = %s AND h.key = ANY(%s) ORDER BY h.key
"""
_OVER = """
DELETE FROM parked_said AS s
WHERE NOT EXISTS (SELECT FROM stream_heads WHERE topic = %s AND key = s.account AND parked_at = s.since)
RETURNING s.account, s.since
"""
_HEADS = "SELECT key, version FROM stream_heads WHERE topic = %s AND key = ANY(%s)"
_DISMISSED = """
SELECT key, value FROM dead_letters
WHERE topic = %s AND key = ANY(%s) AND dismissed_at IS NOT NULL AND value IS NOT NULL ORDER BY "offset"
"""


class Cause(NamedTuple):
    """Why an account stands still: after `position`, since when, and the record that is the cause, if one came."""

    account: str
    position: int
    reason: str
    since: datetime
    record: bytes | None
    type: str | None


class Over(NamedTuple):
    """An account that goes on, applied through `position`; `dismissed` records of it were passed over for good."""

    account: str
    since: datetime
    position: int
    dismissed: Sequence[bytes]


def alone(conn: Connection) -> bool:
    """Whether this transaction is the one that looks now; others need not wait for it."""
    row = conn.execute("SELECT pg_try_advisory_xact_lock(hashtext('ledger.parked'))").fetchone()
    return bool(row and row[0])


def newly_parked(conn: Connection, topic: str) -> list[Cause]:
    """The accounts not yet said to be parked; they count as said from now on."""
    found = [account for (account,) in conn.execute(_NEW, {"topic": topic}).fetchall()]
    return [Cause(*row) for row in conn.execute(_CAUSES, (topic, found)).fetchall()] if found else []


def resumed(conn: Connection, topic: str) -> list[Over]:
    """The accounts said to be parked that are so no more, or were parked anew meanwhile."""
    over = conn.execute(_OVER, (topic,)).fetchall()
    if not over:
        return []
    accounts = [account for account, _ in over]
    heads = dict(conn.execute(_HEADS, (topic, accounts)).fetchall())
    dismissed: dict[str, list[bytes]] = {}
    for account, value in conn.execute(_DISMISSED, (topic, accounts)).fetchall():
        dismissed.setdefault(account, []).append(bytes(value))
    return [Over(account, since, heads.get(account, 0), dismissed.get(account, [])) for account, since in over]
