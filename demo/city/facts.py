"""Facts as a sender writes them: a dictionary of strings, in the order of contracts."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

Fact = dict[str, Any]

MONTHS = ("2026-08", "2026-09", "2026-10")
TAKE_OVER = "2026-07"
LAST_DAY = {"2026-06": "30", "2026-07": "31", "2026-08": "31", "2026-09": "30", "2026-10": "31"}
CENT = Decimal("0.01")


def before(month: str) -> str:
    """The month before, within one year."""
    return f"{month[:4]}-{int(month[5:]) - 1:02d}"


def after(month: str) -> str:
    """The month after, within one year."""
    return f"{month[:4]}-{int(month[5:]) + 1:02d}"


def money(amount: Decimal) -> Decimal:
    """Rounded to the tiyn, halves away from zero, as bills are."""
    return amount.quantize(CENT, ROUND_HALF_UP)


def fact(kind: str, reference: str, account: str, **fields: Any) -> Fact:
    """A row; what is empty is absent, decimals become strings."""
    row: Fact = {"kind": kind, "reference": reference, "account": account}
    return row | {name.rstrip("_"): _plain(value) for name, value in fields.items() if value not in (None, "")}


def _plain(value: Any) -> Any:
    return str(value) if isinstance(value, Decimal) else value


@dataclass(slots=True)
class Register:
    """What one sender says in one month, with its running numbers."""

    sender: str
    letter: str
    month: str
    rows: list[Fact] = field(default_factory=list)
    _next: int = 1

    def reference(self, word: str = "") -> str:
        """The next reference: letter, month, running number."""
        number, self._next = self._next, self._next + 1
        return f"{self.letter}{word}-{self.month}-{number:06d}"

    def add(self, kind: str, account: str, word: str = "", **fields: Any) -> Fact:
        """Write a row under the next reference and hand it out."""
        row = fact(kind, self.reference(word), account, **fields)
        self.rows.append(row)
        return row

    def __iter__(self) -> Iterator[Fact]:
        return iter(self.rows)
