"""CSV of our own and foreign tables by a profile: header drift, shapes, footers, what identifies a row."""

import csv
import io
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from common.errors import Refusal
from provider_sync import errors
from provider_sync.domain import facts
from provider_sync.formats.named import format_named
from provider_sync.formats.profile import load
from provider_sync.formats.rows import Chunk, Format, Place, RejectedRow, Totals

NOWHERE = Path()
HEAD = "kind,reference,account,service,period,amount,basis\r\n"
REGISTER = """
kind = "payment.received"
encoding = "cp1251"
delimiter = ";"
decimal = ","
thousands = " "
dates = ["%d.%m.%Y"]
constants = { channel = "bank" }
[fields]
account = { column = ["Лицевой счёт", "Л/с"] }
paid_at = { column = "Время", needed = true }
amount = { column = "Сумма", shape = "amount", needed = true }
[reference]
columns = ["Номер"]
prefix = "{batch}-"
[footer]
starts_with = "ИТОГО"
count = 1
sum = 3
"""


def chunks(layout: Format, body: bytes, start: Place = Place(), size: int = 100) -> list[Chunk]:
    """All chunks of a file."""
    return list(layout.chunks(io.BytesIO(body), start, size))


def rows(layout: Format, body: bytes, start: Place = Place()) -> list[tuple[int, object]]:
    """(line, row) of a file."""
    return [(n, row) for c in chunks(layout, body, start) for n, row in zip(c.lines, c.rows, strict=True)]


@pytest.fixture
def register(tmp_path: Path) -> Format:
    """A bank's register in cp1251 with a footer."""
    (tmp_path / "register.toml").write_text(REGISTER, encoding="utf-8")
    load.cache_clear()
    return format_named("register", tmp_path, "2026-10-12/7")


def test_csv_has_the_fields_of_the_facts() -> None:
    """With a byte order mark, blank lines, CRLF and quoted line ends, as spreadsheets write."""
    body = ("\ufeff" + HEAD + 'charge.posted,"a\n1",100,heating,2026-10,12.50,area\r\n\r\n').encode()
    layout = format_named("csv", NOWHERE)
    found = rows(layout, body)
    assert [(line, type(row)) for line, row in found] == [(2, facts.ChargePosted)]
    assert layout.totals(io.BytesIO(body))[:2] == (1, 1250)


CHARGE = "kind,reference,account,service,period,amount,basis"
NESTED = [
    (
        "kind,reference,account,paid_at,amount,channel,split",
        "payment.received,p,1,2026-10-12T10:00:00Z,120.00,cash,heating=100.00;lift=20.00",
        ("split", 2),
    ),
    (
        f"{CHARGE},tiers",
        "charge.posted,c,1,power,2026-10,2130.00,meter,60*21.50=1290.00;30*28.00=840.00",
        ("tiers", 2),
    ),
    ("kind,reference,account,reverses", "charge.reversed,r,1,c-17", ("reverses", "c-17")),
    (
        "line,code,detail,kind,reference,account,corrects,amount,reason_code",
        "4,x,y,charge.adjusted,r,1,c-17,-1.00,quality",
        ("corrects", "c-17"),
    ),
]


@pytest.mark.parametrize(("header", "cells", "nested"), NESTED)
def test_nested_fields_have_a_short_form(header: str, cells: str, nested: tuple[str, object]) -> None:
    """Splits, tiers and corrections fit into a cell; the columns of rejected rows are ignored."""
    ((_, row),) = rows(format_named("csv", NOWHERE), f"{header}\n{cells}\n".encode())
    assert not isinstance(row, Refusal), row
    found = getattr(row, nested[0])
    assert (len(found) if isinstance(found, list) else found.reference) == nested[1]


