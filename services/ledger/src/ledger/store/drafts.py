"""Requests for drafts, kept until the positions they name are applied."""

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from common.postgres import Connection

_ASK = """
INSERT INTO draft_requests (request, account, period, position, asked_at) VALUES (%s, %s, %s, %s, %s)
ON CONFLICT DO NOTHING
"""
# What names a position that never comes is answered all the same after ten seconds, with what there is. One of several
# projectors answers a request, the others leave it alone.
_READY = """
SELECT r.request, r.account, r.period, coalesce(h.reason IS NOT NULL, false)
FROM draft_requests AS r LEFT JOIN stream_heads AS h ON h.topic = %s AND h.key = r.account
WHERE coalesce(h.version, 0) >= r.position OR h.reason IS NOT NULL OR r.asked_at < now() - interval '10 seconds'
ORDER BY r.asked_at LIMIT 100 FOR UPDATE OF r SKIP LOCKED
"""


class Request(NamedTuple):
    """A draft that is asked for; `parked` when the account's log stands still."""

    request: str
    account: str
    period: str
    parked: bool


def ask(conn: Connection, wanted: Sequence[tuple[str, str, str, int]], at: datetime) -> None:
    """Stores requests: id, account, period, position to wait for."""
    conn.cursor().executemany(_ASK, [(*request, at) for request in wanted])


def ready(conn: Connection, accounts_topic: str) -> list[Request]:
    """The requests that can be answered."""
    return [Request(*row) for row in conn.execute(_READY, (accounts_topic,)).fetchall()]


def forget(conn: Connection, requests: Sequence[str]) -> None:
    """Removes what was answered."""
    conn.execute("DELETE FROM draft_requests WHERE request = ANY(%s)", (list(requests),))
