"""An issued month as it is handed out: one statement answers the check of access, the document and what came since.

It is asked for by the account itself, for then PostgreSQL goes to the one part of each table where the account is. Who
knows the account by another number, is masked, or asks for what was issued before documents were kept, gets no row.
"""

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

import msgspec

from common.parts import part_of, parted
from common.reading import Reading
from ledger.domain.entry import Moved
from ledger.domain.split import Opening
from ledger.domain.statement import payment_shown
from ledger.events import said
from ledger.store.reads import REFERENCE_STAMP
from ledger.store.texts import OPENINGS, Common, gathered, joined, lines, openings, told

# Of each share of a payment its fact and amount; of the first what is shown of the payment, too, and what that has in
# common with others.
_COMMON, _NOTHING = joined("of_all.provider", "of_all.data"), joined("''", "''")
_SHARED = f"coalesce((SELECT {_COMMON} FROM details AS of_all WHERE no = shown), {_NOTHING})"
_SHARE = joined("sequence", "amount")
_FIRST = joined(_SHARE, "reference", "coalesce(provider, '')", _SHARED, "detail")
# What counts of postings, as JSON; and the shares of payments.
_MOVED = f"""
LATERAL (SELECT '[' || string_agg('["' || period || '","' || service || '","' || part || '",' || amount || ']', ',')
                    || ']',
                {gathered(f"CASE WHEN line > 0 THEN {_SHARE} ELSE {_FIRST} END")}
                    FILTER (WHERE kind IN ('payment.received', 'payment.reversed'))
         FROM postings@ WHERE account = $3 AND period > l.closed_through)"""
# $1 topic, $2 user, $3 account, $4 period
_ISSUED = parted(
    f"""
SELECT l.account, l.closed_through, coalesce(h.version, 0), h.parked_at, l.masked, s.id::text, s.document,
       to_char(c.cut_off, 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'), c.due_at_close, {REFERENCE_STAMP}, e.*, o.*
FROM seen AS l
JOIN LATERAL (
    SELECT id, document FROM statements@ WHERE account = $3 AND period = $4
    ORDER BY version DESC LIMIT 1) AS s ON s.document IS NOT NULL
JOIN statements@ AS c
    ON c.account = $3 AND c.period = l.closed_through AND c.version = 1 AND c.due_at_close IS NOT NULL
LEFT JOIN stream_heads AS h ON h.topic = $1 AND h.key = $3
CROSS JOIN {_MOVED} AS e CROSS JOIN {OPENINGS} AS o
WHERE l.user_id = $2 AND l.account = $3 AND NOT l.masked AND @has($3)
"""
)


class Came(NamedTuple):
    """What came after the last closed month, the payments of it, and what that month left."""

    moved: Sequence[Moved]
    payments: list[said.PaymentShown]
    openings: dict[str, Opening]


class Issued(NamedTuple):
    """An issued statement's document, and where its account stands: closed through, applied, since when it is stale.

    `cut_off` and `due_at_close` are those of the last closed month; `came` is None when nothing came after it.
    `reference_stamp` changes with the directory and the rules.
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
    reference_stamp: int
    came: Came | None


def issued(reading: Reading, topic: str, user: str, account: str, period: str) -> Issued | None:
    """The newest version of a closed month, for a user who may see the account."""
    found = reading.rows(_ISSUED[part_of(account)], topic, user, account, period)
    if not found:
        return None
    stands, came = found[0][:10], found[0][10:]
    return Issued._make((*stands, _came(*came) if came[0] else None))


def _came(moved: str, payments: str | None, left: str | None) -> Came:
    return Came(_moved_of(moved), _payments(payments), openings(left))


_moved_of = msgspec.json.Decoder(list[Moved]).decode


def _payments(text: str | None) -> list[said.PaymentShown]:
    amounts, firsts = defaultdict[int, int](int), list[tuple[int, list[str]]]()
    for sequence, amount, *first in lines(text, 7):
        amounts[int(sequence)] += int(amount)
        if first:
            firsts.append((int(sequence), first))
    return [_payment(amounts[sequence], *first) for sequence, first in sorted(firsts)]


def _payment(amount: int, reference: str, by: str, by_all: str, data: str, own: str) -> said.PaymentShown:
    provider, detail = told(Common(by_all, data) if data else None, by, own)
    return payment_shown(reference, provider, amount, detail)
