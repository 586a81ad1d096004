"""Texts in files for spreadsheets, which compute what begins like a formula."""

import re

_NUMBER = re.compile(r"[-+]?\d+([.,]\d+)?", re.ASCII)
_FORMULA = tuple("=+-@＝＋－＠\t\r\n")


def safe_cell(text: str) -> str:
    """A text that no spreadsheet computes: a quote before what could begin a formula; numbers stay numbers."""
    plain = text.replace("\0", "")
    if _NUMBER.fullmatch(plain):
        return plain
    return f"'{plain}" if plain.lstrip(" ").startswith(_FORMULA) else plain
