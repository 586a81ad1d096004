"""Registers of banks as text: heading, footer, encodings, tables without a header, odd spreadsheets."""

import io
from pathlib import Path

import pytest

from common.errors import Refusal
from provider_sync.domain import facts
from provider_sync.formats.named import format_named
from provider_sync.formats.profile import load
from provider_sync.formats.rows import Place, Totals

ROWS = "100000120;12.10.2026;17;1 000,00\n\n100000135;12.10.2026;18;7,5\n"
REGISTER = f"#РЕЕСТР;12/2026-10-12;2;1 007,50\n{ROWS}#ИТОГО;2;1 007,50\n"


def rows(form: str, body: bytes, batch: str = "", folder: Path = Path(), start: Place = Place()) -> list[object]:
    """The rows of a file."""
    found = format_named(form, folder, batch).chunks(io.BytesIO(body), start, 1)
    return [row for chunk in found for row in chunk.rows]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1251", "cp866"])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_a_register_is_read_in_its_encoding(encoding: str, end: str) -> None:
    """The heading's key stands in the references; its totals and the footer's are those of the rows."""
    body = REGISTER.replace("\n", end).encode(encoding)
    first, second = rows("bank-register", body)
    assert isinstance(first, facts.PaymentReceived)
    assert isinstance(second, facts.PaymentReceived)
    assert (first.reference, first.account, first.amount) == ("12/2026-10-12/17", "100000120", 100000)
    assert first.paid_at.isoformat() == "2026-10-12T00:00:00+05:00"
    assert second.amount == 750
    totals = format_named("bank-register", Path()).totals(io.BytesIO(body))
    assert totals == Totals(2, 100750, 2, 100750, "12/2026-10-12")


def test_reading_goes_on_behind_any_row() -> None:
    """The heading is read again for the batch's key."""
    body = REGISTER.encode("cp1251")
    layout = format_named("bank-register", Path())
    first, second = layout.chunks(io.BytesIO(body), Place(), 1)
    assert rows("bank-register", body, start=Place(first.ends[0], first.line_after(0))) == second.rows


@pytest.mark.parametrize(
    ("text", "code"),
    [
        (REGISTER.replace("#ИТОГО;2;1 007,50\n", ""), "unreadable-file"),
        (REGISTER.split("\n", 1)[1], "unreadable-file"),
        (REGISTER.replace("РЕЕСТР;12/2026-10-12;2", "РЕЕСТР;12/2026-10-12;3"), "control-totals-differ"),
        (
            REGISTER.replace("РЕЕСТР;12/2026-10-12;2;1 007,50", "РЕЕСТР;12/2026-10-12;2;1 007,51"),
            "control-totals-differ",
        ),
        (REGISTER.replace("#ИТОГО;2;1 007,50", "#ИТОГО;два;1 007,50"), "unreadable-file"),
        (REGISTER.replace("#ИТОГО;2;1 007,50", "#ИТОГО;2;тысяча"), "unreadable-file"),
        (REGISTER.replace("#ИТОГО;2;1 007,50", "#ИТОГО"), "unreadable-file"),
        ("", "unreadable-file"),
    ],
    ids=["cut", "no heading", "count", "sum", "no number", "no amount", "short", "empty"],
)
def test_a_register_whose_totals_are_not_its_own_is_refused_whole(text: str, code: str) -> None:
    """The footer's are held to what was found by the load, the heading's here."""
    with pytest.raises(Refusal) as refused:
        format_named("bank-register", Path()).totals(io.BytesIO(text.encode("cp1251")))
    assert refused.value.code == code


LEEDS = (
    "Body,Body name,Service label,Service divison label,Expenditure category,Detailed expenditure type,"
    "Detailed expenditure code,Date paid,Transaction number, Net amount ,Capital or revenue,Supplier name,,,,\r\n"
)


def council(*cells: str) -> str:
    """A row of the council's table."""
    code, day, number, amount = cells
    return f'b,n,s,d,c,t,{code},{day},{number},"{amount}",R,x,,,,\r\n'


def test_blank_rows_trailing_columns_and_a_bare_footer_are_no_rows() -> None:
    """As spreadsheets leave them; the footer holds nothing but the sum of all amounts."""
    body = LEEDS + council("205", "31/01/2011", "1112-1", " 1,500.40 ") + ",,,,,,,,,,,,,,,\r\n"
    body += council("205", "18-Jan-2012", "1112-2", "-1380") + ",,,,,,,,,120.40,,,,,,\r\n"
    found = rows("leeds-payments", body.encode("cp1252"), "2011-11")
    assert [(row.reference, row.amount) for row in found] == [  # type: ignore[attr-defined]
        ("2011-11/1112-1", 150040), ("2011-11/1112-2", -138000),
    ]  # fmt: skip
    totals = format_named("leeds-payments", Path(), "2011-11").totals(io.BytesIO(body.encode()))
    assert totals == Totals(2, 12040, None, 12040)


def test_a_profile_that_names_rows_by_the_batch_needs_its_key() -> None:
    """Without it next month's equal numbers would be conflicts."""
    with pytest.raises(Refusal, match="batch"):
        format_named("leeds-payments", Path()).totals(
            io.BytesIO((LEEDS + council("1", "31/01/2011", "1", "1")).encode())
        )


def test_an_encoding_that_shows_no_column_is_passed_over(tmp_path: Path) -> None:
    """Of one-byte encodings the header tells the right one."""
    text = """
kind = "payment.received"
encoding = ["utf-8-sig", "cp1251", "cp866"]
delimiter = ";"
constants = { channel = "bank" }
[fields]
account = { column = "Лицевой счёт" }
paid_at = { column = "День", shape = "instant" }
amount = { column = "Сумма", shape = "amount" }
[reference]
columns = ["Номер"]
"""
    (tmp_path / "any.toml").write_text(text, encoding="utf-8")
    load.cache_clear()
    body = "Номер;Лицевой счёт;День;Сумма\n1;100;2026-10-12;1.00\n"
    for encoding in ("utf-8", "cp1251", "cp866"):
        (row,) = rows("any", body.encode(encoding), folder=tmp_path)
        assert isinstance(row, facts.PaymentReceived)
    with pytest.raises(Refusal):
        format_named("any", tmp_path).totals(io.BytesIO(body.encode("utf-16")))
