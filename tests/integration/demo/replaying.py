"""A city through the real intake into PostgreSQL, and its log through the ledger's own fold."""

from collections import defaultdict
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import msgspec

from common.clock import now, to_wire
from common.envelope import Envelope, full_type
from common.period import Period, following
from common.postgres import Pool
from common.streams import Record
from demo.city.catalogue import SERVICES
from ledger.domain.entry import Entry
from ledger.domain.split import Opening, SplitRule
from ledger.domain.statement import Directory, OpenAccount, close_through, dues_of
from ledger.events.said import StatementIssued
from ledger.projections import project, resolve
from provider_sync.domain.sender import Sender
from provider_sync.formats.named import format_named
from provider_sync.formats.rows import Place
from provider_sync.handlers.base import Base
from provider_sync.handlers.intake import Batch, take
from provider_sync.store import calendar

RULE = SplitRule(1, "2000-01", {service.id: place for place, service in enumerate(SERVICES, 1)})
NOBODY = Directory({}, {}, "KZT")
Heads = dict[str, int]


def take_in(pool: Pool, folder: Path, manifest: dict[str, Any]) -> list[tuple[str, Heads]]:
    """Every file in order; months closed where the manifest says, with how far each log had come by then."""
    senders = {one["id"]: Sender.of(one["id"], one["scopes"]) for one in manifest["senders"]}
    with pool.connection() as conn:
        conn.cursor().executemany("INSERT INTO providers (id) VALUES (%s)", [(name,) for name in senders])
    barriers = []
    for entry in manifest["files"]:
        _take_file(Base(pool), senders[entry["sender"]], folder / entry["file"], entry["format"])
        if entry.get("then_close"):
            barriers.append((entry["then_close"], _close(pool, entry["then_close"])))
    return barriers


def events(pool: Pool) -> dict[str, list[Record]]:
    """The log of each account."""
    found: defaultdict[str, list[Record]] = defaultdict(list)
    with pool.connection() as conn:
        rows = conn.execute(
            "SELECT stream_id, version, id::text, type, occurred_at, recorded_at, data FROM events ORDER BY 1, 2"
        )
        for key, version, ident, kind, occurred, recorded, data in rows:
            type_ = kind if kind.startswith("kz.") else full_type("provider-sync", kind)
            raw = msgspec.Raw(data.encode())
            envelope = Envelope(ident, type_, key, to_wire(occurred), raw, to_wire(recorded), sequence=version)
            found[key].append(Record("accounts", 0, 0, key, type_, None, envelope))
    return dict(found)


@dataclass
class Fold:
    """One account, folded by the ledger's pure functions in the order of log and barriers."""

    account: str
    closed: str = ""
    at: int = 0
    openings: dict[str, Opening] = field(default_factory=dict)
    entries: list[Entry] = field(default_factory=list)
    splits: dict[tuple[str, str, str], Any] = field(default_factory=dict)
    statements: dict[str, StatementIssued] = field(default_factory=dict)

    def run(self, log: list[Record], barriers: list[tuple[str, Heads]], last: str) -> dict[str, StatementIssued]:
        """Statements by month; the last one as if it closed now."""
        for month, heads in barriers:
            self._apply([record for record in log if self.at < record.sequence <= heads.get(self.account, 0)])
            if self.account in heads:
                self._close(month)
            self.closed = month
        self._apply([record for record in log if record.sequence > self.at])
        self._close(last)
        return self.statements

    def _apply(self, records: list[Record]) -> None:
        if not records:
            return
        self.at = records[-1].sequence
        dues = dues_of(following(Period(self.closed)), self.openings, self.entries)
        entries, allocations = resolve(project(records), {self.account: dues}, self.splits, [RULE])
        self.entries += entries
        self.splits |= {(one.account, one.provider, one.reference): one.shares for one in allocations}

    def _close(self, month: str) -> None:
        account = OpenAccount(self.account, self.closed, self.at, self.openings, self.entries, [], {})
        for one in close_through(account, month, to_wire(now()), NOBODY, [RULE]):
            self.statements[one.statement.period] = one.statement
            self.openings = dict(one.openings)
        self.entries = [entry for entry in self.entries if entry.period > month]


def _take_file(base: Base, sender: Sender, path: Path, form: str) -> None:
    with path.open("rb") as file:
        for chunk in format_named(form, Path()).chunks(file, Place(), 8000):
            outcomes = take(base, Batch(sender, chunk.rows, "test"))
            back = [
                (path.name, line, o.refusal or o.doubt)
                for line, o in zip(chunk.lines, outcomes, strict=True)
                if o.refusal or o.doubt
            ]
            assert not back, back[:3]


def _close(pool: Pool, month: str) -> Heads:
    with pool.connection() as conn:
        calendar.close(conn, Period(month), now(), "operator/one", "operator/two", "")
        return dict(conn.execute("SELECT stream_id, max(version) FROM events GROUP BY stream_id").fetchall())