@pytest.mark.parametrize(
    ("line", "code"),
    [
        ("charge.posted,a,100,heating,2026-10,12.50", "unreadable-row"),
        ("charge.posted,a,100,heating,2026-10,12.50,area,extra", "unreadable-row"),
        ('charge.posted,"a"b,100,heating,2026-10,12.50,area', "unreadable-row"),
        ("charge.posted,a\x00,100,heating,2026-10,12.50,area", "unreadable-row"),
        ('charge.posted,a,100,heating,2026-10,"12,50",area', "invalid-amount"),
        ("charge.posted,a,100,heating,2026-10,,area", "invalid-field"),
        ("charge.posted,a,100,heating,2026-10,1e3,area", "invalid-amount"),
    ],
)
def test_a_bad_row_is_refused_and_the_next_is_read(line: str, code: str) -> None:
    """One row, one reason, its line."""
    body = (HEAD + line + "\r\ncharge.posted,b,100,heating,2026-10,1.00,area\r\n").encode()
    (number, first), (_, second) = rows(format_named("csv", NOWHERE), body)
    assert (number, first.code) == (2, code)  # type: ignore[attr-defined]
    assert isinstance(second, facts.ChargePosted)


@pytest.mark.parametrize("body", [b"", b"\n", b"a,b,c\n1,2,3\n"])
def test_a_file_without_our_header_is_refused_whole(body: bytes) -> None:
    """It says what is missing."""
    with pytest.raises(errors.Unreadable):
        format_named("csv", NOWHERE).totals(io.BytesIO(body))


def test_a_register_of_a_bank_is_read_by_its_profile(register: Format) -> None:
    """Encoding, decimal comma, spaces in thousands, batch key in the reference, footer with totals."""
    text = (
        "Номер;Л/с;Время;Сумма\n17;100;2026-10-12T10:00:00+05:00;1 234,5\n"
        "18;101;2026-10-12T10:00:00+05:00;7,00\nИТОГО;2;;1 241,50\n"
    )
    body = text.encode("cp1251")
    (_, first), (_, second) = rows(register, body)
    assert isinstance(first, facts.PaymentReceived)
    assert (first.reference, first.account, first.amount) == ("2026-10-12/7-17", "100", 123450)
    assert isinstance(second, facts.PaymentReceived)
    assert register.totals(io.BytesIO(body)) == Totals(2, 124150, 2, 124150)


def test_missing_columns_are_all_named(register: Format) -> None:
    """The whole file is refused."""
    with pytest.raises(errors.Unreadable) as refused:
        register.totals(io.BytesIO("Номер;Дата\n".encode("cp1251")))
    assert "Лицевой счёт, Время, Сумма" in str(refused.value)


def test_bytes_of_another_encoding_spoil_their_row_only(tmp_path: Path) -> None:
    """Undecodable bytes are found in the row they stand in."""
    body = (
        HEAD.encode()
        + b"charge.posted,\xe0,100,heating,2026-10,1.00,area\ncharge.posted,b,100,heating,2026-10,1.00,area\n"
    )
    (_, first), (_, second) = rows(format_named("csv", NOWHERE), body)
    assert first.code == "unreadable-row"  # type: ignore[attr-defined]
    assert isinstance(second, facts.ChargePosted)


@pytest.mark.parametrize("name", ["../secret", "nothing-like-it", "a b", ""])
def test_an_unknown_profile_is_refused(name: str, tmp_path: Path) -> None:
    """Names never lead out of the folder."""
    with pytest.raises(errors.UnknownFormat):
        format_named(name, tmp_path)


def test_a_broken_profile_says_why(tmp_path: Path) -> None:
    """To the operator who wrote it."""
    (tmp_path / "broken.toml").write_text('kind = "charge.posted"\ncolour = "blue"\n', encoding="utf-8")
    load.cache_clear()
    with pytest.raises(errors.BadProfile) as refused:
        format_named("broken", tmp_path)
    assert "colour" in str(refused.value)


BILLS = (
    "TDS_No,UMIS_BILL_ID,Meter_Number,Revenue_Month,Service_Start_Date,Service_End_Date,Estimated,Current_Charges,"
    "Consumption_HCF\n"
)


def bills(*lines: str) -> list[object]:
    """Rows of water bills."""
    return [row for _, row in rows(format_named("nycha-water", NOWHERE), (BILLS + "\n".join(lines)).encode())]


