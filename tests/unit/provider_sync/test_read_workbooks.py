"""Workbooks by a profile; archives that must not be unpacked (bad input 7)."""

import io
import stat
import zipfile
from datetime import date, datetime
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from provider_sync import errors
from provider_sync.domain import facts
from provider_sync.formats.named import format_named
from provider_sync.formats.rows import Place, RejectedRow

HEAD = [
    "Лицевой счет", "Тип счетчика", "Тип помещения", "Номер счетчика", "Показание 1", "Показание 2",
    "Дата передачи показаний",
]  # fmt: skip


def workbook(*rows: list[Any], head: list[str] | None = None) -> bytes:
    """A workbook with one sheet."""
    book = openpyxl.Workbook()
    page = book.active
    assert page is not None
    for row in (head or HEAD, *rows):
        page.append(row)
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def found(body: bytes, form: str = "condo-readings", start: Place = Place(), size: int = 100) -> list[Any]:
    """All rows of a workbook."""
    return [row for chunk in format_named(form, Path()).chunks(io.BytesIO(body), start, size) for row in chunk.rows]


def test_numbers_and_days_are_texts_as_people_read_them() -> None:
    """No `.0`, no exponent; days typed as days or as texts."""
    body = workbook(
        [111, "ХВС", "Квартира", "7", 110.0, None, date(2026, 10, 12)],
        ["111", "ХВС", "Квартира", "8", 0.000001, None, datetime(2026, 10, 12)],  # noqa: DTZ001  # as in a sheet
        ["111", "ХВС", "Квартира", "9", "12.5", None, "2026-10-12"],
    )
    assert [(row.account, row.value, row.taken_on.isoformat()) for row in found(body)] == [
        ("111", "110", "2026-10-12"), ("111", "0.000001", "2026-10-12"), ("111", "12.5", "2026-10-12"),
    ]  # fmt: skip


def test_empty_rows_are_none_and_wrong_cells_spoil_their_row_only() -> None:
    """A month is no day; the rows after the empty ones are read."""
    empty: list[Any] = [None] * 7
    body = workbook(
        ["1", "ХВС", "Квартира", "7", 1, None, "2021-12"], empty, empty, ["1", "ХВС", "К", "7", 2, "", "2021-12-01"]
    )
    first, second = found(body)
    assert isinstance(first, errors.BadField)
    assert isinstance(second, facts.MeterRead)
    assert format_named("condo-readings", Path()).totals(io.BytesIO(body)).rows == 2


def test_a_row_with_several_tariffs_is_a_fact_for_each() -> None:
    """Going on in the middle of such a row reads it again, so nothing of it is lost."""
    body = workbook(*(["1", "ЭЛ", "Квартира", str(n), n, n + 10, "2026-10-12"] for n in (1, 2)))
    whole = found(body)
    assert [(row.meter, row.value) for row in whole] == [
        ("1/ЭЛ/Квартира", "1"), ("1-T2/ЭЛ/Квартира", "11"), ("2/ЭЛ/Квартира", "2"), ("2-T2/ЭЛ/Квартира", "12"),
    ]  # fmt: skip
    layout = format_named("condo-readings", Path())
    (chunk,) = layout.chunks(io.BytesIO(body), Place(), 100)
    assert found(body, start=Place(chunk.ends[0], 2)) == whole
    assert found(body, start=Place(chunk.ends[1], 3)) == found(body, start=Place(chunk.ends[2], 3)) == whole[2:]
    assert layout.totals(io.BytesIO(body)).rows == 4


def test_rejected_rows_come_back_as_a_table() -> None:
    """A workbook could not be read row by row."""
    body = workbook(["1", "ЭЛ", "Квартира, 2", "7", 1, None, "2021-12"])
    layout = format_named("condo-readings", Path())
    (chunk,) = layout.chunks(io.BytesIO(body), Place(), 10)
    back = RejectedRow(chunk.lines[0], "invalid-field", "x", chunk.raws[0].decode())
    lines = "".join(layout.rejected(layout.header(io.BytesIO(body)), iter([back]))).splitlines()
    assert lines == ["line,code,detail," + ",".join(HEAD), '2,invalid-field,x,1,ЭЛ,"Квартира, 2",7,1,,2021-12']


def archive(**entries: bytes) -> bytes:
    """A zip file."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as packed:
        for name, content in entries.items():
            packed.writestr(name, content)
    return out.getvalue()


def with_link() -> bytes:
    """A zip file with a symbolic link."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as packed:
        link = zipfile.ZipInfo("xl/worksheets/sheet1.xml")
        link.external_attr = (stat.S_IFLNK | 0o777) << 16
        packed.writestr(link, "/etc/passwd")
    return out.getvalue()


def lying() -> bytes:
    """A workbook whose sheet is a bomb, and whose directory says that it is small."""
    whole = zipfile.ZipFile(io.BytesIO(workbook()))
    entries = {name: whole.read(name) for name in whole.namelist()}
    sheet = "xl/worksheets/sheet1.xml"
    body = archive(**{sheet: b"<worksheet>" + bytes(8 << 20)}, **{k: v for k, v in entries.items() if k != sheet})
    at = body.index(b"PK\x01\x02") + 24
    return body[:at] + (100).to_bytes(4, "little") + body[at + 4 :]


BOMB = archive(**{"xl/worksheets/sheet1.xml": bytes(8 << 20), "[Content_Types].xml": b"<a/>"})
TRAPS = {
    "bomb": BOMB,
    "nested": archive(**{"xl/worksheets/more.zip": b"PK"}),
    "link": with_link(),
    "out": archive(**{"../../etc/cron.d/x": b"x"}),
    "root": archive(**{"/etc/cron.d/x": b"x"}),
    "drive": archive(**{"C:x": b"x"}),
    "many": archive(**{f"e{n}": b"" for n in range(1_001)}),
    "texts": archive(**{"xl/sharedStrings.xml": b"ab" * (13 << 20)}),
}
BROKEN = {
    "text": b"kind,reference\n",
    "empty": b"",
    "no workbook": archive(**{"a.txt": b"x"}),
    "cut": workbook(["1", "ЭЛ", "К", "7", 1, None, "2026-10-12"])[:-30],
    "lying": lying(),
}


@pytest.mark.parametrize("name", TRAPS)
def test_a_trap_is_refused_before_anything_is_unpacked(name: str) -> None:
    """By its directory alone, while the sender waits."""
    with pytest.raises(errors.UnsafeArchive):
        format_named("condo-readings", Path()).look(io.BytesIO(TRAPS[name]))


def test_a_hundred_thousand_entries_are_not_even_listed() -> None:
    """The number at the archive's end is enough; the directory itself would fill the memory."""
    body = bytearray(archive(a=b""))
    body[-12:-8] = (50_000).to_bytes(2, "little") * 2
    with pytest.raises(errors.UnsafeArchive):
        format_named("condo-readings", Path()).look(io.BytesIO(bytes(body)))


@pytest.mark.parametrize("name", BROKEN)
def test_what_is_no_workbook_is_refused_whole(name: str) -> None:
    """In words, not by an exception of a library."""
    with pytest.raises(errors.Unreadable):
        format_named("condo-readings", Path()).totals(io.BytesIO(BROKEN[name]))


def test_a_workbook_of_another_kind_names_all_missing_columns() -> None:
    """Each once."""
    with pytest.raises(errors.Unreadable) as refused:
        format_named("condo-meters", Path()).totals(io.BytesIO(workbook(head=["Адрес", "ФИО"])))
    assert str(refused.value).count("Лицевой счет") == 1
