"""What the uploaded files say of an account besides money: whose it is, where, what is measured, what was paid last."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from demo.oracle import Close, Said
from demo.records import Row

PROOF_FROM = Decimal("500.00")


@dataclass(slots=True)
class Papers:
    """One account's base data, as last stated."""

    account: str
    opened: Row = field(default_factory=dict)
    holder: Row = field(default_factory=dict)
    services: list[str] = field(default_factory=list)
    meters: dict[str, Row] = field(default_factory=dict)
    readings: dict[str, list[Row]] = field(default_factory=dict)
    payments: list[Row] = field(default_factory=list)
    changes: list[Row] = field(default_factory=list)

    def last_payment(self) -> Decimal | None:
        """What proves that somebody holds the account's papers: the last day's payment, when there was exactly one."""
        newest = max((row["paid_at"][:10] for row in self.payments), default="")
        amounts = [Decimal(row["amount"]) for row in self.payments if row["paid_at"][:10] == newest]
        return amounts[0] if len(amounts) == 1 and amounts[0] >= PROOF_FROM else None

    def is_closed(self) -> bool:
        """Whether it takes no charges any more."""
        return any(row["kind"] == "account.closed" for row in self.changes)

    def was_sold(self) -> bool:
        """Whether earlier payments prove nothing any more."""
        return any(row["kind"] == "account.holder-changed" for row in self.changes)

    def latest(self, name: str) -> Any:
        """A field of the base data, as the last change left it."""
        stated = [row[name] for row in (self.opened, *self.changes) if name in row]
        return stated[-1] if stated else None


class Cabinet:
    """The papers of all accounts."""

    def __init__(self, sent: Iterable[Said | Close]) -> None:
        self.directory: dict[tuple[str, str], Row] = {}
        self._papers: dict[str, Papers] = {}
        self._seen: set[tuple[str, str]] = set()
        for said in sent:
            if isinstance(said, Said) and (said.sender, said.row["reference"]) not in self._seen:
                self._seen.add((said.sender, said.row["reference"]))
                self._file(said.row)

    def of(self, account: str) -> Papers:
        """An account's papers."""
        return self._papers[account]

    def all(self) -> list[Papers]:
        """Everybody's, in the order of opening."""
        return list(self._papers.values())

    def name(self, service: str, language: str) -> str:
        """A service's name as the directory states it."""
        return str(self.directory["directory.service", service][f"name_{language}"])

    def _file(self, row: Row) -> None:
        kind = row["kind"]
        if kind.startswith("directory."):
            self.directory[kind, row["id"]] = row
        elif kind == "account.opened":
            self._papers[row["account"]] = Papers(row["account"], opened=row)
        elif row["account"] in self._papers:
            _FILING.get(kind, _nowhere)(self._papers[row["account"]], row)


def _nowhere(papers: Papers, row: Row) -> None:
    """Money and what nobody asks for here."""


def _hold(papers: Papers, row: Row) -> None:
    papers.holder = row


def _change(papers: Papers, row: Row) -> None:
    papers.changes.append(row)


def _connect(papers: Papers, row: Row) -> None:
    papers.services.append(row["service"])


def _install(papers: Papers, row: Row) -> None:
    papers.meters[row["meter"]] = dict(row)


def _remove(papers: Papers, row: Row) -> None:
    papers.meters.pop(row["meter"], None)


def _plan(papers: Papers, row: Row) -> None:
    papers.meters[row["meter"]]["replacement_planned"] = row["planned_for"]


def _read(papers: Papers, row: Row) -> None:
    papers.readings.setdefault(row["meter"], []).append(row)


def _pay(papers: Papers, row: Row) -> None:
    papers.payments.append(row)


def _unpay(papers: Papers, row: Row) -> None:
    undone = row["reverses"]["reference"]
    papers.payments = [payment for payment in papers.payments if payment["reference"] != undone]


_FILING = {
    "holder": _hold,
    "account.residents-changed": _change,
    "account.area-changed": _change,
    "account.holder-changed": _change,
    "account.renumbered": _change,
    "account.closed": _change,
    "service.connected": _connect,
    "meter.installed": _install,
    "meter.removed": _remove,
    "meter.replacement-planned": _plan,
    "meter.read": _read,
    "payment.received": _pay,
    "payment.reversed": _unpay,
}
