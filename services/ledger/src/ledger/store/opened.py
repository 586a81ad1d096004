"""An account's open months in one statement: the check of access, the month before, and all that came after it.

It is asked for by the account itself, as an issued month is (store/issued.py); who is masked gets no row.
"""

from typing import NamedTuple

from common.parts import part_of, parted
from common.reading import Reading
from ledger.domain.entry import Entry
from ledger.domain.statement import OpenAccount
from ledger.events import said
from ledger.store.columns import CHANGES, COMMON, OPENINGS, Columns, changes, common, openings, rows, told
from ledger.store.months import shown
from ledger.store.reads import REFERENCE_STAMP, Visible

# Times are left out: of an open month they are not shown. Of each meter the last two readings.
_ENTRIES = """
LATERAL (SELECT array_agg(period), array_agg(sequence), array_agg(line), array_agg(kind::text), array_agg(part::text),
                array_agg(service), array_agg(provider), array_agg(amount), array_agg(reference), array_agg(for_period),
                array_agg(detail), array_agg(shown) AS shown
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
       s.data, to_char(s.cut_off, 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'), e.*, d.*, o.*, r.*, c.*
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
    user, account, closed_through, position, stale_since, stamp, before, cut_off, *rest = found[0]
    months = OpenAccount(
        account,
        closed_through,
        position,
        openings(rest[15:18]),
        _entries(account, rest[:12], rest[12:15]),
        changes(rest[22]),
        _readings(rest[18:22]),
        shown(before) if before else None,
    )
    visible = Visible(user, account, closed_through, position, stale_since, False, None, None, None, 0, stamp)
    return Opened(visible, months, cut_off)


def _entries(account: str, columns: Columns, of_common: Columns) -> list[Entry]:
    shared, found = common(of_common), []
    for period, sequence, line, kind, part, service, by, amount, reference, for_period, own, number in rows(columns):
        provider, detail = told(shared.get(number), by, own)
        posted = (account, period, sequence, line, kind, part, service, provider, amount, reference, for_period)
        found.append(Entry(*posted, "", "", detail))
    return found


def _readings(columns: Columns) -> dict[str, list[said.Reading]]:
    found: dict[str, list[said.Reading]] = {}
    for meter, *read in rows(columns):
        found.setdefault(meter, []).append(said.Reading(*read))
    return found
