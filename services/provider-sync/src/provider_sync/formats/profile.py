"""A declared format: a TOML file that says how a foreign table becomes facts. Data, not code.

kind = "charge.posted"            what every row is
encoding, delimiter, quote        how the bytes are a table; of several encodings the first that fits bytes and header
container = "xlsx"                a workbook instead of text; `sheet` names one that is not the first
columns = ["Л/с", "Сумма"]        the columns of a table without a header line
decimal, thousands                how numbers are written
dates = ["%m/%d/%Y"]              how days are written; the first that fits counts
[fields.amount]                   fact field ← column
column = ["Current_Charges"]      the column's name, or several it is known by
shape = "amount"                  text (default), amount, quantity, day, month, instant (a day's midnight in Almaty)
behind = [["Tariff"]]             further columns joined to the text by "/"
map = {Y = "estimate"}            values translated; what is not listed is refused
[constants]                       fields that are the same in every row
[reference]                       what identifies a row
columns = ["Bill", "No"]          joined by "/" behind prefix; {batch} too
repeats = "number"                equal key, other content: numbered #2, #3 in file order; default: a conflict
[heading]                         a line above the table: the batch and its control totals
starts_with = "#РЕЕСТР"; batch = 1; count = 3; sum = 4     its cells, counted from 0
[footer]                          a last line that is no row
starts_with = "ИТОГО"; count = 1; sum = 5      or bare = true: nothing stands in it but the totals
needed = true                     a file without it is cut and refused; the same for the heading
[[also]]                          one fact more of the same row
when = "Reading 2"                if this column is there and filled
suffix = "T2"                     behind the reference, "/" between; its fields replace those of the row
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
    shape: Literal["text", "amount", "quantity", "day", "month", "instant"] = "text"
    map: dict[str, str] = {}
    needed: bool = False
    prefix: str = ""
    behind: tuple[str | list[str], ...] = ()
    suffix: str = ""

    @property
    def names(self) -> list[str]:
        """All names the column is known by."""
        return names_of(self.column)


class ReferenceOf(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """How the reference of a row is built."""

    columns: list[str | list[str]]
    prefix: str = ""
    repeats: Literal["number", "leave"] = "leave"


class Heading(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """A line above the table with the batch's key and control totals."""

    starts_with: str
    batch: int | None = None
    count: int | None = None
    sum: int | None = None
    needed: bool = False


class Footer(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """The closing line with control totals."""

    starts_with: str | None = None
    bare: bool = False
    count: int | None = None
    sum: int | None = None
    needed: bool = False


class Also(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """A further fact in the same row."""

    suffix: str
    when: str | list[str]
    fields: dict[str, Column]


class Profile(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """One declared format."""

    kind: str
    fields: dict[str, Column]
    reference: ReferenceOf
    description: str = ""
    encoding: str | list[str] = "utf-8-sig"
    container: Literal["text", "xlsx"] = "text"
    sheet: str | None = None
    columns: tuple[str, ...] = ()
    delimiter: str = ","
    quote: str = '"'
    decimal: str = "."
    thousands: str = ""
    dates: tuple[str, ...] = ("%Y-%m-%d",)
    constants: dict[str, Any] = {}
    heading: Heading | None = None
    footer: Footer | None = None
    also: tuple[Also, ...] = ()

    @property
    def encodings(self) -> list[str]:
        """One encoding or several, by preference."""
        return names_of(self.encoding)


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
        for encoding in profile.encodings:
            "".encode(encoding)
    except (msgspec.DecodeError, LookupError) as error:
        raise errors.BadProfile(name=name, reason=str(error)) from error
    return profile
