"""The files a walk brings along: extra charges, a bank's register of the day, a file with three broken rows."""

import csv
import io
import json
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

from demo.records import Row

PROVIDER, BANK = "uy-service", "bank-tengri"
WASH = Decimal("750.00")
FIRST_PAYMENT = Decimal("1234.00")


@dataclass(frozen=True, slots=True)
class Case:
    """One walk's own files: `run` makes references new, `month` is the open one, `day` a day in it."""

    folder: Path
    run: str
    month: str
    day: str

    def charges(self, accounts: list[str]) -> Path:
        """An NDJSON of the house's provider: the yearly washing of the pipes, the same for every flat."""
        rows = [self._wash(account, f"U-{self.run}-{number:04d}") for number, account in enumerate(accounts, 1)]
        total = sum((Decimal(row["amount"]) for row in rows), Decimal("0.00"))
        header = {"kind": "header", "batch": self.batch("charges"), "count": len(rows), "sum": str(total)}
        return self._write("charges.ndjson", _lines([header, *rows]))

    def register(self, payments: list[tuple[str, Decimal]]) -> Path:
        """A bank's CSV of the day, payments without split."""
        rows = [
            {"kind": "payment.received", "reference": f"TB-{self.run}-{number:04d}", "account": account,
             "paid_at": f"{self.day}T09:{number % 60:02d}:00+05:00", "amount": str(amount), "channel": "bank"}
            for number, (account, amount) in enumerate(payments, 1)
        ]  # fmt: skip
        out = io.StringIO()
        writer = csv.DictWriter(out, list(rows[0]), lineterminator="\r\n")
        writer.writeheader()
        writer.writerows(rows)
        return self._write("bank.csv", out.getvalue())

    def broken(self, account: str, month: str) -> tuple[Path, dict[int, str]]:
        """Five rows, three of them broken, and which line is broken in which field or for which reason."""
        good = [
            self._wash(account, f"U-{self.run}-B{number}") | {"amount": "10.00", "period": month}
            for number in range(1, 6)
        ]
        good[1] |= {"amount": "12,50"}
        good[2] |= {"account": "199999999"}
        good[4] |= {"period": "2026-13"}
        broken = {2: "invalid-amount", 3: "unknown-account", 5: "invalid-period"}
        return self._write("broken.ndjson", _lines(good)), broken

    def single(self, account: str) -> Row:
        """One charge to push by itself, kept as a file for the oracle."""
        return self._wash(account, f"U-{self.run}-S1") | {"amount": "321.45"}

    def keep(self, name: str, rows: list[Row]) -> Path:
        """Write rows that went out another way."""
        return self._write(name, _lines(rows))

    def batch(self, word: str) -> str:
        """The batch key of a file."""
        return f"walk-{self.run}-{word}"

    def _wash(self, account: str, reference: str) -> Row:
        return {
            "kind": "charge.posted", "reference": reference, "account": account, "service": "upkeep",
            "period": self.month, "amount": str(WASH), "basis": "fixed",
            "formula_ru": "Промывка системы отопления", "formula_kk": "Жылыту жүйесін жуу",
        }  # fmt: skip

    def _write(self, name: str, text: str) -> Path:
        self.folder.mkdir(parents=True, exist_ok=True)
        path = self.folder / name
        path.write_bytes(text.encode())
        return path


def _lines(rows: list[Row]) -> str:
    return "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)
