"""An account's rows as one text, for what a cabinet reads most: all in one row of one statement.

PostgreSQL starts one sum of texts where it would start one for each column, and neither quotes texts nor reads them
letter by letter, as it must for arrays and JSON. Where all is plain the text is JSON by itself; else rows have ROW
between them and values MARK, which are in no reference, no name of ours, and no JSON.

Each is a source `FROM` a statement whose `$3` is the account, and `l` its row of `seen`; `@` is the account's part
(`common.parts`).
"""

from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

import msgspec

from common.repeating import MARK, filled
from ledger.domain.base import Stated
from ledger.domain.split import Opening

Columns = Sequence[Sequence[Any] | None]

ROW = "\x1e"


def joined(*values: str) -> str:
    """In SQL, a row's values with MARK between them; absent ones are to be made texts before."""
    return r" || E'\x1f' || ".join(values)


def gathered(row: str) -> str:
    """In SQL, the rows with ROW between them."""
    return rf"string_agg({row}, E'\x1e')"


# What the postings in `e.shown` have in common.
COMMON = f"LATERAL (SELECT {gathered(joined('no', 'provider', 'data'))} FROM details WHERE no = ANY(e.shown))"
# What the last closed month left, as JSON.
OPENINGS = """
LATERAL (SELECT '[' || string_agg('["' || service || '",' || amount || ',' || aged || ']', ',') || ']' FROM openings@
         WHERE account = $3 AND period > l.closed_through AND l.closed_through <> '')"""
# All that was said of base data, as JSON: of values that are plain or JSON already, for json_build_array looks at each.
CHANGES = """
LATERAL (SELECT '[' || string_agg('["' || kind || '",' || sequence || ',"' || holds_from || '","'
                    || to_char(recorded_at, 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') || '",' || data || ']', ',') || ']'
         FROM changes@ WHERE account = $3)"""
_openings_of = msgspec.json.Decoder(list[tuple[str, int, dict[str, int]]]).decode
_changes_of = msgspec.json.Decoder(list[Stated]).decode


class Common(NamedTuple):
    """What postings of one batch have in common: who said them, and what is shown with %s where values stood."""

    provider: str
    data: str


def lines(text: str | None, values: int) -> list[list[str]]:
    """The rows of a text, each of as many values; the last one may have a MARK in it."""
    return [row.split(MARK, values - 1) for row in text.split(ROW)] if text else []


def rows(columns: Columns) -> Iterable[tuple[Any, ...]]:
    """The rows that were made arrays of; of none the arrays are absent."""
    return zip(*(column or () for column in columns), strict=True)


def common(text: str | None) -> dict[str, Common]:
    """The rows of COMMON by their number."""
    return {no: Common(*what) for no, *what in lines(text, 3)}


def told(shared: Common | None, provider: str, detail: str) -> tuple[str, str]:
    """Who said a posting, and what is shown of it, given what it has for itself."""
    return (provider, detail) if shared is None else (provider or shared.provider, filled(shared.data, detail))


def openings(text: str | None) -> dict[str, Opening]:
    """The JSON of OPENINGS."""
    return {service: Opening(amount, aged) for service, amount, aged in _openings_of(text)} if text else {}


def changes(text: str | None) -> list[Stated]:
    """The JSON of CHANGES."""
    return _changes_of(text) if text else []
