"""The text of a printed receipt, and where it differs from the oracle."""

import io
import re
from decimal import Decimal

from pypdf import PdfReader

from demo.compare import Difference
from demo.oracle import COLUMNS, Line, totals
from demo.screen import printed

KAZAKH = "әғқңөұүһі"
LABELS = {"ru": {"totals": "Итого", "advance": "Переплата"}, "kk": {"totals": "Барлығы", "advance": "Артық төлем"}}
_CELL = re.compile(r"–|−?\d{1,3}(?: \d{3})*,\d\d(?!\d)")
# Whom to ask stands before the sums of a row without a volume, and its last digits are no thousands.
_PHONE = re.compile(r"(?:\+7|8) \(?\d{3}\)? \d{3}[ -]\d{2}[ -]\d{2}")
_CELLS = re.compile(rf"(?:(?:{_CELL.pattern}) ){{6,}}(?:{_CELL.pattern})")
# The two columns that are printed as a number even when they are nothing.
_ALWAYS = {"row": ("closing",), "totals": ("opening", "charged", "closing")}


def text_of(document: bytes) -> str:
    """All words of a PDF in reading order, single spaces between them."""
    pages = PdfReader(io.BytesIO(document)).pages
    return " ".join(" ".join(page.extract_text() for page in pages).split())


def differences(
    text: str, lines: dict[str, Line], names: dict[str, str], language: str, due: Decimal
) -> list[Difference]:
    """Every row, the totals and the sum to pay, in the order in which they must stand on the page."""
    found, at, text = [], 0, _PHONE.sub("", text)
    for service, line in lines.items():
        if not any(line.value(column) for column in COLUMNS) and not line.charges:
            continue
        name = LABELS[language]["advance"] if service == "advance" else names[service]
        at, missing = _next(text, at, name, _cells({c: line.value(c) for c in COLUMNS}, "row"))
        found += missing
    found += _next(text, at, LABELS[language]["totals"], _cells(totals(lines), "totals"))[1]
    if f"{_plain(due)} ₸" not in text:
        found.append(Difference("PDF / to pay", "not printed", f"{_plain(due)} ₸"))
    return found


def absent_words(text: str, words: dict[str, str]) -> list[Difference]:
    """Words that must be on the page letter by letter: names, addresses, months."""
    return [
        Difference(f"PDF / {what}", "not printed", word)
        for what, word in words.items()
        if " ".join(word.split()) not in text
    ]


def _next(text: str, at: int, name: str, cells: str) -> tuple[int, list[Difference]]:
    row = text.find(name, at)
    printed_cells = _CELLS.search(text, row) if row >= 0 else None
    if printed_cells is None:
        return at, [Difference(f"PDF / {name}", "no such row", cells)]
    # A tariff may stand right before the first column; the last column ends the row.
    said = " ".join(_CELL.findall(printed_cells[0])[-len(COLUMNS) :])
    return printed_cells.end(), [] if said == cells else [Difference(f"PDF / {name}", said, cells)]


def _cells(values: dict[str, Decimal], kind: str) -> str:
    return " ".join(_plain(values[c]) if values[c] or c in _ALWAYS[kind] else "–" for c in COLUMNS)


def _plain(amount: Decimal) -> str:
    return printed(amount).replace("\u00a0", " ")
