"""Postings and base data: written by COPY, read for whole lists of accounts at once."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence

from common.postgres import Connection, copy_lines, copy_rows, escaped
from ledger.domain.entry import Entry
from ledger.domain.split import Dues, Opening, SplitRule
from ledger.projections import ChangeRow, ReadingRow, Ref, Undo
from ledger.store import details

_POSTINGS = """postings (account, period, sequence, line, kind, part, service, provider, amount, reference, for_period,
                         happened_at, recorded_at, detail, shown)"""

# Only open months count, so the cost does not grow with the account's age. Grouped inside, for each account goes to its
# own part of the table by its key; a plain join with fresh statistics reads all sixteen parts.
_OPEN_SUMS = """
SELECT e.* FROM accounts AS a CROSS JOIN LATERAL (
    SELECT account, period, service, part::text, sum(amount)::bigint FROM postings
    WHERE account = a.account AND period > a.closed_through GROUP BY account, period, service, part) AS e
WHERE a.account = ANY(%s)
"""
_OPENINGS = """
SELECT o.account, o.period, o.service, o.amount, o.aged
FROM accounts AS a JOIN openings AS o ON o.account = a.account AND o.period > a.closed_through
WHERE a.account = ANY(%s)
"""
_SPLITS = """
SELECT e.account, e.provider, e.reference, e.service, e.amount
FROM entries AS e JOIN unnest(%s::text[], %s::text[], %s::text[]) AS undone(account, provider, reference)
    USING (account, provider, reference)
WHERE e.kind = 'payment.received' ORDER BY e.line
"""
_RULES = """
SELECT version, effective_from, coalesce(jsonb_object_agg(service, place) FILTER (WHERE service IS NOT NULL), '{}')
FROM split_rules LEFT JOIN split_orders USING (version) GROUP BY version, effective_from
"""
_NULL = "\\N"
_OPEN_ACCOUNTS = """
INSERT INTO accounts (account, partition) SELECT * FROM unnest(%s::text[], %s::smallint[]) ON CONFLICT DO NOTHING
"""
_GIVE_NUMBERS = """
INSERT INTO numbers (number, account) SELECT * FROM unnest(%s::text[], %s::text[]) ON CONFLICT DO NOTHING
"""


def add_entries(conn: Connection, entries: Iterable[Entry]) -> None:
    """Appends postings; raises UniqueViolation when one is there already."""
    posted = list(entries)
    parts = details.parted(posted)
    numbers = details.keep(conn, parts)
    # In the order of the index, which finds its place faster then.
    in_order = sorted(zip(posted, parts, strict=True), key=lambda one: one[0].account)
    lines = (_line(e, own, numbers.get(common)) for e, (common, own) in in_order)
    with conn.cursor() as cursor:
        copy_lines(cursor, _POSTINGS, lines)


def _line(e: Entry, own: str, shown: int | None) -> str:
    happened_at = e.happened_at
    if shown is None:
        provider, recorded_at, detail = escaped(e.provider), e.recorded_at, e.detail
    else:
        provider, recorded_at, detail = _NULL, _NULL, own
        if happened_at == e.recorded_at:
            happened_at = _NULL
    return (
        f"{escaped(e.account)}\t{e.period}\t{e.sequence}\t{e.line}\t{e.kind}\t{e.part}\t{escaped(e.service)}\t"
        f"{provider}\t{e.amount}\t{escaped(e.reference)}\t{e.for_period or _NULL}\t{happened_at}\t{recorded_at}\t"
        f"{escaped(detail)}\t{_NULL if shown is None else shown}"
    )


def add_changes(conn: Connection, changes: Sequence[ChangeRow]) -> None:
    """Appends to the history of base data."""
    if changes:
        with conn.cursor() as cursor:
            copy_rows(cursor, "changes (account, sequence, kind, holds_from, recorded_at, data)", changes)


def add_readings(conn: Connection, readings: Sequence[ReadingRow]) -> None:
    """Appends meter readings."""
    if readings:
        target = "readings (account, meter, taken_on, sequence, value, source, provider, recorded_at)"
        with conn.cursor() as cursor:
            copy_rows(cursor, target, readings)


def open_accounts(conn: Connection, opened: Sequence[tuple[str, int]]) -> None:
    """Makes accounts known, each with the partition of its log."""
    if opened:
        conn.execute(_OPEN_ACCOUNTS, ([a for a, _ in opened], [p for _, p in opened]))


def give_numbers(conn: Connection, numbers: Sequence[tuple[str, str]]) -> None:
    """Notes by which numbers accounts are known; a number never moves."""
    if numbers:
        conn.execute(_GIVE_NUMBERS, ([n for n, _ in numbers], [a for _, a in numbers]))


def dues(conn: Connection, accounts: Collection[str]) -> dict[str, Dues]:
    """What each account owes by its open months."""
    found = {account: Dues() for account in accounts}
    for account, period, service, part, amount in conn.execute(_OPEN_SUMS, (list(accounts),)).fetchall():
        found[account].post(period, service, part, amount)
    for account, openings in openings_of(conn, accounts).items():
        for (period, service), opening in openings.items():
            found[account].open_with(period, service, opening)
    return found


def openings_of(conn: Connection, accounts: Collection[str]) -> dict[str, dict[tuple[str, str], Opening]]:
    """What the first open month of each account was opened with, by (period, service)."""
    found: dict[str, dict[tuple[str, str], Opening]] = defaultdict(dict)
    for account, period, service, amount, aged in conn.execute(_OPENINGS, (list(accounts),)).fetchall():
        found[account][period, service] = Opening(amount, aged)
    return found


def splits(conn: Connection, undone: Sequence[Undo]) -> Mapping[Ref, Mapping[str, int]]:
    """The stored shares of payments that are taken back."""
    found: dict[Ref, dict[str, int]] = defaultdict(dict)
    names = ([u.entry.account for u in undone], [u.provider for u in undone], [u.reference for u in undone])
    for account, provider, reference, service, amount in conn.execute(_SPLITS, names).fetchall():
        found[account, provider, reference][service] = amount
    return found


def rules(conn: Connection) -> list[SplitRule]:
    """Every version of the split rule with its order of services."""
    return [SplitRule(*row) for row in conn.execute(_RULES).fetchall()]
