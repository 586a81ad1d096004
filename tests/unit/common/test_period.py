"""Months of account and the calendar of Almaty."""

from datetime import UTC, date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from common.period import BadPeriod, Period, day_at, following, last_day, parse_period, period_at, preceding, shifted

PERIODS = st.dates(date(1950, 1, 1), date(2090, 12, 31)).map(lambda day: Period(f"{day:%Y-%m}"))


@given(PERIODS)
def test_the_month_after_the_month_before_is_the_month(period: Period) -> None:
    """Steps forth and back cancel out, and months sort as time."""
    assert following(preceding(period)) == period < following(period)


@given(PERIODS, st.integers(-500, 500))
def test_steps_add_up(period: Period, months: int) -> None:
    """So many months forth and back again."""
    assert shifted(shifted(period, months), -months) == period


def test_the_day_begins_at_midnight_in_almaty() -> None:
    """19:00 UTC is already the next day, and here the next month."""
    evening = datetime(2026, 10, 31, 19, 0, tzinfo=UTC)
    assert day_at(evening) == date(2026, 11, 1)
    assert period_at(evening) == "2026-11"
    assert last_day(Period("2028-02")) == date(2028, 2, 29)


@pytest.mark.parametrize("text", ["2026-13", "2026-1", "26-10", "2026-10 ", "9999-12", None, 202610])
def test_what_is_no_month_is_refused(text: object) -> None:
    """Only YYYY-MM of this and the last century."""
    with pytest.raises(BadPeriod):
        parse_period(text)
