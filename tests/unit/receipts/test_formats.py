"""Numbers and days as they are printed."""

from datetime import UTC, date, datetime

import pytest

from receipts.render import formats


@pytest.mark.parametrize(
    ("given", "printed"),
    [("1.204000", "1,204"), ("7", "7"), ("18646", "18\u00a0646"), ("-3.50", "\u22123,5"), ("0.000000", "0"), ("", "")],
)
def test_quantities_lose_only_zeros(given: str, printed: str) -> None:
    """Comma, no-break spaces, no trailing zeros."""
    assert formats.quantity(given) == printed


@pytest.mark.parametrize(
    ("given", "printed"), [("26.5", "26,50"), ("34.518", "34,518"), ("6512.34", "6\u00a0512,34"), (None, "")]
)
def test_prices_have_two_digits_at_least(given: str | None, printed: str) -> None:
    """A tariff of 26.5 is 26,50."""
    assert formats.price(given) == printed


def test_use_is_exact_and_silent_when_a_meter_rolled_over() -> None:
    """Decimal arithmetic with the coefficient; a smaller later reading gives no figure."""
    assert formats.difference("316.550", "311.240", "1") == "5,31"
    assert formats.difference("110", "100", "40") == "400"
    assert formats.difference("2", "99998", None) == ""


def test_days_are_those_of_almaty() -> None:
    """An evening in UTC is the next day at home."""
    assert formats.moment(datetime(2026, 10, 28, 19, 30, tzinfo=UTC)) == "29.10.2026 00:30"
    assert formats.day(date(2026, 11, 25)) == "25.11.2026"


def test_months_are_named_in_both_languages() -> None:
    """Lower case, in the order each language has."""
    assert formats.month("2026-03", "ru") == "март 2026 г."
    assert formats.month("2026-03", "kk") == "2026 жылғы наурыз"


def test_a_service_period_is_a_month_when_it_is_one() -> None:
    """Else its two days; half a period is none."""
    assert formats.span(date(2026, 9, 1), date(2026, 9, 30), "ru") == "сентябрь 2026 г."
    assert formats.span(date(2026, 9, 5), date(2026, 9, 30), "ru") == "05.09.2026–30.09.2026"
    assert formats.span(None, date(2026, 9, 30), "ru") == ""


def test_odd_texts_are_printed_as_they_came() -> None:
    """A volume that is no number does not break a bill."""
    assert formats.quantity("нет данных") == "нет данных"
    assert formats.month("весна", "ru") == "весна"
