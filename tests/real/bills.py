"""The water bills once more, by csv and Decimal alone: what must come of the file, computed without the centre."""

import csv
import gzip
import io
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from decimal import Decimal
from functools import cached_property
from pathlib import Path

Row = tuple[str, ...]
Place = tuple[str, str]


def found(folder: Path, name: str) -> Path:
    """The one file whose name begins so, anywhere below a folder."""
    files = sorted(folder.rglob(f"{name}*.csv.gz"))
    assert len(files) == 1, f"{folder} holds {len(files)} files {name}*.csv.gz"
    return files[0]


@dataclass
class Table:
    """A gzipped table with a header."""

    path: Path
    names: list[str] = field(default_factory=list)
    rows: list[Row] = field(default_factory=list)

    def __post_init__(self) -> None:
        with gzip.open(self.path) as packed:
            self.names, *rows = csv.reader(io.TextIOWrapper(packed, encoding="utf-8-sig", newline=""))
        self.rows = [tuple(row) for row in rows]

    def column(self, name: str) -> int:
        """Where a column stands."""
        return self.names.index(name)


@dataclass
class Bills:
    """The bills and the register of estates."""

    bills: Table
    register: Table

    @cached_property
    def registered(self) -> set[str]:
        """Estates with an address."""
        at = self.register.column("TDS #")
        return {row[at] for row in self.register.rows}

    @cached_property
    def unregistered(self) -> set[str]:
        """Estates that bill and stand in no register."""
        return {self.account(row) for row in self.bills.rows} - self.registered

    @cached_property
    def taken(self) -> list[Row]:
        """The distinct rows of registered estates, in the order of the file."""
        return [row for row in dict.fromkeys(self.bills.rows) if self.account(row) in self.registered]

    @property
    def rejected_lines(self) -> list[int]:
        """The lines of rows of unregistered estates; the header is line 1."""
        return [n for n, row in enumerate(self.bills.rows, 2) if self.account(row) in self.unregistered]

    @property
    def copies(self) -> int:
        """Second copies among the rows of registered estates."""
        return sum(n - 1 for row, n in Counter(self.bills.rows).items() if self.account(row) in self.registered)

    def account(self, row: Row) -> str:
        """The estate."""
        return row[self.bills.column("TDS_No")]

    def month(self, row: Row) -> str:
        """The month of account."""
        return row[self.bills.column("Revenue_Month")]

    def cents(self, row: Row) -> int:
        """The charge."""
        return int(Decimal(row[self.bills.column("Current_Charges")]) * 100)

    def estimated(self, row: Row) -> bool:
        """Whether the bill is an estimate."""
        return row[self.bills.column("Estimated")] == "Y"

    def credited(self, row: Row) -> bool:
        """Whether the bill holds a credit."""
        return self.cents(row) < 0 or Decimal(row[self.bills.column("Other_Charges")]) < 0

    @cached_property
    def months(self) -> list[str]:
        """All months of the file, first to last."""
        return sorted({self.month(row) for row in self.bills.rows})

    def sums(self) -> dict[Place, int]:
        """Cents per account and month of what must be accepted."""
        sums: dict[Place, int] = defaultdict(int)
        for row in self.taken:
            sums[self.account(row), self.month(row)] += self.cents(row)
        return dict(sums)

    def month_with_estimate_and_credit(self) -> Place:
        """An account's month with an estimated bill and a credit, the shortest one; else one with either."""
        months: dict[Place, list[Row]] = defaultdict(list)
        for row in self.taken:
            months[self.account(row), self.month(row)].append(row)

        def merit(place: Place) -> tuple[bool, bool, int]:
            rows = months[place]
            both = any(map(self.estimated, rows)) and any(map(self.credited, rows))
            either = any(map(self.estimated, rows)) or any(map(self.credited, rows))
            return (not both, not either, len(rows))

        return min(months, key=merit)


def read(folder: Path) -> Bills:
    """The files of a folder, found by name."""
    return Bills(Table(found(folder, "water-consumption-and-cost")), Table(found(folder, "residential-addresses")))


def lines_of(rejected: str) -> Iterator[dict[str, str]]:
    """Rejected rows as they came back."""
    yield from csv.DictReader(io.StringIO(rejected))
