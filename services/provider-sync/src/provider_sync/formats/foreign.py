"""Foreign tables read by a declared profile."""

import hashlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import compress
from typing import IO, Any

import msgspec

from provider_sync import errors
from provider_sync.domain import facts
from provider_sync.domain.rules import Row
from provider_sync.formats.cells import amount, shaped
from provider_sync.formats.csvfile import ANSWERS, amount_at
from provider_sync.formats.ndjson import of_validation
from provider_sync.formats.profile import Profile, names_of
from provider_sync.formats.rows import Chunk, Place, RejectedRow, Totals
from provider_sync.formats.table import Dialect, Record, first_record, records, rejected_table


class ForeignFormat:
    """Reads tables that a profile describes."""

    def __init__(self, profile: Profile, batch: str) -> None:
        self._profile, self._batch = profile, batch
        self._dialect = Dialect(profile.encoding, profile.delimiter, profile.quote)

    def totals(self, file: IO[bytes]) -> Totals:
        """Counts rows, sums the amount column, reads the footer; raises Unreadable when a needed column is missing."""
        names, _ = first_record(file, self._dialect)
        mapping = Mapping.of(self._profile, names, self._batch)
        at = next((m.at for m in mapping.cells if m.field == "amount"), None)
        count = total = 0
        stated: tuple[int | None, int | None] = (None, None)
        for record in self._rows(file, Place()):
            if self._is_footer(record):
                stated = self._footer(record)
                continue
            count += 1
            total += amount_at(self._as_money(record, at), at)
        return Totals(count, total, *stated)

    def chunks(self, file: IO[bytes], start: Place, size: int) -> Iterator[Chunk]:
        """Facts row by row. Where repeated keys are numbered, what stands before the place is read again for keys."""
        names, header = first_record(file, self._dialect)
        mapping, chunk = Mapping.of(self._profile, names, self._batch), Chunk(encoding=self._profile.encoding)
        numbered = self._profile.reference.repeats == "number"
        begin = Place() if numbered or start.offset < header.end else start
        for record in self._rows(file, begin):
            if self._is_footer(record):
                continue
            if record.end <= start.offset:
                mapping.reference_of(record)
                continue
            chunk.add(mapping.fact_of(record), record.line, record.raw, record.end)
            if len(chunk.rows) >= size:
                yield chunk
                chunk = Chunk(encoding=self._profile.encoding)
        if chunk.rows:
            yield chunk

    def rejected(self, header: str | None, rows: Iterator[RejectedRow]) -> Iterator[str]:
        """The sender's columns with three in front."""
        return rejected_table(header, rows, self._dialect)

    def header(self, file: IO[bytes]) -> str | None:
        """The header line as sent."""
        return first_record(file, self._dialect)[1].raw.decode(self._profile.encoding, "replace")

    def _rows(self, file: IO[bytes], start: Place) -> Iterator[Record]:
        found = records(file, start, self._dialect)
        if start.offset == 0:
            next(found, None)
        return found

    def _is_footer(self, record: Record) -> bool:
        footer = self._profile.footer
        return footer is not None and bool(record.cells) and record.cells[0].strip().startswith(footer.starts_with)

    def _footer(self, record: Record) -> tuple[int | None, int | None]:
        footer, cells = self._profile.footer, record.cells
        if footer is None or max(footer.count or 0, footer.sum or 0) >= len(cells):
            raise errors.Unreadable(reason=f"the footer in line {record.line} has too few cells")
        count = cells[footer.count].strip() if footer.count is not None else None
        if count is not None and not count.isdigit():
            raise errors.Unreadable(reason=f"the footer in line {record.line} counts {count[:20]!r}")
        total = amount_at(self._as_money(record, footer.sum), footer.sum) if footer.sum is not None else None
        return (int(count) if count is not None else None), total

    def _as_money(self, record: Record, at: int | None) -> Record:
        if at is not None and len(record.cells) > at:
            record.cells[at] = amount(record.cells[at].strip(), self._profile)
        return record


def place_of(known_as: list[str], header: list[str]) -> int | None:
    """Where a column stands in a header, by the first of its names that is there."""
    return next((header.index(name) for name in known_as if name in header), None)


@dataclass(frozen=True)
class _Cell:
    field: str
    at: int
    shape: Callable[[str], str]


@dataclass
class Mapping:
    """A profile bound to the header of one file; `own` marks the sender's columns, the others are answers of ours."""

    profile: Profile
    own: list[bool]
    cells: list[_Cell]
    key: list[int]
    prefix: str
    seen: dict[str, list[bytes]] = field(default_factory=dict)

    @classmethod
    def of(cls, profile: Profile, names: list[str], batch: str) -> "Mapping":
        """Finds the columns; raises Unreadable naming all that are missing."""
        missing, cells = [], []
        for name, column in profile.fields.items():
            at = place_of(column.names, names)
            if at is not None:
                cells.append(_Cell(name, at, shaped(column, profile)))
            elif column.needed or name == "account":
                missing.append(column.names[0])
        keys = [place_of(names_of(column), names) for column in profile.reference.columns]
        missing += [names_of(c)[0] for c, at in zip(profile.reference.columns, keys, strict=True) if at is None]
        if missing:
            raise errors.Unreadable(reason="the header lacks the columns " + ", ".join(missing))
        prefix = profile.reference.prefix.replace("{batch}", batch)
        return cls(
            profile, [name not in ANSWERS for name in names], cells, [at for at in keys if at is not None], prefix
        )

    def fact_of(self, record: Record) -> Row:
        """The fact in a record, or the refusal that says what is wrong with it."""
        if record.wrong:
            return errors.BadRow(reason=record.wrong)
        if len(record.cells) != len(self.own):
            return errors.BadRow(reason=f"{len(record.cells)} cells under {len(self.own)} columns")
        fields: dict[str, Any] = {"kind": self.profile.kind, **self.profile.constants}
        for cell in self.cells:
            text = record.cells[cell.at].strip()
            if text:
                fields[cell.field] = cell.shape(text)
        fields["reference"] = self.reference_of(record)
        try:
            return facts.from_fields(fields)
        except msgspec.ValidationError as error:
            return of_validation(error)

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