def test_a_fully_equal_row_has_the_reference_of_its_first_copy() -> None:
    """A batch loaded twice becomes duplicates; another line of the same bill and meter is another fact."""
    one, other = "92,1,E1,2020-01,12/23/2019,01/26/2020,N,72.34,7", "92,1,E1,2020-01,12/23/2019,01/26/2020,N,1.0,7"
    found = bills(one, other, one, other)
    assert [row.reference for row in found] == ["92/1/E1/2020-01", "92/1/E1/2020-01#2"] * 2  # type: ignore[attr-defined]
    assert found[0] == found[2]


def test_rejected_rows_sent_again_are_still_equal_to_each_other() -> None:
    """The line number in front is our answer, not the sender's row."""
    row = "92,1,E1,2020-01,12/23/2019,01/26/2020,N,72.34,7"
    body = f"line,code,detail,{BILLS}5,unknown-account,x,{row}\n9,unknown-account,x,{row}\n".encode()
    (_, first), (_, second) = rows(format_named("nycha-water", NOWHERE), body)
    assert first == second


def test_repeated_keys_are_numbered_alike_after_a_resume() -> None:
    """What stands before the place is read again for its keys."""
    lines = [f"92,1,E1,2020-01,12/23/2019,01/26/2020,N,{n}.00,7" for n in (1, 2, 1, 3, 2)]
    body = (BILLS + "\n".join(lines)).encode()
    layout = format_named("nycha-water", NOWHERE)
    whole = [row.reference for _, row in rows(layout, body)]  # type: ignore[attr-defined]
    for chunk in chunks(layout, body, size=1):
        rest = rows(layout, body, Place(chunk.ends[0], chunk.line_after(0)))
        assert [row.reference for _, row in rest] == whole[len(whole) - len(rest) :]  # type: ignore[attr-defined]


def test_values_are_translated_and_dates_brought_to_one_shape() -> None:
    """What does not fit is left for the fact's own checks."""
    estimated, odd = bills("92,1,E1,2020-01,12/23/2019,13/45/2020,Y,-0.5,7", "92,2,E1,2020-01,,,?,0.0,7")
    assert isinstance(estimated, facts.ChargePosted)
    assert (estimated.basis, estimated.from_, estimated.to, estimated.amount) == (
        "estimate",
        "2019-12-23",
        "13/45/2020",
        -50,
    )
    assert isinstance(odd, Refusal)
    assert odd.field == "/basis"


def test_rejected_rows_keep_the_senders_columns_and_run_no_formula() -> None:
    """Bad input 41: a cell that a spreadsheet would run is quoted, numbers are not."""
    found = [RejectedRow(3, "x", "y", "=HYPERLINK(1),-12.50,@a,+7\r\n")]
    lines = list(csv.reader(format_named("csv", NOWHERE).rejected("a,b,c,d\r\n", iter(found))))
    assert lines == [
        ["line", "code", "detail", "a", "b", "c", "d"],
        ["3", "x", "y", "'=HYPERLINK(1)", "-12.50", "'@a", "+7"],
    ]


cells = st.text(st.characters(codec="utf-8", exclude_characters="\x00\r", exclude_categories=["Cs"]), max_size=8)


@settings(max_examples=60)
@given(st.lists(st.tuples(cells, cells), min_size=1, max_size=12), st.integers(0, 11))
def test_reading_goes_on_from_any_record(table: list[tuple[str, str]], cut: int) -> None:
    """Quoted line ends, quotes and blanks included: the same records at the same lines."""
    text = io.StringIO()
    writer = csv.writer(text, quoting=csv.QUOTE_ALL)
    writer.writerow(["kind", "reference"])
    writer.writerows(table)
    body, layout = text.getvalue().encode(), format_named("csv", NOWHERE)
    singles = chunks(layout, body, size=1)
    assert len(singles) == len(table)
    at = singles[min(cut, len(singles) - 1)]
    rest = chunks(layout, body, Place(at.ends[0], at.line_after(0)), 1)
    assert [(c.lines, c.raws, c.ends) for c in rest] == [
        (c.lines, c.raws, c.ends) for c in singles[min(cut, len(singles) - 1) + 1 :]
    ]
