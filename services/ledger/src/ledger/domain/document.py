"""What is handed out of money: the same JSON with every amount as a decimal string."""

import re
from typing import Any

import msgspec

from common.money import format_amount
from ledger.events import said

_AMOUNTS = (
    "opening", "charged", "adjusted", "benefit", "penalty", "paid", "closing", "to_pay", "amount", "debt", "advances",
    "total", "before", "now", "difference",
)  # fmt: skip
# In the JSON itself, which costs less than a walk through its values. A text that says the same has its quotes escaped.
_TIYN = re.compile(rf'("(?:{"|".join(_AMOUNTS)})":\s*)(-?[0-9]+)(?![0-9.eE])')


def document(statement: said.StatementIssued) -> str:
    """The JSON of an issued statement, closed by a brace: what came since and what is due are added before it."""
    return rendered(statement)


def rendered(value: Any) -> str:
    """JSON with amounts as decimal strings."""
    return printed(msgspec.json.encode(value).decode())


def printed(text: str) -> str:
    """The same JSON with whole numbers of tiyn as decimal strings."""
    # What is between, names, amounts: a call for each match would cost more than to find it.
    parts = _TIYN.split(text)
    parts[2::3] = map(_decimal, parts[2::3])
    return "".join(parts)


def _decimal(tiyn: str) -> str:
    if len(tiyn) > 2 and tiyn[0] != "-":
        return f'"{tiyn[:-2]}.{tiyn[-2:]}"'
    return f'"{format_amount(int(tiyn))}"'
