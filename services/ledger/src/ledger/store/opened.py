"""An account's open months in one statement: the check of access, the month before, and all that came after it.

It is asked for by the account itself, as an issued month is (store/issued.py); who is masked gets no row.
"""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import msgspec

from common.reading import Reading
from ledger.domain.base import Stated
from ledger.domain.entry import Entry
from ledger.domain.split import Opening
from ledger.domain.statement import OpenAccount
from ledger.events import said
from ledger.store.months import shown
from ledger.store.reads import REFERENCE_STAMP, Visible

# $1 topic, $2 user, $3 account
_OPENED = f"""
SELECT l.user_id, l.account, l.closed_through, coalesce(h.version, 0), h.parked_at, {REFERENCE_STAMP},
       s.data, to_char(s.cut_off, 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'), open_months($3, l.closed_through)
FROM seen AS l
LEFT JOIN LATERAL (
    SELECT data, cut_off FROM statements WHERE account = $3 AND period = l.closed_through
    ORDER BY version DESC LIMIT 1) AS s ON true
LEFT JOIN stream_heads AS h ON h.topic = $1 AND h.key = $3
WHERE l.user_id = $2 AND l.account = $3 AND NOT l.masked
"""


class _Parts(msgspec.Struct, array_like=True):
    entries: list[Entry]
    openings: list[tuple[str, int, dict[str, int]]]
    changes: list[Stated]
    readings: Mapping[str, Sequence[said.Reading]]


_parts_of = msgspec.json.Decoder(_Parts).decode


class Opened(NamedTuple):
    """An account the caller may see, its open months, and the cut-off of the last closed one."""

    visible: Visible
    account: OpenAccount
    cut_off: str | None


def opened(reading: Reading, topic: str, user: str, account: str) -> Opened | None:
    """The open months of an account, for a user who may see it."""
    rows = reading.rows(_OPENED, topic, user, account)
    if not rows:
        return None
    user, account, closed_through, position, stale_since, stamp, data, cut_off, parts = rows[0]
    visible = Visible(user, account, closed_through, position, stale_since, False, None, None, None, 0, stamp)
    return Opened(visible, _account(visible, data, _parts_of(parts)), cut_off)


def _account(visible: Visible, before: str | None, parts: _Parts) -> OpenAccount:
    return OpenAccount(
        visible.account,
        visible.closed_through,
        visible.position,
        {service: Opening(amount, aged) for service, amount, aged in parts.openings},
        parts.entries,
        parts.changes,
        parts.readings,
        shown(before) if before else None,
    )
