"""Foreign tables read by a declared profile: text in any of its encodings, or a workbook."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import IO

from provider_sync import errors
from provider_sync.formats import workbook
from provider_sync.formats.cells import amount
from provider_sync.formats.csvfile import amount_at
from provider_sync.formats.encodings import encoding_of
from provider_sync.formats.mapping import Mapping
from provider_sync.formats.profile import Footer, Heading, Profile
from provider_sync.formats.rows import Chunk, Place, RejectedRow, Totals
from provider_sync.formats.table import Dialect, Record, records, rejected_table

_HEADING_LINES = 20


@dataclass
class _Stated:
    """What heading and footer say of the file: rows, tiyn, the batch's key."""

    rows: int | None = None
    total: int | None = None
    batch: str | None = None
    seen: bool = False


@dataclass(frozen=True)
class _Table:
    """One opened file: its dialect, the columns' names, what the heading says and where the rows begin."""

    dialect: Dialect
    names: list[str]
    header: str | None
    begin: Place
    heading: _Stated


class ForeignFormat:
    """Reads tables that a profile describes."""

    media = "text/csv; charset=utf-8"

    def __init__(self, profile: Profile, batch: str) -> None:
        self._profile, self._batch = profile, batch
        self._workbook = profile.container == "xlsx"

    def look(self, file: IO[bytes]) -> None:
        """An archive's directory is judged at once."""
        if self._workbook:
            workbook.look(file)

    def totals(self, file: IO[bytes], _stated: bool = True) -> Totals:
        """Counts rows, sums the amount column; raises Unreadable, and ControlTotals when heading and footer differ."""
        table = self._opened(file)
        mapping = self._mapping(table)
        at = next((m.at for m in mapping.cells if m.field == "amount"), None)
        count = total = 0
        footer = _Stated()
        for record in self._rows(file, table, Place()):
            if self._is_footer(record):
                footer = self._read_stated(record, self._profile.footer)
                continue
            count += mapping.count_of(record)
            total += amount_at(self._as_money(record, at), at)
        return self._checked(Totals(count, total), table.heading, footer)

    def _checked(self, found: Totals, heading: _Stated, footer: _Stated) -> Totals:
        for part, stated in ((self._profile.heading, heading), (self._profile.footer, footer)):
            if part is not None and part.needed and not stated.seen:
                raise errors.Unreadable(reason="the line with its control totals is missing: the file is cut")
        # The heading is held to what was found here, the footer with the sender's own words by the caller.
        for text, stated_count in (("count", heading.rows), ("sum", heading.total)):
            here = found.rows if text == "count" else found.total
            if stated_count not in (None, here):
                raise errors.ControlTotals(stated=f"{text} {stated_count}", found=f"{text} {here}")
        return found._replace(stated_rows=footer.rows, stated_total=footer.total, batch=heading.batch)

    def chunks(self, file: IO[bytes], start: Place, size: int) -> Iterator[Chunk]:
        """Facts row by row. Where repeated keys are numbered, what stands before the place is read again for keys."""
        table = self._opened(file)
        mapping, encoding = self._mapping(table), self._encoding_of(table)
        chunk, before = Chunk(encoding=encoding), max(start.offset, table.begin.offset)
        again = Place() if self._profile.reference.repeats == "number" else start
        for record in self._rows(file, table, again):
            if self._is_footer(record):
                continue
            if record.end <= start.offset:
                mapping.reference_of(record)
                continue
            found = list(mapping.facts_of(record))
            for nth, row in enumerate(found, 1):
                # Whoever goes on behind the middle of a row reads it again: its first facts are duplicates then.
                chunk.add(row, record.line, record.raw, record.end if nth == len(found) else before)
            before = record.end
            if len(chunk.rows) >= size:
                yield chunk
                chunk = Chunk(encoding=encoding)
        if chunk.rows:
            yield chunk

    def rejected(self, header: str | None, rows: Iterator[RejectedRow], /) -> Iterator[str]:
        """The sender's columns with three in front; a workbook comes back as a table."""
        dialect = Dialect() if self._workbook else self._dialect(self._profile.encodings[0])
        return rejected_table(header, rows, dialect)

    def header(self, file: IO[bytes], /) -> str | None:
        """The header line as sent."""
        return self._opened(file).header

    def _opened(self, file: IO[bytes]) -> _Table:
        """Reads what stands above the rows, in the first encoding in which the columns are found."""
        if self._workbook or len(self._profile.encodings) == 1:
            return self._top(file, self._dialect(self._profile.encodings[0]))
        wrong: errors.Unreadable | None = None
        for name in self._profile.encodings:
            try:
                table = self._top(file, self._dialect(encoding_of(file, [name])))
                self._mapping(table)
            except errors.Unreadable as error:
                wrong = wrong or error
            else:
                return table
        raise wrong or errors.Unreadable(reason="its encoding is unknown")

    def _top(self, file: IO[bytes], dialect: Dialect) -> _Table:
        heading = _Stated()
        for line, record in enumerate(self._records(file, Place(), dialect), 1):
            if record.wrong or line > _HEADING_LINES:
                raise errors.Unreadable(reason=record.wrong or "no header in its first lines")
            if self._is_heading(record):
                heading = self._read_stated(record, self._profile.heading)
            elif any(cell.strip() for cell in record.cells):
                break
        else:
            raise errors.Unreadable(reason="the file is empty")
        if self._profile.columns:
            begin = Place() if not heading.seen else Place(record.offset, record.line)
            return _Table(dialect, list(self._profile.columns), None, begin, heading)
        names = [name.strip() for name in record.cells]
        while names and not names[-1]:
            names.pop()
        encoding = "utf-8" if self._workbook else dialect.encoding
        text = record.raw.decode(encoding if record.offset == 0 else encoding.removesuffix("-sig"), "replace")
        after = record.line + max(1, record.raw.count(b"\n"))
        return _Table(dialect, names, text, Place(record.end, after), heading)

    def _rows(self, file: IO[bytes], table: _Table, start: Place) -> Iterator[Record]:
        """Records that are rows or the footer; blank rows are none, nor are empty cells behind the last column."""
        width = len(table.names)
        for record in self._records(file, start if start.offset > table.begin.offset else table.begin, table.dialect):
            if record.wrong:
                yield record
            elif any(cell.strip() for cell in record.cells):
                if len(record.cells) > width and not any(cell.strip() for cell in record.cells[width:]):
                    del record.cells[width:]
                if self._workbook:
                    record.cells += [""] * (width - len(record.cells))
                yield record

    def _records(self, file: IO[bytes], start: Place, dialect: Dialect) -> Iterator[Record]:
        return workbook.records(file, start, self._profile.sheet) if self._workbook else records(file, start, dialect)

    def _mapping(self, table: _Table) -> Mapping:
        return Mapping.of(self._profile, table.names, self._batch or table.heading.batch or "")

    def _dialect(self, encoding: str) -> Dialect:
        return Dialect(encoding, self._profile.delimiter, self._profile.quote)

    def _encoding_of(self, table: _Table) -> str:
        return "utf-8" if self._workbook else table.dialect.encoding

    def _is_heading(self, record: Record) -> bool:
        heading = self._profile.heading
        return (
            heading is not None and record.cells[:1] != [] and record.cells[0].strip().startswith(heading.starts_with)
        )

    def _is_footer(self, record: Record) -> bool:
        footer = self._profile.footer
        if footer is None or record.wrong or not record.cells:
            return False
        if footer.bare:
            return {at for at, cell in enumerate(record.cells) if cell.strip()} <= {footer.count, footer.sum}
        return footer.starts_with is not None and record.cells[0].strip().startswith(footer.starts_with)

    def _read_stated(self, record: Record, part: Heading | Footer | None) -> _Stated:
        batch = part.batch if isinstance(part, Heading) else None
        if part is None or max(part.count or 0, part.sum or 0, batch or 0) >= len(record.cells):
            raise errors.Unreadable(reason=f"the totals in line {record.line} have too few cells")
        count = record.cells[part.count].strip() if part.count is not None else None
        if count is not None and not (count.isascii() and count.isdigit()):
            raise errors.Unreadable(reason=f"line {record.line} counts {count[:20]!r}")
        total = self._total(record, part.sum) if part.sum is not None else None
        key = record.cells[batch].strip()[:100] if batch is not None else None
        return _Stated(int(count) if count is not None else None, total, key or None, True)

    def _total(self, record: Record, at: int) -> int:
        text = amount(record.cells[at].strip(), self._profile)
        copy = replace(record, cells=[text])
        found = amount_at(copy, 0)
        if found == 0 and text.strip("-0.") != "":
            raise errors.Unreadable(reason=f"line {record.line} sums {text[:20]!r}")
        return found

    def _as_money(self, record: Record, at: int | None) -> Record:
        if at is not None and len(record.cells) > at:
            record.cells[at] = amount(record.cells[at].strip(), self._profile)
        return record
