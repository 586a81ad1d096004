"""Money at the edges: one form in, one form out, nothing rounded."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from common.money import BadAmount, format_amount, parse_amount, parse_typed_amount, print_amount

AMOUNTS = st.integers(-999_999_999_999, 999_999_999_999)


@given(AMOUNTS)
def test_an_amount_survives_the_edge_and_back(tiyn: int) -> None:
    """What is written is what is read."""
    assert parse_amount(format_amount(tiyn)) == tiyn


@pytest.mark.parametrize(
    "text",
    [1234, 12.5, None, "1e3", "NaN", "12,50", "12.345", "1234", "12345678901.00", "+1.00", " 1.00", "1.00\n", "١.٠٠"],
)
def test_anything_else_is_refused(text: object) -> None:
    """JSON numbers, exponents, commas and eleven digits are no amounts."""
    with pytest.raises(BadAmount):
        parse_amount(text)


@pytest.mark.parametrize("text", ["1234,00", "1 234,00", "1234, 00", "1\u00a0234,00", " 1\u202f234,00 "])
def test_residents_type_a_comma_and_two_digits(text: str) -> None:
    """The forms people use in the country are one amount."""
    assert parse_typed_amount(text) == 123400


@pytest.mark.parametrize("text", ["1234.00", "1234", "1234,0", "1234,000", "12 34,00", "-5,00", "", "1 234 5,00"])
def test_residents_are_told_when_the_form_is_another(text: str) -> None:
    """A point, missing digits or blanks in odd places are an error of form."""
    with pytest.raises(BadAmount):
        parse_typed_amount(text)


def test_people_read_blanks_a_comma_and_the_sign_behind() -> None:
    """No-break spaces, a true minus, the currency after the amount."""
    assert print_amount(6129408) == "61\u00a0294,08\u00a0₸"
    assert print_amount(-100, "USD") == "\u22121,00\u00a0$"
