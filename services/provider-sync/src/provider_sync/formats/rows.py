"""What all formats share: chunks of rows with their places in the file, and control totals."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import IO, NamedTuple, Protocol

from provider_sync.domain.rules import Row

LINE_LIMIT_BYTES = 64 * 1024


@dataclass
class Chunk:
    """Rows in file order: parsed or refused, their line numbers, the texts as sent, and the offsets behind them.

    `encoded` are their forms (see `form_of`) where the reader knew them; it is as long as the others.
    """

    rows: list[Row] = field(default_factory=list)
    lines: list[int] = field(default_factory=list)
    raws: list[bytes] = field(default_factory=list)
    ends: list[int] = field(default_factory=list)
    encoded: list[str | None] = field(default_factory=list)
    encoding: str = "utf-8"

    def add(self, row: Row, line: int, raw: bytes, end: int, encoded: str | None = None) -> None:
        """One more row."""
        self.rows.append(row)
        self.lines.append(line)
        self.raws.append(raw)
        self.ends.append(end)
        self.encoded.append(encoded)

    def line_after(self, index: int) -> int:
        """The number of the line behind a row; a quoted cell may hold line ends."""
        return self.lines[index] + max(1, self.raws[index].count(b"\n"))


Remark = dict[str, str]


class Totals(NamedTuple):
    """Rows and the sum of their amounts as found in a file, and as its header or footer states them (in tiyn).

    `remarks` (code, detail) are for the sender: they refuse nothing.
    """

    rows: int
    total: int
    stated_rows: int | None = None
    stated_total: int | None = None
    batch: str | None = None
    remarks: tuple[Remark, ...] = ()


class Place(NamedTuple):
    """Where to go on reading: byte offset and number of the next line."""

    offset: int = 0
    line: int = 1


class Format(Protocol):
    """A way to read files; `media` is what its rejected rows are."""

    @property
    def media(self) -> str:
        """The media type of rejected rows."""

    def look(self, file: IO[bytes], /) -> None:
        """What can be told at once, while the sender waits: raises UnsafeArchive for what must not be unpacked."""

    def totals(self, file: IO[bytes], stated: bool = True, /) -> Totals:
        """Reads the file once for its totals; raises Unreadable when it is no such file at all.

        Whose sum was not `stated` beside the file may leave the amounts unread, unless the file itself states one.
        """

    def chunks(self, file: IO[bytes], start: Place, size: int) -> Iterator[Chunk]:
        """Rows from a place on, up to `size` in a chunk."""

    def rejected(self, header: str | None, rows: Iterator["RejectedRow"], /) -> Iterator[str]:
        """Rejected rows in the sender's own format, each with line, code and detail in front."""

    def header(self, file: IO[bytes], /) -> str | None:
        """The header line, for the rejected rows; None where the format has none."""


class RejectedRow(NamedTuple):
    """A row that was not taken."""

    line: int
    code: str
    detail: str
    raw: str


def storable(text: str) -> str:
    """A text from a file as the database can keep it: for NUL stands the sign for it."""
    return text.replace("\x00", "\u2400")
