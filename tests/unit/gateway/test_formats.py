"""Sums, days and months as people of the country write them."""

import pytest

from gateway.render import formats


@pytest.mark.parametrize(
    ("amount", "shown"),
    [
        ("1234.50", "1 234,50 ₸"),
        ("-0.05", "−0,05 ₸"),
        ("0.00", "0,00 ₸"),
        ("1234567890123.45", "1 234 567 890 123,45 ₸"),
    ],
)
def test_a_sum_is_written_with_spaces_and_a_comma(amount: str, shown: str) -> None:
    """Sums of many accounts are longer than what a sender may state."""
    assert formats.money(amount).replace("\u00a0", " ") == shown


def test_days_are_those_of_almatys_calendar() -> None:
    """An evening in UTC is the next day there."""
    assert formats.day("2026-10-31T20:00:00Z") == "01.11.2026"
    assert formats.day("2026-10-31") == "31.10.2026"
    assert formats.day(None) == ""
    assert formats.moment("2026-10-31T20:00:00Z") == "01.11.2026 01:00"


def test_months_have_their_names_in_lower_case() -> None:
    """As they stand in the receipt."""
    assert formats.month("2026-10", "ru") == "октябрь 2026 г."
    assert formats.month("2026-10", "kk") == "2026 жылғы қазан"
    assert formats.month_short("2026-10", "kk") == "қаз"


def test_volumes_lose_zeros_at_the_end_only() -> None:
    """`1.204000` is 1,204; 100 stays 100."""
    assert [formats.number(v) for v in ("1.204000", "100", "0.50", "-2.0")] == ["1,204", "100", "0,5", "−2"]
