"""Numbers, days and foreign texts as printed: no-break spaces, comma, U+2212; at most 200 characters a text."""

import unicodedata
from datetime import date, datetime
from decimal import Decimal

from common.money import print_amount
from common.period import ALMATY, last_day, parse_period
from receipts.render.texts import Language, Printed, text

TEXT_LIMIT = 200
_MINUS, _NBSP = "\u2212", "\u00a0"
_INVISIBLE = {"Cc", "Cf", "Cs", "Co", "Zl", "Zp"}


def clean(foreign: str | None) -> str:
    """A text from outside: one line, no control or direction characters, at most 200 characters."""
    visible = (" " if unicodedata.category(c) in _INVISIBLE else c for c in (foreign or "")[: 4 * TEXT_LIMIT])
    line = " ".join("".join(visible).split(" "))
    return line.strip() if len(line.strip()) <= TEXT_LIMIT else line.strip()[: TEXT_LIMIT - 1] + "…"


def figure(tiyn: int) -> str:
    """An amount in a column that names its currency in the head: `61 294,08`."""
    return print_amount(tiyn, "").rstrip(_NBSP)


def figure_or_dash(tiyn: int) -> str:
    """The same, with a dash for nothing: it keeps a wide table readable."""
    return figure(tiyn) if tiyn else "–"


def quantity(number: str | None) -> str:
    """A volume, tariff or reading: `1.204000` → `1,204`; a text that is no number is printed as it came."""
    if not number:
        return ""
    sign, _, digits = number.rpartition("-")
    whole, _, fraction = digits.partition(".")
    if sign or not whole.isascii() or not whole.isdigit() or not (fraction or "0").isdigit():
        return clean(number).replace("-", _MINUS)
    grouped = f"{int(whole):,}".replace(",", _NBSP)
    rest = fraction.rstrip("0")
    return (_MINUS if number.startswith("-") else "") + (f"{grouped},{rest}" if rest else grouped)


def price(number: str | None) -> str:
    """A tariff: at least two digits after the comma: `26.5` → `26,50`."""
    printed = quantity(number)
    if not printed or not printed[-1].isdigit():
        return printed
    whole, _, fraction = printed.partition(",")
    return f"{whole},{fraction:0<2}"


def difference(later: str, earlier: str, coefficient: str | None) -> str:
    """The use between two readings, or nothing when the meter rolled over or was exchanged."""
    used = (Decimal(later) - Decimal(earlier)) * Decimal(coefficient or "1")
    return quantity(f"{used:f}") if used >= 0 else ""


def day(value: date | None) -> str:
    """`25.11.2026`, or nothing."""
    return f"{value:%d.%m.%Y}" if value else ""


def moment(value: datetime) -> str:
    """An instant on Almaty's clock: `05.11.2026 18:00`."""
    return f"{value.astimezone(ALMATY):%d.%m.%Y %H:%M}"


def month(period: str, language: Language) -> str:
    """`октябрь 2026 г.`, `2026 жылғы қазан`; a text that is no month is printed as it came."""
    year, _, number = period.partition("-")
    if not number.isdigit() or not 1 <= int(number) <= 12:
        return clean(period)
    return text("month_year", language).format(month=text(f"month_{int(number):02d}", language), year=year)


def span(start: date | None, end: date | None, language: Language) -> str:
    """A service period in words: a whole month by its name, else its two days; half a period is none."""
    if start is None or end is None:
        return ""
    period = parse_period(f"{start:%Y-%m}")
    if start.day == 1 and end == last_day(period):
        return month(period, language)
    return f"{day(start)}–{day(end)}"


def file_name(period: str, account: str, printed: Printed) -> str:
    """What the file is called where it is saved: `Квитанция_2026-10_100000123.pdf`."""
    title = text("title_short_both", "kk") if printed == "ru+kk" else text("title_short", printed)
    return f"{title}_{period}_{account}.pdf"
