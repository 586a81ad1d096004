"""An account's rows as columns, for what a cabinet reads most: an array a column, all in one row of one statement.

PostgreSQL makes arrays in a third of the time that it takes for JSON, and the driver reads them faster than rows. Each
is a source `FROM` a statement whose `$3` is the account, and `l` its row of `seen`; `@` is the account's part
(`common.parts`).
"""

from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

import msgspec

from common.repeating import filled
from ledger.domain.base import Stated
from ledger.domain.split import Opening

Columns = Sequence[Sequence[Any] | None]

# What the postings in `e.shown` have in common: three columns.
COMMON = "LATERAL (SELECT array_agg(no), array_agg(provider), array_agg(data) FROM details WHERE no = ANY(e.shown))"
# What the last closed month left: two columns, and the ages of debts as JSON.
OPENINGS = """
LATERAL (SELECT array_agg(service), array_agg(amount), '[' || string_agg(aged::text, ',') || ']' FROM openings@
         WHERE account = $3 AND period > l.closed_through AND l.closed_through <> '')"""
# All that was said of base data, as JSON: of values that are plain or JSON already, for json_build_array looks at each.
CHANGES = """
LATERAL (SELECT '[' || string_agg('["' || kind || '",' || sequence || ',"' || holds_from || '","'
                    || to_char(recorded_at, 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') || '",' || data || ']', ',') || ']'
         FROM changes@ WHERE account = $3)"""
_ages_of = msgspec.json.Decoder(list[dict[str, int]]).decode
_changes_of = msgspec.json.Decoder(list[Stated]).decode


class Common(NamedTuple):
    """What postings of one batch have in common: who said them, and what is shown with %s where values stood."""

    provider: str
    data: str


def rows(columns: Columns) -> Iterable[tuple[Any, ...]]:
    """The rows that were made columns of; of none the columns are absent."""
    return zip(*(column or () for column in columns), strict=True)


def common(columns: Columns) -> dict[int | None, Common]:
    """The rows of COMMON by their number."""
    return {no: Common(*what) for no, *what in rows(columns)}


def told(shared: Common | None, provider: str | None, detail: str) -> tuple[str, str]:
    """Who said a posting, and what is shown of it, given what it has for itself."""
    return (provider or "", detail) if shared is None else (provider or shared.provider, filled(shared.data, detail))


def openings(columns: Sequence[Any]) -> dict[str, Opening]:
    """The columns of OPENINGS."""
    services, amounts, ages = columns
    what = map(Opening, amounts or (), _ages_of(ages) if ages else ())
    return dict(zip(services or (), what, strict=True))


def changes(text: str | None) -> list[Stated]:
    """The JSON of CHANGES."""
    return _changes_of(text) if text else []
