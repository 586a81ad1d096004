"""Tables of separated values: the reading that our own CSV and the declared formats share."""

import csv
import io
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import IO

from common.spreadsheets import safe_cell
from provider_sync import errors
from provider_sync.formats.ndjson import lines
from provider_sync.formats.rows import LINE_LIMIT_BYTES, Place, RejectedRow


@dataclass(frozen=True)
class Dialect:
    """How the bytes are a table."""

    encoding: str = "utf-8-sig"
    delimiter: str = ","
    quote: str = '"'


@dataclass
class Record:
    """One record: its cells, or why it cannot be read; where it stood and what was sent."""

    line: int
    raw: bytes
    end: int
    cells: list[str] = field(default_factory=list)
    wrong: str | None = None

    @property
    def offset(self) -> int:
        """Where the record begins, blank lines before it included."""
        return self.end - len(self.raw)


class _Source:
    """Decoded physical lines, remembering what the record being read has taken so far."""

    def __init__(self, file: IO[bytes], start: Place, encoding: str) -> None:
        self.offset, self.line, self._encoding = start.offset, start.line, encoding
        self._lines = lines(file)
        self.taken: list[bytes] = []
        self.overlong = False

    def __iter__(self) -> Iterator[str]:
        for line, length in self._lines:
            self.offset += length
            self.line += 1
            self.taken.append(line)
            self.overlong = self.overlong or length > LINE_LIMIT_BYTES
            yield line.decode(self._encoding, "surrogateescape")

    def next_record(self) -> tuple[bytes, bool]:
        """What was taken since the last call, and whether any of it was too long."""
        taken, overlong = b"".join(self.taken), self.overlong
        self.taken, self.overlong = [], False
        return taken, overlong


def records(file: IO[bytes], start: Place, dialect: Dialect) -> Iterator[Record]:
    """Records from a place on; blank lines are none. After a broken record the reader goes on behind it."""
    file.seek(start.offset)
    source = _Source(file, start, dialect.encoding if start.offset == 0 else dialect.encoding.removesuffix("-sig"))
    reader = csv.reader(source, delimiter=dialect.delimiter, quotechar=dialect.quote, strict=True)
    while True:
        line, wrong, cells = source.line, None, []
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            wrong = str(error)
        raw, overlong = source.next_record()
        if cells or wrong:
            yield _checked(Record(line, raw, source.offset, cells, wrong), overlong)


def _checked(record: Record, overlong: bool) -> Record:
    text = "".join(record.cells)
    if overlong:
        record.wrong = f"longer than {LINE_LIMIT_BYTES} bytes"
    elif "\x00" in text:
        record.wrong = "a cell holds the character NUL"
    elif not text.isascii() and any("\udc80" <= c <= "\udcff" for c in text):
        record.wrong = "bytes that the encoding does not know"
    return record


def first_record(file: IO[bytes], dialect: Dialect) -> tuple[list[str], Record]:
    """The header's names, stripped; raises Unreadable for an empty or broken file."""
    record = next(records(file, Place(), dialect), None)
    if record is None or record.wrong:
        raise errors.Unreadable(reason=record.wrong if record and record.wrong else "the file is empty")
    return [name.strip() for name in record.cells], record


def rejected_table(header: str | None, rows: Iterator[RejectedRow], dialect: Dialect) -> Iterator[str]:
    """The header and the rejected rows with line, code and detail in front."""
    yield _line(["line", "code", "detail", *_cells(header or "", dialect)], dialect)
    for row in rows:
        yield _line([str(row.line), row.code, row.detail, *map(safe_cell, _cells(row.raw, dialect))], dialect)


def _cells(text: str, dialect: Dialect) -> list[str]:
    try:
        return next(csv.reader([text], delimiter=dialect.delimiter, quotechar=dialect.quote), [])
    except csv.Error:
        return [text]


def _line(cells: list[str], dialect: Dialect) -> str:
    out = io.StringIO()
    csv.writer(out, delimiter=dialect.delimiter, quotechar=dialect.quote, lineterminator="\r\n").writerow(cells)
    return out.getvalue()
