"""The ledger's pure functions over lists instead of tables: batches, closes and the digest without a server."""

import json
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import msgspec
from msgspec.structs import astuple

from ledger.domain.base import Stated
from ledger.domain.entry import Entry
from ledger.domain.split import Dues, Opening, SplitRule
from ledger.domain.statement import Closed, Directory, OpenAccount, close_through, due_now, dues_of
from ledger.events import said
from ledger.events.heard import Change
from ledger.handlers.audit import canonical_line
from ledger.projections import Allocation, ChangeRow, ReadingRow, project, resolve
from tests.support.facts import ORDER, Event, record

EMPTY = Directory({}, {}, "KZT")


@dataclass
class Books:
    """Everything the tables would hold."""

    rule: SplitRule = field(default_factory=lambda: SplitRule(1, "", ORDER))
    entries: list[Entry] = field(default_factory=list)
    changes: list[ChangeRow] = field(default_factory=list)
    readings: list[ReadingRow] = field(default_factory=list)
    allocations: list[Allocation] = field(default_factory=list)
    closed: list[Closed] = field(default_factory=list)
    closed_through: dict[str, str] = field(default_factory=dict)
    openings: dict[str, dict[tuple[str, str], Opening]] = field(default_factory=lambda: defaultdict(dict))
    accounts: dict[str, int] = field(default_factory=dict)

    def apply(self, events: Sequence[Event]) -> None:
        """One batch of facts."""
        rows = project([record(event) for event in events])
        self.accounts.update(rows.opened)
        self.changes += rows.changes
        self.readings += rows.readings
        splits: dict[tuple[str, str, str], dict[str, int]] = defaultdict(dict)
        for e in self.entries:
            if e.kind == "payment.received":
                splits[e.account, e.provider, e.reference][e.service] = e.amount
        dues = {account: self.dues(account) for account in rows.needing_dues()}
        entries, allocations = resolve(rows, dues, splits, [self.rule])
        self.entries += entries
        self.allocations += allocations

    def close(self, period: str, cut_off: str = "2026-11-05T13:00:00Z") -> None:
        """Closes a month for every account."""
        for account in sorted(self.accounts):
            found = close_through(self.open_account(account), period, cut_off, EMPTY, [self.rule])
            for closed in found:
                self.entries += closed.advance
                following = _following(closed.statement.period)
                self.openings[account].update({(following, s): o for s, o in closed.openings.items()})
            self.closed += found
            self.closed_through[account] = period

    def open_account(self, account: str) -> OpenAccount:
        """The account as the store would load it."""
        through = self.closed_through.get(account, "")
        return OpenAccount(
            account,
            through,
            max((c.sequence for c in self.changes if c.account == account), default=0),
            {service: o for (period, service), o in self.openings[account].items() if period > through},
            [e for e in sorted(self.entries, key=_place) if e.account == account and e.period > through],
            [
                Stated(c.kind, c.sequence, c.holds_from, c.recorded_at, msgspec.json.decode(c.data, type=Change))
                for c in self.changes
                if c.account == account
            ],
            {},
        )

    def dues(self, account: str) -> Dues:
        """What the account owes by its open months."""
        return dues_of(*self._owed(account))

    def due_now(self, account: str) -> said.DueNow:
        """What is due now."""
        return due_now(*self._owed(account), self.rule)

    def _owed(self, account: str) -> tuple[str, Mapping[str, Opening], Sequence[Entry]]:
        loaded = self.open_account(account)
        return _following(loaded.closed_through) if loaded.closed_through else "", loaded.openings, loaded.entries

    def statement(self, account: str, period: str) -> said.StatementIssued:
        """An issued statement."""
        return next(c.statement for c in self.closed if (c.statement.account, c.statement.period) == (account, period))

    def canonical(self) -> list[bytes]:
        """The lines of the digest."""
        return [canonical_line(section, tuple(row)) for section, rows in self._sections() for row in rows]

    def _sections(self) -> Iterable[tuple[str, Iterable[Sequence[Any]]]]:
        money = sorted(map(astuple, self.entries), key=lambda e: e[:4])
        yield "entry", ([*e[:7], e[8], e[7], *e[9:11], json.loads(e[13])] for e in money)
        openings = [(a, p, s, o.amount, o.aged) for a, of in self.openings.items() for (p, s), o in of.items()]
        yield "opening", sorted(openings, key=lambda row: (row[0], row[1], row[2]))
        yield "statement", sorted((row for c in self.closed for row in _rows(c.statement)), key=str)
        changes = sorted(self.changes, key=lambda c: c[:2])
        yield "change", ([*c[:4], json.loads(c.data)] for c in changes)
        yield "reading", (r[:6] for r in sorted(self.readings, key=lambda r: r[:4]))


def batches(events: Sequence[Event], size: int) -> Iterable[Sequence[Event]]:
    """The events in pieces."""
    return (events[start : start + size] for start in range(0, len(events), size))


def _rows(s: said.StatementIssued) -> Iterable[list[Any]]:
    for r in s.rows:
        sums = (r.opening, r.charged, r.adjusted, r.benefit, r.penalty, r.paid, r.closing)
        yield [s.account, s.period, s.version, r.service, *sums]
    if not s.rows:
        yield [s.account, s.period, s.version, *([None] * 8)]


def _place(entry: Entry) -> tuple[str, int, int]:
    return entry.period, entry.sequence, entry.line


def _following(period: str) -> str:
    year, month = int(period[:4]), int(period[5:])
    return f"{year + month // 12:04d}-{month % 12 + 1:02d}"


def closings(statement: said.StatementIssued) -> Mapping[str, int]:
    """Each service's closing balance."""
    return {row.service: row.closing for row in statement.rows}
