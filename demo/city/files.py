"""Registers as files: NDJSON with a header line, CSV with its control totals in the manifest."""

import csv
import io
import json
from decimal import Decimal
from pathlib import Path
from typing import Any

from demo.city.facts import Fact, Register

# What a column holds when it is not text: a CSV has one cell for it.
_FIRST_COLUMNS = ("kind", "reference", "account")


def write(folder: Path, register: Register, name: str, form: str) -> dict[str, Any]:
    """Write a register; the result is its entry in the manifest."""
    path = folder / register.month / f"{name}.{form}"
    path.parent.mkdir(parents=True, exist_ok=True)
    entry = {
        "file": path.relative_to(folder).as_posix(), "sender": register.sender, "format": form,
        "batch": f"{name}-{register.month}", "count": len(register.rows), "sum": str(_sum(register)),
    }  # fmt: skip
    text = _csv(register.rows) if form == "csv" else _ndjson(entry, register.rows)
    path.write_bytes(text.encode())
    return entry


def _sum(register: Register) -> Decimal:
    return sum((Decimal(row["amount"]) for row in register.rows if "amount" in row), Decimal("0.00"))


def _ndjson(entry: dict[str, Any], rows: list[Fact]) -> str:
    header = {"kind": "header", **{name: entry[name] for name in ("batch", "count", "sum")}}
    return "".join(json.dumps(row, ensure_ascii=False, separators=(",", ":")) + "\n" for row in (header, *rows))


def _csv(rows: list[Fact]) -> str:
    columns = list(dict.fromkeys([*_FIRST_COLUMNS, *(name for row in rows for name in row)]))
    out = io.StringIO()
    writer = csv.DictWriter(out, columns, lineterminator="\r\n")
    writer.writeheader()
    writer.writerows({name: _cell(value) for name, value in row.items()} for row in rows)
    return out.getvalue()


def _cell(value: Any) -> Any:
    if isinstance(value, list):
        return ";".join(f"{part['service']}={part['amount']}" for part in value)
    return value["reference"] if isinstance(value, dict) else value
