"""Sums, days and months as people of the country write them. Amounts come as decimal strings, instants in UTC."""

from datetime import date, datetime

from babel.dates import get_month_names

from common.money import Tiyn, parse_amount, print_amount
from common.period import ALMATY


def tiyn(amount: object) -> Tiyn:
    """A decimal string of the APIs as tiyn."""
    sign, digits = ("-", str(amount)[1:]) if str(amount).startswith("-") else ("", str(amount))
    whole, _, part = digits.partition(".")
    return Tiyn(int(f"{sign}{int(whole) * 100 + int(part)}")) if len(whole) > _API_DIGITS else parse_amount(amount)


_API_DIGITS = 10


def money(amount: object, currency: str = "KZT") -> str:
    """`1234.50` → `1 234,50 ₸`."""
    return print_amount(tiyn(amount), currency)


def day(value: object) -> str:
    """`2026-11-25` or an instant → `25.11.2026`, on Almaty's calendar."""
    if not value:
        return ""
    found = str(value)
    if "T" in found:
        return f"{_instant(found):%d.%m.%Y}"
    return f"{date.fromisoformat(found):%d.%m.%Y}"


def moment(value: object) -> str:
    """An instant → `25.11.2026 18:05`, on Almaty's clock."""
    return f"{_instant(str(value)):%d.%m.%Y %H:%M}" if value else ""


def month(period: str, language: str) -> str:
    """`2026-10` → `октябрь 2026 г.`, `2026 жылғы қазан`."""
    year, number = period.split("-")
    name = month_name(int(number), language)
    return f"{year} жылғы {name}" if language == "kk" else f"{name} {year} г."


def month_name(number: int, language: str) -> str:
    """The month's name as it stands alone, in lower case."""
    return str(get_month_names("wide", "stand-alone", locale=language)[number]).lower()


def month_short(period: str, language: str) -> str:
    """For the axis of a plot: `окт`, `қаз`."""
    name = str(get_month_names("abbreviated", "stand-alone", locale=language)[int(period[5:7])])
    return name.lower().rstrip(".")[:4]


def number(value: object) -> str:
    """A volume: comma instead of the point, no zeros at the end."""
    found = str(value)
    if "." in found:
        found = found.rstrip("0").rstrip(".")
    return found.replace(".", ",").replace("-", "\u2212")


def _instant(text: str) -> datetime:
    return datetime.fromisoformat(text).astimezone(ALMATY)
