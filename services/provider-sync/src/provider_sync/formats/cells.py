"""Texts of a foreign table's cells brought to our shapes."""

import re
from collections.abc import Callable
from datetime import date, datetime, time
from functools import lru_cache

from common.period import ALMATY
from provider_sync.formats.profile import Column, Profile

_NUMBER = re.compile(r"-?\d+(\.\d+)?", re.ASCII)

Shape = Callable[[str], str]


def shaped(column: Column, profile: Profile) -> Shape:
    """How the texts of this column become a field; what does not fit its shape is left for the fact's own checks."""
    shape = _SHAPES[column.shape]
    if column.map:
        return lambda text: column.map.get(text, text)
    if column.prefix or column.suffix:
        return lambda text: f"{column.prefix}{shape(text, profile)}{column.suffix}"
    return lambda text: shape(text, profile)


def plain_number(text: str, profile: Profile) -> str | None:
    """`1 234,5` → `1234.5` by the profile's signs; None when it is no number."""
    for sign in profile.thousands:
        text = text.replace(sign, "")
    if profile.decimal != ".":
        text = text.replace(profile.decimal, ".")
    return text if _NUMBER.fullmatch(text) else None


def amount(text: str, profile: Profile) -> str:
    """A number as money with two digits, if that loses nothing: `196.3` → `196.30`."""
    number = plain_number(text, profile)
    if number is None:
        return text
    whole, _, part = number.partition(".")
    part = part.rstrip("0") if len(part) > 2 else part
    return f"{whole}.{part.ljust(2, '0')}" if len(part) <= 2 else text


def quantity(text: str, profile: Profile) -> str:
    """A number with up to six decimal places."""
    return plain_number(text, profile) or text


def day(text: str, profile: Profile) -> str:
    """A date as YYYY-MM-DD."""
    return _day(text, profile.dates)


@lru_cache(maxsize=50_000)
def _day(text: str, shapes: tuple[str, ...]) -> str:
    """Remembered, for a table names the same days again and again."""
    for shape in shapes:
        try:
            return datetime.strptime(text, shape).date().isoformat()  # noqa: DTZ007  # a calendar day has no zone
        except ValueError:
            continue
    return text


def month(text: str, profile: Profile) -> str:
    """A date's month, or a month as it stands."""
    found = day(text, profile)
    return found[:7] if found != text else text


def instant(text: str, profile: Profile) -> str:
    """A date's midnight in Almaty; an instant as it stands."""
    return _midnight(text, profile.dates)


@lru_cache(maxsize=50_000)
def _midnight(text: str, shapes: tuple[str, ...]) -> str:
    found = _day(text, shapes)
    try:
        return datetime.combine(date.fromisoformat(found), time(), ALMATY).isoformat()
    except ValueError:
        return text


def text_(text: str, profile: Profile) -> str:
    """As it stands."""
    return text


_SHAPES: dict[str, Callable[[str, Profile], str]] = {
    "text": text_, "amount": amount, "quantity": quantity, "day": day, "month": month,
    "instant": instant,
}  # fmt: skip
