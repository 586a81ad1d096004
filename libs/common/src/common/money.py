"""Money as integer tiyn (1 tenge = 100 tiyn); decimal strings at the edges, a comma only for residents."""

import re
from typing import NewType

Tiyn = NewType("Tiyn", int)

AMOUNT = re.compile(r"-?\d{1,10}\.\d{2}", re.ASCII)
_TOTAL = re.compile(r"-?\d{1,16}\.\d{2}", re.ASCII)
_TYPED = re.compile(r"(\d{1,3}(?: \d{3})+|\d{1,10}), ?(\d{2})", re.ASCII)
_BLANKS = dict.fromkeys(map(ord, "\u00a0\u202f\u2009\t"), " ")
_SYMBOLS = {"KZT": "₸", "USD": "$", "EUR": "€", "RUB": "₽", "GBP": "£"}


class BadAmount(ValueError):
    """The text is not an amount in the form this edge accepts."""


def parse_amount(text: object) -> Tiyn:
    """`-?\\d{1,10}\\.\\d{2}` as tiyn; numbers, commas, exponents and missing digits raise BadAmount."""
    if not isinstance(text, str) or AMOUNT.fullmatch(text) is None:
        raise BadAmount(f"not an amount like 1234.00: {text!r}"[:80])
    return Tiyn(int(text.replace(".", "")))


def parse_total(text: object) -> Tiyn:
    """A sum of amounts, with up to 16 digits before the point; raises BadAmount."""
    if not isinstance(text, str) or _TOTAL.fullmatch(text) is None:
        raise BadAmount(f"not a sum like 1234.00: {text!r}"[:80])
    return Tiyn(int(text.replace(".", "")))


def format_amount(tiyn: int) -> str:
    """Tiyn as the decimal string of the HTTP and file edges: 123456 → `1234.56`."""
    sign = "-" if tiyn < 0 else ""
    return f"{sign}{abs(tiyn) // 100}.{abs(tiyn) % 100:02d}"


def parse_typed_amount(text: str) -> Tiyn:
    """An amount as residents type it: `1234,00`, `1 234,00`, `1234, 00`; no-break spaces count as spaces."""
    match = _TYPED.fullmatch(text.translate(_BLANKS).strip())
    digits = match[1].replace(" ", "") if match else ""
    if match is None or len(digits) > 10:
        raise BadAmount("not an amount like 1234,00")
    return Tiyn(int(digits) * 100 + int(match[2]))


def print_amount(tiyn: int, currency: str = "KZT") -> str:
    """For people: `61 294,08 ₸` with no-break spaces, U+2212 as the minus, the sign after a no-break space."""
    whole = f"{abs(tiyn) // 100:,}".replace(",", "\u00a0")
    sign = "\u2212" if tiyn < 0 else ""
    return f"{sign}{whole},{abs(tiyn) % 100:02d}\u00a0{_SYMBOLS.get(currency, currency)}"
