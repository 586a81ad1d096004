"""Files as they were sent, read back row by row: csv and json of the standard library, nothing of the centre."""

import csv
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

Row = dict[str, Any]

_NAMING = ("corrects", "reverses")


def rows_of(path: Path, form: str) -> Iterator[tuple[int, Row]]:
    """Line number in the file and row; header lines are left out, a CSV's empty cells are absent."""
    return _csv(path) if form == "csv" else _ndjson(path)


def _ndjson(path: Path) -> Iterator[tuple[int, Row]]:
    with path.open(encoding="utf-8") as lines:
        for number, line in enumerate(lines, start=1):
            row = json.loads(line)
            if row.get("kind") != "header":
                yield number, row


def _csv(path: Path) -> Iterator[tuple[int, Row]]:
    with path.open(encoding="utf-8", newline="") as lines:
        for number, cells in enumerate(csv.DictReader(lines), start=2):
            yield number, {name: _value(name, cell) for name, cell in cells.items() if cell}


def _value(name: str, cell: str) -> object:
    if name == "split":
        return [dict(zip(("service", "amount"), part.split("="), strict=True)) for part in cell.split(";")]
    return {"reference": cell} if name in _NAMING else cell
