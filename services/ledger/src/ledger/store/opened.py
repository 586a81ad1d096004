"""An account's open months in one statement: the check of access, the month before, and all that came after it.

It is asked for by the account itself, as an issued month is (store/issued.py); who is masked gets no row.
"""

from collections.abc import Mapping
from typing import NamedTuple

from common.parts import part_of, parted
from common.reading import Reading
from ledger.domain.entry import Entry
from ledger.domain.statement import OpenAccount
from ledger.events import said
from ledger.store import texts
from ledger.store.months import shown
from ledger.store.reads import REFERENCE_STAMP, Visible
from ledger.store.texts import CHANGES, COMMON, OPENINGS, Common, gathered, joined, lines, told

# Times are left out: of an open month they are not shown. Of each meter the last two readings.
_POSTED = joined(
    "period", "sequence", "line", "kind", "part", "service", "coalesce(provider, '')", "amount", "reference",
    "coalesce(for_period, '')", "coalesce(shown::text, '')", "detail",
)  # fmt: skip
_ENTRIES = f"""
LATERAL (SELECT {gathered(_POSTED)} AS entries, array_agg(shown) AS shown
         FROM (SELECT * FROM postings@ WHERE account = $3 AND period > l.closed_through
               ORDER BY period, sequence, line) AS p)"""
_READINGS = """
LATERAL (SELECT array_agg(meter), array_agg(value), array_agg(taken_on::text), array_agg(source)
         FROM (SELECT DISTINCT meter FROM readings@ WHERE account = $3) AS m CROSS JOIN LATERAL (
             SELECT value, taken_on, source FROM readings@ WHERE account = $3 AND meter = m.meter
             ORDER BY taken_on DESC, sequence DESC LIMIT 2) AS last)"""
# $1 topic, $2 user, $3 account
_OPENED = parted(
    f"""
SELECT l.user_id, l.account, l.closed_through, coalesce(h.version, 0), h.parked_at, {REFERENCE_STAMP},
       s.data, to_char(s.cut_off, 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'), e.entries, d.*, o.*, c.*, r.*
FROM seen AS l
LEFT JOIN LATERAL (
    SELECT data, cut_off FROM statements@ WHERE account = $3 AND period = l.closed_through
    ORDER BY version DESC LIMIT 1) AS s ON true
LEFT JOIN stream_heads AS h ON h.topic = $1 AND h.key = $3
CROSS JOIN {_ENTRIES} AS e CROSS JOIN {COMMON} AS d CROSS JOIN {OPENINGS} AS o CROSS JOIN {_READINGS} AS r
CROSS JOIN {CHANGES} AS c
WHERE l.user_id = $2 AND l.account = $3 AND NOT l.masked AND @has($3)
"""
)


class Opened(NamedTuple):
    """An account the caller may see, its open months, and the cut-off of the last closed one."""

    visible: Visible
    account: OpenAccount
    cut_off: str | None


def opened(reading: Reading, topic: str, user: str, account: str) -> Opened | None:
    """The open months of an account, for a user who may see it."""
    found = reading.rows(_OPENED[part_of(account)], topic, user, account)
    if not found:
        return None
    user, account, closed_through, position, stale_since, stamp, before, cut_off = found[0][:8]
    entries, shared, left, said_of, *read = found[0][8:]
    months = OpenAccount(
        account,
        closed_through,
        position,
        texts.openings(left),
        _entries(account, entries, texts.common(shared)),
        texts.changes(said_of),
        _readings(read),
        shown(before) if before else None,
    )
    visible = Visible(user, account, closed_through, position, stale_since, False, None, None, None, 0, stamp)
    return Opened(visible, months, cut_off)


def _entries(account: str, text: str | None, shared: Mapping[str, Common]) -> list[Entry]:
    found = []
    for period, sequence, line, kind, part, service, by, amount, reference, for_period, number, own in lines(text, 12):
        provider, detail = told(shared.get(number), by, own)
        counted = account, period, int(sequence), int(line), kind, part, service, provider, int(amount)
        found.append(Entry(*counted, reference, for_period or None, "", "", detail))
    return found


def _readings(columns: texts.Columns) -> dict[str, list[said.Reading]]:
    found: dict[str, list[said.Reading]] = {}
    for meter, *read in texts.rows(columns):
        found.setdefault(meter, []).append(said.Reading(*read))
    return found
