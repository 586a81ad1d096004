"""Where an answer of the centre and the oracle differ, said so that a reader finds the line at once."""

from decimal import Decimal
from typing import Any, NamedTuple

from demo.oracle import COLUMNS, ZERO, Account, Line, totals

TOTALS = (*COLUMNS, "to_pay", "advances")


class Difference(NamedTuple):
    """A place, what the centre says and what the files say."""

    where: str
    centre: str
    files: str

    def __str__(self) -> str:
        return f"{self.where}: the centre says {self.centre}, the files say {self.files}"


def statement(answer: dict[str, Any], lines: dict[str, Line]) -> list[Difference]:
    """A statement of the ledger against the oracle's lines: every row, every charge, every total."""
    rows = {row["service"]: row for row in answer["rows"]}
    found = []
    for service in [*lines, *(rows.keys() - lines.keys())]:
        found += _row(service, rows.get(service), lines.get(service) or Line())
    return found + _columns("total", answer["totals"], totals(lines), TOTALS)


def payments(answer: dict[str, Any], account: Account, month: str) -> list[Difference]:
    """The payments of a month, each by its reference."""
    said = {row["reference"]: row["amount"] for row in answer["payments"] if not row["amount"].startswith("-")}
    files = {row["reference"]: row["amount"] for counted, row in account.payments if counted == month}
    return [
        Difference(f"payment {reference}", str(said.get(reference)), str(files.get(reference)))
        for reference in sorted(said.keys() | files.keys())
        if said.get(reference) != files.get(reference)
    ]


def due_now(answer: dict[str, Any], due: dict[str, Decimal]) -> list[Difference]:
    """What is due now, per service and in total."""
    said = {row["service"]: Decimal(row["amount"]) for row in answer["rows"] if Decimal(row["amount"])}
    found = [
        Difference(f"due now / {service}", str(said.get(service, ZERO)), str(due.get(service, ZERO)))
        for service in sorted(said.keys() | due.keys())
        if said.get(service, ZERO) != due.get(service, ZERO)
    ]
    return found + _columns("due now", answer, {"total": sum(due.values(), ZERO)}, ("total",))


def _row(service: str, row: dict[str, Any] | None, line: Line) -> list[Difference]:
    if row is None:
        moved = any(line.value(column) for column in COLUMNS) or line.charges
        return [Difference(service, "no row", f"closing {line.closing}")] if moved else []
    found = _columns(service, row, {column: line.value(column) for column in COLUMNS}, COLUMNS)
    return found + _charges(service, row["lines"], line)


def _charges(service: str, shown: list[dict[str, Any]], line: Line) -> list[Difference]:
    said = {one["reference"]: one for one in shown}
    files = {charge.reference: charge for charge in line.charges}
    found = [
        Difference(f"{service} / charge {reference}", "shown" if reference in said else "absent",
                   "sent" if reference in files else "never sent")
        for reference in sorted(said.keys() ^ files.keys())
    ]  # fmt: skip
    for reference in sorted(said.keys() & files.keys()):
        found += _charge(f"{service} / charge {reference}", said[reference], files[reference].row)
    return found


def _charge(where: str, said: dict[str, Any], row: dict[str, Any]) -> list[Difference]:
    numbers = ("amount", "volume", "tariff", "reading_previous", "reading_current")
    found = _columns(where, said, {name: Decimal(row[name]) for name in numbers if name in row}, numbers)
    for name in ("from", "to", "basis"):
        if said.get(name) != row.get(name):
            found.append(Difference(f"{where} / {name}", str(said.get(name)), str(row.get(name))))
    for place, tier in enumerate(row.get("tiers", ())):
        shown = (said.get("tiers") or [{}] * (place + 1))[place]
        found += _columns(
            f"{where} / tier {place + 1}", shown, {name: Decimal(tier[name]) for name in tier}, tuple(tier)
        )
    return found


def _columns(where: str, said: dict[str, Any], files: dict[str, Decimal], names: tuple[str, ...]) -> list[Difference]:
    return [
        Difference(f"{where} / {name}", str(said.get(name)), str(files.get(name)))
        for name in names
        if _number(said.get(name)) != files.get(name)
    ]


def _number(value: object) -> Decimal | None:
    return None if value is None else Decimal(str(value))
