"""What is handed out of money: the same JSON with every amount as a decimal string."""

import re
from typing import Any

import msgspec

from common.money import format_amount
from ledger.events import said

_AMOUNTS = frozenset({
    "opening", "charged", "adjusted", "benefit", "penalty", "paid", "closing", "to_pay", "amount", "debt", "advances",
    "total", "before", "now", "difference",
})  # fmt: skip
# In the JSON itself, which costs less than a walk through its values. Whole numbers of all members are found, for a
# pattern of names takes longer; a text that says the same has its quotes escaped, so its name ends in a backslash.
_WHOLE = re.compile(r'":\s*(-?[0-9]+)(?![0-9.eE])')


def document(statement: said.StatementIssued) -> str:
    """The JSON of an issued statement, closed by a brace: what came since and what is due are added before it."""
    return rendered(statement)


def rendered(value: Any) -> str:
    """JSON with amounts as decimal strings."""
    return printed(msgspec.json.encode(value).decode())


def printed(text: str) -> str:
    """The same JSON with whole numbers of tiyn as decimal strings."""
    parts = _WHOLE.split(text)
    parts[1::2] = [
        f'":"{_decimal(number)}"' if before[before.rfind('"') + 1 :] in _AMOUNTS else f'":{number}'
        for before, number in zip(parts[::2], parts[1::2], strict=False)
    ]
    return "".join(parts)


def _decimal(tiyn: str) -> str:
    # Most of a bill is nothing, and most of the rest has whole tenge and no sign.
    if tiyn == "0":
        return "0.00"
    if len(tiyn) > 2 and tiyn[0] != "-":
        return f"{tiyn[:-2]}.{tiyn[-2:]}"
    return format_amount(int(tiyn))
