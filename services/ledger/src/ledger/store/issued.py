"""An issued month as it is handed out: one statement answers the check of access, the document and what came since.

It is asked for by the account itself, for then PostgreSQL goes to the one part of each table where the account is. Who
knows the account by another number, is masked, or asks for what was issued before documents were kept, gets no row.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

import msgspec

from common.reading import Reading
from ledger.domain.entry import Moved
from ledger.domain.split import Opening, SplitRule
from ledger.domain.statement import payment_shown
from ledger.events import said

# $1 topic, $2 user, $3 account, $4 period
_ISSUED = """
SELECT l.account, l.closed_through, coalesce(h.version, 0), h.parked_at, l.masked, s.id::text, s.document,
       to_char(c.cut_off, 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'), c.due_at_close,
       came($3, l.closed_through)
FROM seen AS l
JOIN LATERAL (
    SELECT id, document FROM statements WHERE account = $3 AND period = $4
    ORDER BY version DESC LIMIT 1) AS s ON s.document IS NOT NULL
JOIN statements AS c
    ON c.account = $3 AND c.period = l.closed_through AND c.version = 1 AND c.due_at_close IS NOT NULL
LEFT JOIN stream_heads AS h ON h.topic = $1 AND h.key = $3
WHERE l.user_id = $2 AND l.account = $3 AND NOT l.masked
"""
_Payments = list[tuple[str, str, int, str]]
_Openings = list[tuple[str, int, dict[str, int]]]
_came_of = msgspec.json.Decoder(tuple[list[Moved], _Payments, _Openings, list[SplitRule]]).decode


class Came(NamedTuple):
    """What came after the last closed month, the payments of it, what that month left, and the rules that split."""

    moved: Sequence[Moved]
    payments: list[said.PaymentShown]
    openings: dict[str, Opening]
    rules: Sequence[SplitRule]


class Issued(NamedTuple):
    """An issued statement's document, and where its account stands: closed through, applied, since when it is stale.

    `cut_off` and `due_at_close` are those of the last closed month; `came` is None when nothing came after it.
    """

    account: str
    closed_through: str
    position: int
    stale_since: datetime | None
    masked: bool
    statement: str
    document: str
    cut_off: str
    due_at_close: str
    came: Came | None


def issued(reading: Reading, topic: str, user: str, account: str, period: str) -> Issued | None:
    """The newest version of a closed month, for a user who may see the account."""
    rows = reading.rows(_ISSUED, topic, user, account, period)
    if not rows:
        return None
    *told, came = rows[0]
    return Issued._make((*told, _came(came) if came else None))


def _came(text: str) -> Came:
    moved, payments, openings, rules = _came_of(text)
    shown = [payment_shown(*payment) for payment in payments]
    return Came(moved, shown, {service: Opening(amount, aged) for service, amount, aged in openings}, rules)
