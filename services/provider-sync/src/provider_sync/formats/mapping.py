"""A profile bound to the header of one file: from a record's cells to facts."""

import hashlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import compress
from typing import Any

import msgspec

from provider_sync import errors
from provider_sync.domain import facts
from provider_sync.domain.rules import Row
from provider_sync.formats.cells import shaped
from provider_sync.formats.csvfile import ANSWERS
from provider_sync.formats.ndjson import of_validation
from provider_sync.formats.profile import Column, Profile, names_of
from provider_sync.formats.table import Record


@dataclass(frozen=True)
class Cell:
    """Where a field comes from: its column, further columns joined behind, and what is made of the text."""

    field: str
    at: int
    shape: Callable[[str], str]
    behind: tuple[int, ...] = ()

    def text(self, cells: list[str]) -> str:
        """The field's text; empty when its column is."""
        text = cells[self.at].strip()
        if not text:
            return ""
        return "/".join((self.shape(text), *(cells[at].strip() for at in self.behind)))


@dataclass(frozen=True)
class More:
    """A further fact of the same row."""

    suffix: str
    when: int
    cells: list[Cell]


@dataclass
class Mapping:
    """`own` marks the sender's columns, the others are answers of ours; `seen` numbers repeated keys."""

    profile: Profile
    own: list[bool]
    cells: list[Cell]
    key: list[int]
    prefix: str
    more: list[More] = field(default_factory=list)
    seen: dict[str, list[bytes]] = field(default_factory=dict)

    @classmethod
    def of(cls, profile: Profile, names: list[str], batch: str) -> "Mapping":
        """Finds the columns; raises Unreadable naming all that are missing."""
        columns = _Columns(profile, names)
        cells = columns.cells(profile.fields)
        key = columns.places(profile.reference.columns)
        more = [
            More(also.suffix, at, columns.cells(also.fields))
            for also in profile.also
            if (at := place_of(names_of(also.when), names)) is not None
        ]
        if columns.missing:
            raise errors.Unreadable(reason="the header lacks the columns " + ", ".join(dict.fromkeys(columns.missing)))
        if "{batch}" in profile.reference.prefix and not batch:
            raise errors.Unreadable(reason="its rows are named by their batch: send ?batch=, the batch's own key")
        prefix = profile.reference.prefix.replace("{batch}", batch)
        own = [name not in ANSWERS for name in names]
        return cls(profile, own, cells, key, prefix, more)

    def facts_of(self, record: Record) -> Iterator[Row]:
        """The facts in a record, or the refusal that says what is wrong with it."""
        reference = self.reference_of(record)
        fields = self._fields(record)
        if isinstance(fields, dict):
            fields["reference"] = reference
            yield _fact(fields)
            for more in self._filled(record):
                found = {cell.field: cell.text(record.cells) for cell in more.cells}
                yield _fact(fields | found | {"reference": f"{reference}/{more.suffix}"})
        else:
            yield fields

    def count_of(self, record: Record) -> int:
        """How many facts `facts_of` gives."""
        if not self.more or record.wrong or len(record.cells) != len(self.own):
            return 1
        return 1 + len(self._filled(record))

    def _filled(self, record: Record) -> list[More]:
        return [more for more in self.more if record.cells[more.when].strip()]

    def _fields(self, record: Record) -> dict[str, Any] | errors.BadRow:
        if record.wrong:
            return errors.BadRow(reason=record.wrong)
        if len(record.cells) != len(self.own):
            return errors.BadRow(reason=f"{len(record.cells)} cells under {len(self.own)} columns")
        fields: dict[str, Any] = {"kind": self.profile.kind, **self.profile.constants}
        for cell in self.cells:
            text = cell.text(record.cells)
            if text:
                fields[cell.field] = text
        return fields

    def reference_of(self, record: Record) -> str:
        """The reference by the profile. Numbered repeats: a fully equal row has the reference of its first copy."""
        if record.wrong or len(record.cells) != len(self.own):
            return ""
        reference = self.prefix + "/".join(record.cells[at].strip() for at in self.key)
        if self.profile.reference.repeats != "number":
            return reference
        # Rejected rows sent again have our answer in front, which is no part of the row.
        content = "\x1f".join(compress(record.cells, self.own))
        digest = hashlib.blake2b(content.encode("utf-8", "replace"), digest_size=12).digest()
        copies = self.seen.setdefault(reference, [])
        if digest not in copies:
            copies.append(digest)
        nth = copies.index(digest) + 1
        return reference if nth == 1 else f"{reference}#{nth}"


def _fact(fields: dict[str, Any]) -> Row:
    try:
        return facts.from_fields(fields)
    except msgspec.ValidationError as error:
        return of_validation(error)


@dataclass
class _Columns:
    """The places of columns in a header, and the names of those that are missing."""

    profile: Profile
    names: list[str]
    missing: list[str] = field(default_factory=list)

    def cells(self, fields: dict[str, Column]) -> list[Cell]:
        found = []
        for name, column in fields.items():
            at = place_of(column.names, self.names)
            if at is not None:
                behind = self.places(list(column.behind))
                found.append(Cell(name, at, shaped(column, self.profile), tuple(behind)))
            elif column.needed or name == "account":
                self.missing.append(column.names[0])
        return found

    def places(self, columns: list[str | list[str]]) -> list[int]:
        found = [place_of(names_of(column), self.names) for column in columns]
        self.missing += [names_of(c)[0] for c, at in zip(columns, found, strict=True) if at is None]
        return [at for at in found if at is not None]


def place_of(known_as: list[str], header: list[str]) -> int | None:
    """Where a column stands in a header, by the first of its names that is there."""
    return next((header.index(name) for name in known_as if name in header), None)
