"""What the postings of a batch have in common, kept once; a posting keeps its number and its own values."""

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from common.postgres import Connection, copy_rows
from common.repeating import MARK, between, members, searched, template
from ledger.domain.entry import Entry

# What fewer postings of a batch share would take more room than it saves.
_SHARED_BY = 8
_VALUES = members("volume", "reading_previous", "reading_current", "debt", "days", "paid_at", "reference", "amount")
_NUMBERS = "SELECT nextval(pg_get_serial_sequence('details', 'no')) FROM generate_series(1, %s)"


class Common(NamedTuple):
    """Who said postings, when they were recorded, and what is shown of them, with a mark where each value stood."""

    provider: str
    recorded_at: str
    text: str


_NOTHING = (Common("", "", ""), [""])


def parted(entries: Iterable[Entry]) -> list[tuple[Common, str]]:
    """What each posting has in common with others, and its own values with marks between them."""
    last: dict[tuple[str, str, bool], tuple[Common, list[str]]] = {}
    found = []
    for e in entries:
        place = e.kind, e.service, e.line == 0
        common, pieces = last.get(place, _NOTHING)
        alike = common.recorded_at == e.recorded_at and common.provider == e.provider
        values = between(pieces, e.detail) if alike else None
        if values is None:
            pieces, values = searched(_VALUES, e.detail)
            common = Common(e.provider, e.recorded_at, MARK.join(pieces))
            last[place] = common, pieces
        found.append((common, MARK.join(values)))
    return found


def keep(conn: Connection, parts: Sequence[tuple[Common, str]]) -> dict[Common, int]:
    """Keeps what enough of these share, and returns its numbers; they are of use in this transaction only."""
    shared = [common for common, number in Counter(common for common, _ in parts).items() if number >= _SHARED_BY]
    if not shared:
        return {}
    numbers = [no for (no,) in conn.execute(_NUMBERS, (len(shared),)).fetchall()]
    rows = ((no, one.recorded_at, one.provider, template(one.text)) for no, one in zip(numbers, shared, strict=True))
    with conn.cursor() as cursor:
        copy_rows(cursor, "details (no, recorded_at, provider, data)", rows)
    return dict(zip(shared, numbers, strict=True))
