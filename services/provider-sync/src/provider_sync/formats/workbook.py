"""XLSX as a table of texts. The archive is judged by its directory before anything in it is unpacked (bad input 7)."""

import csv
import io
import stat
import struct
import zipfile
from collections.abc import Iterator
from contextlib import closing
from datetime import date, datetime, time
from decimal import Decimal
from pathlib import PurePosixPath
from typing import IO, Any

from common.errors import Refusal
from provider_sync import errors
from provider_sync.formats.rows import Place
from provider_sync.formats.table import Record

_ENTRIES_MAX = 1_000
_UNPACKED_MAX = 128 << 20
# The whole table of shared texts is held in memory while the sheet is read row by row.
_TEXTS_MAX = 24 << 20
_RATIO_MAX = 200
_END = struct.Struct("<4s4H2LH")
_END_SIGN = b"PK\x05\x06"
_ARCHIVES = (".zip", ".gz", ".xlsx", ".xlsm", ".xlsb", ".7z", ".rar", ".tar", ".bz2", ".xz", ".docx", ".jar")


def look(file: IO[bytes]) -> None:
    """Raises UnsafeArchive for what must not be unpacked, Unreadable for what is no workbook."""
    if _entries(file) > _ENTRIES_MAX:
        raise errors.UnsafeArchive(reason=f"more than {_ENTRIES_MAX} entries")
    try:
        with zipfile.ZipFile(file) as archive:
            entries = archive.infolist()
    except (zipfile.BadZipFile, struct.error, ValueError, OSError, NotImplementedError) as error:
        raise errors.Unreadable(reason=f"it is no workbook: {error}"[:200]) from error
    for entry in entries:
        _judge(entry)
    unpacked = sum(entry.file_size for entry in entries)
    if unpacked > _UNPACKED_MAX or unpacked > _RATIO_MAX * max(1, file.seek(0, io.SEEK_END)):
        raise errors.UnsafeArchive(reason=f"{unpacked} bytes unpacked")
    if "[Content_Types].xml" not in {entry.filename for entry in entries}:
        raise errors.Unreadable(reason="it is an archive, but no workbook")
    file.seek(0)


def _entries(file: IO[bytes]) -> int:
    """How many entries the archive says it has, read without its directory: that alone may be large."""
    size = file.seek(0, io.SEEK_END)
    file.seek(max(0, size - 65_557))
    tail = file.read()
    at = tail.rfind(_END_SIGN)
    if at < 0 or len(tail) - at < _END.size:
        raise errors.Unreadable(reason="it is no workbook: there is no directory at its end")
    file.seek(0)
    return int(_END.unpack_from(tail, at)[4])


def _judge(entry: zipfile.ZipInfo) -> None:
    name = entry.filename
    if name.startswith(("/", "\\")) or ":" in name or ".." in PurePosixPath(name.replace("\\", "/")).parts:
        raise errors.UnsafeArchive(reason="an entry's name leads out of the archive")
    if stat.S_ISLNK(entry.external_attr >> 16):
        raise errors.UnsafeArchive(reason="an entry is a symbolic link")
    if name.lower().endswith(_ARCHIVES):
        raise errors.UnsafeArchive(reason="an archive inside the archive")
    if entry.flag_bits & 1:
        raise errors.Unreadable(reason="it is protected by a password")
    if entry.file_size > _RATIO_MAX * max(4096, entry.compress_size):
        raise errors.UnsafeArchive(reason=f"an entry unpacks to {entry.file_size} bytes")
    if name.endswith("sharedStrings.xml") and entry.file_size > _TEXTS_MAX:
        raise errors.UnsafeArchive(reason=f"its texts unpack to {entry.file_size} bytes")


def records(file: IO[bytes], start: Place, sheet: str | None) -> Iterator[Record]:
    """Rows of a sheet, the first one by default, behind a place; a row's end is its number. Empty rows are none."""
    import openpyxl  # 14 MB in each process of this service; one of them reads a workbook now and then

    look(file)
    try:
        with closing(openpyxl.load_workbook(file, read_only=True, data_only=True, keep_links=False)) as book:
            page = book[sheet] if sheet else book.worksheets[0]
            # What a sheet says of its size is often wrong, and then rows would be cut.
            page.reset_dimensions()
            for number, cells in enumerate(page.iter_rows(values_only=True), 1):
                if number > start.offset and any(cell not in (None, "") for cell in cells):
                    yield _record(number, [_text(cell) for cell in cells])
    except Refusal:
        raise
    except Exception as error:  # the library lets through whatever it stumbles on in a broken file
        raise errors.Unreadable(reason=f"the workbook: {type(error).__name__} {error}"[:200]) from error


def _record(number: int, cells: list[str]) -> Record:
    while cells and not cells[-1].strip():
        cells.pop()
    out = io.StringIO()
    csv.writer(out, lineterminator="\r\n").writerow(cells)
    wrong = "a cell holds the character NUL" if any("\x00" in cell for cell in cells) else None
    return Record(number, out.getvalue().encode("utf-8", "replace"), number, cells, wrong)


def _text(cell: Any) -> str:
    """A cell as a person reads it: no exponents, no `.0`, days as YYYY-MM-DD."""
    if cell is None:
        return ""
    if isinstance(cell, bool):
        return "1" if cell else "0"
    if isinstance(cell, float):
        plain = format(Decimal(repr(cell)), "f")
        return plain.rstrip("0").rstrip(".") if "." in plain else plain
    if isinstance(cell, datetime):
        return cell.date().isoformat() if cell.time() == time() else cell.isoformat()
    return cell.isoformat() if isinstance(cell, date | time) else str(cell)
