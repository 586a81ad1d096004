"""The unmatched queue as operators act on it: one payment with what undoes it, and its return."""

from datetime import datetime

from common.postgres import Connection
from provider_sync.domain.world import Waiting

_WAITING = """
SELECT q.number, p.id, q.reference, q.content FROM unmatched AS q JOIN providers AS p ON p.no = q.provider
WHERE p.id = %(provider)s AND q.matched_at IS NULL AND q.returned_at IS NULL
    AND (q.reference = %(reference)s OR q.content::json -> 'reverses' ->> 'reference' = %(reference)s)
    AND q.number = (SELECT number FROM unmatched WHERE provider = p.no AND reference = %(reference)s)
ORDER BY q.id FOR UPDATE OF q
"""
_NUMBER = """
SELECT q.number FROM unmatched AS q JOIN providers AS p ON p.no = q.provider
WHERE p.id = %s AND q.reference = %s AND q.content::json ->> 'kind' = 'payment.received'
"""
_RETURN = """
UPDATE unmatched AS q SET returned_at = %s, returned_by = %s, returned_reason = %s
FROM providers AS p WHERE p.no = q.provider AND p.id = %s AND q.reference = %s
"""


def number_of(conn: Connection, provider: str, reference: str) -> str | None:
    """The number a payment was sent under, if it was ever queued."""
    row = conn.execute(_NUMBER, (provider, reference)).fetchone()
    return row[0] if row else None


def waiting(conn: Connection, provider: str, reference: str) -> list[Waiting]:
    """A payment and what undoes it, in order of arrival, while both wait; the caller holds the lock of their number."""
    rows = conn.execute(_WAITING, {"provider": provider, "reference": reference}).fetchall()
    return [Waiting(provider_, reference_, content) for _, provider_, reference_, content in rows]


def give_back(conn: Connection, provider: str, reference: str, at: datetime, who: str, why: str) -> None:
    """The payment goes back to its payer and waits no more."""
    conn.execute(_RETURN, (at, who, why, provider, reference))
