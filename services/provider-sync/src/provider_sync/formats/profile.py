"""A declared format: a TOML file that says how a foreign table becomes facts. Data, not code.

kind = "charge.posted"            what every row is
encoding, delimiter, quote        how the bytes are a table
decimal, thousands                how numbers are written
dates = ["%m/%d/%Y"]              how days are written; the first that fits counts
[fields.amount]                   fact field ← column
column = ["Current_Charges"]      the column's name, or several it is known by
shape = "amount"                  text (default), amount, quantity, day, month
map = {Y = "estimate"}            values translated; what is not listed is refused
[constants]                       fields that are the same in every row
[reference]                       what identifies a row
columns = ["Bill", "No"]          joined by "/" behind prefix; {batch} too
repeats = "number"                equal key, other content: numbered #2, #3 in file order; default: a conflict
[footer]                          a last line that is no row
starts_with = "ИТОГО"; count = 1; sum = 5      its cells with control totals, counted from 0
"""

from functools import cache
from pathlib import Path
from typing import Any, Literal

import msgspec

from provider_sync import errors

BUILT_IN = Path(__file__).resolve().parent.parent / "profiles"


def names_of(column: str | list[str]) -> list[str]:
    """One name or several."""
    return [column] if isinstance(column, str) else column


class Column(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """Where a field comes from and what its text looks like."""

    column: str | list[str]
    shape: Literal["text", "amount", "quantity", "day", "month"] = "text"
    map: dict[str, str] = {}
    needed: bool = False
    prefix: str = ""

    @property
    def names(self) -> list[str]:
        """All names the column is known by."""
        return names_of(self.column)


class ReferenceOf(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """How the reference of a row is built."""

    columns: list[str | list[str]]
    prefix: str = ""
    repeats: Literal["number", "leave"] = "leave"


class Footer(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """The closing line with control totals."""

    starts_with: str
    count: int | None = None
    sum: int | None = None


class Profile(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """One declared format."""

    kind: str
    fields: dict[str, Column]
    reference: ReferenceOf
    description: str = ""
    encoding: str = "utf-8-sig"
    delimiter: str = ","
    quote: str = '"'
    decimal: str = "."
    thousands: str = ""
    dates: tuple[str, ...] = ("%Y-%m-%d",)
    constants: dict[str, Any] = {}
    footer: Footer | None = None


@cache
def load(name: str, folder: Path) -> Profile:
    """The profile of a name, from the operator's folder or the built-in ones; raises UnknownFormat, BadProfile."""
    if not name.replace("-", "").isalnum():
        raise errors.UnknownFormat("/format", name=name[:40])
    for place in (folder, BUILT_IN):
        path = place / f"{name}.toml"
        if path.is_file() and (place == BUILT_IN or folder != Path()):
            return _parsed(name, path)
    raise errors.UnknownFormat("/format", name=name[:40])


def _parsed(name: str, path: Path) -> Profile:
    try:
        profile = msgspec.toml.decode(path.read_bytes(), type=Profile)
        "".encode(profile.encoding)
    except (msgspec.DecodeError, LookupError) as error:
        raise errors.BadProfile(name=name, reason=str(error)) from error
    return profile
