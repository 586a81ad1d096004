"""No cell of a file is computed by the spreadsheet that opens it."""

import pytest

from common.spreadsheets import safe_cell


@pytest.mark.parametrize("text", ["=1+1", "+cmd", "-2+3", "@SUM(A1)", "\t=1", "\r=1", "\n=1", "  =1", "＝1", "-", "+"])
def test_what_could_begin_a_formula_gets_a_quote(text: str) -> None:
    """Also behind blanks, and in full width."""
    assert safe_cell(text) == f"'{text}"


@pytest.mark.parametrize("text", ["", "5", "-1.50", "+7", "-1,50", "ул. Абая, 42", "a=b", "'=1"])
def test_numbers_and_plain_texts_stay(text: str) -> None:
    """A negative amount is still a number."""
    assert safe_cell(text) == text


def test_a_zero_byte_hides_nothing() -> None:
    """Some programs pass over it."""
    assert safe_cell("\0=1") == "'=1"
