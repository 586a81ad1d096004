"""What the postings of a batch have in common, kept once; a posting keeps its number and its own values."""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from common.postgres import Connection, copy_rows, numbers_for
from common.repeating import MARK, Alike, members, searched, shared, template
from ledger.domain.entry import Entry

_VALUES = members("volume", "reading_previous", "reading_current", "debt", "days", "paid_at", "reference", "amount")


class Common(NamedTuple):
    """Who said postings, when they were recorded, and what is shown of them, with a mark where each value stood."""

    provider: str
    recorded_at: str
    text: str


_NOTHING = (Common("", "", ""), Alike(""))


def parted(entries: Iterable[Entry]) -> list[tuple[Common, str]]:
    """What each posting has in common with others, and its own values with marks between them."""
    last: dict[tuple[str, str, bool], tuple[Common, Alike]] = {}
    found = []
    for e in entries:
        place = e.kind, e.service, e.line == 0
        common, alike = last.get(place, _NOTHING)
        together = common.recorded_at == e.recorded_at and common.provider == e.provider
        values = alike.values(e.detail) if together else None
        if values is None:
            alike, values = searched(_VALUES, e.detail)
            common = Common(e.provider, e.recorded_at, alike.text)
            last[place] = common, alike
        found.append((common, MARK.join(values)))
    return found


def keep(conn: Connection, parts: Sequence[tuple[Common, str]]) -> dict[Common, int]:
    """Keeps what enough of these share, and returns its numbers; they are of use in this transaction only."""
    repeated = shared(common for common, _ in parts)
    if not repeated:
        return {}
    numbers = numbers_for(conn, "details", len(repeated))
    rows = ((no, one.recorded_at, one.provider, template(one.text)) for no, one in zip(numbers, repeated, strict=True))
    with conn.cursor() as cursor:
        copy_rows(cursor, "details (no, recorded_at, provider, data)", rows)
    return dict(zip(repeated, numbers, strict=True))
