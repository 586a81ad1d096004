"""An issued statement as it is handed out: the same document with every amount of money as a decimal string."""

from typing import Any

import msgspec

from common.money import format_amount
from ledger.events import said

_AMOUNTS = frozenset(
    {"opening", "charged", "adjusted", "benefit", "penalty", "paid", "closing", "to_pay", "amount", "debt", "advances",
     "total", "before", "now", "difference"}
)  # fmt: skip


def document(statement: said.StatementIssued) -> str:
    """The JSON of an issued statement, closed by a brace: what came since and what is due are added before it."""
    return rendered(msgspec.to_builtins(statement))


def rendered(value: Any) -> str:
    """JSON with amounts as decimal strings, of plain values or of a struct."""
    return msgspec.json.encode(printed(msgspec.to_builtins(value))).decode()


def printed(value: Any) -> Any:
    """The same document with every amount of money as a decimal string."""
    if isinstance(value, list):
        return [printed(item) for item in value]
    if not isinstance(value, dict):
        return value
    return {
        key: format_amount(item) if key in _AMOUNTS and isinstance(item, int) else printed(item)
        for key, item in value.items()
    }
