"""Months of account: `YYYY-MM` texts that sort as time; day boundaries are those of Asia/Almaty."""

import calendar
import re
from datetime import date, datetime
from functools import lru_cache
from typing import NewType
from zoneinfo import ZoneInfo

Period = NewType("Period", str)

ALMATY = ZoneInfo("Asia/Almaty")
_PERIOD = re.compile(r"(?:19|20)\d{2}-(?:0[1-9]|1[0-2])", re.ASCII)


class BadPeriod(ValueError):
    """The text is not a month like 2026-10."""


def parse_period(text: object) -> Period:
    """A month from outside; raises BadPeriod."""
    if not isinstance(text, str) or _PERIOD.fullmatch(text) is None:
        raise BadPeriod(f"not a month like 2026-10: {text!r}"[:60])
    return Period(text)


def period_of(day: date) -> Period:
    """The month a calendar day lies in."""
    return Period(f"{day.year:04d}-{day.month:02d}")


def period_at(instant: datetime) -> Period:
    """The month an instant lies in, on Almaty's calendar."""
    return period_of(day_at(instant))


def day_at(instant: datetime) -> date:
    """The day an instant lies in, on Almaty's calendar."""
    return instant.astimezone(ALMATY).date()


@lru_cache(2_400)
def first_day(period: Period) -> date:
    """The month's first day."""
    return date(int(period[:4]), int(period[5:]), 1)


@lru_cache(2_400)
def last_day(period: Period) -> date:
    """The month's last day."""
    first = first_day(period)
    return first.replace(day=calendar.monthrange(first.year, first.month)[1])


def shifted(period: Period, months: int) -> Period:
    """The month so many months later (earlier when negative)."""
    index = int(period[:4]) * 12 + int(period[5:]) - 1 + months
    return Period(f"{index // 12:04d}-{index % 12 + 1:02d}")


def following(period: Period) -> Period:
    """The next month."""
    return shifted(period, 1)


def preceding(period: Period) -> Period:
    """The month before."""
    return shifted(period, -1)
