"""A small town for tests: senders with keys, a register, open accounts; and the doors the facts go through."""

import io
import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from threading import Event
from typing import Any
from uuid import UUID

import psycopg

from common.ids import uuid7
from common.period import Period
from common.postgres import open_pool
from common.relay import Relay
from provider_sync.domain.decided import Outcome
from provider_sync.domain.sender import Sender
from provider_sync.formats.ndjson import fact_of
from provider_sync.gateways import Arriving, Spool
from provider_sync.handlers import access, directory, operators, periods, uploads
from provider_sync.handlers.base import Act, Base
from provider_sync.handlers.intake import After, Batch, Mode, nothing, take
from provider_sync.handlers.load import Loader
from provider_sync.store.calendar import Closed
from provider_sync.store.keys import Key
from provider_sync.store.uploads import Upload
from tests.support import stores
from tests.support.waiting import until

SCOPES = {
    "centre": ["accounts", "services:*", "master-data", "holders", "take-over"],
    "almaty-heat": ["charges", "meters", "accounts", "services:heating"],
    "almaty-lift": ["charges", "services:lift"],
    "halyk-bank": ["payments"],
}
ASEL = Act("operator/asel", "a test")
Row = dict[str, Any]


@dataclass
class Town:
    """A database with senders; `keys` are live keys by owner, `operator` is the key of the operator Asel."""

    url: str
    base: Base
    spool: Spool
    keys: dict[str, access.Issued]
    operator: str

    def say(self, sender: str, *rows: Row, mode: Mode = "continue", after: After = nothing) -> list[Outcome]:
        """Facts of a sender through the one way in."""
        return self.say_as(sender, SCOPES[sender], *rows, mode=mode, after=after)

    def say_as(
        self, sender: str, scopes: Sequence[str], *rows: Row, mode: Mode = "continue", after: After = nothing
    ) -> list[Outcome]:
        """The same with other scopes than the town's."""
        facts = [fact_of(json.dumps(row, ensure_ascii=False).encode()) for row in rows]
        return take(self.base, Batch(Sender.of(sender, scopes), facts, "test", mode), after)

    def send(self, sender: str, body: bytes, form: str = "ndjson", **wanted: Any) -> UUID:
        """An upload put on the spool."""
        described = uploads.Wanted(form, **wanted)
        return uploads.receive(
            self.base, self.spool, Path(), self.key(sender), described, Arriving(io.BytesIO(body), len(body)), False
        )

    def loader(self, batch_rows: int = 50) -> Loader:
        """The load process's work, done here."""
        return Loader(self.base, self.spool, Path(), batch_rows, 1000, 30)

    def load(self, sender: str, body: bytes, form: str = "ndjson", **wanted: Any) -> Upload:
        """An upload received and loaded."""
        ident = self.send(sender, body, form, **wanted)
        assert self.loader().next(Event())
        return self.upload(sender, ident)

    def upload(self, sender: str, ident: UUID) -> Upload:
        """How far an upload is."""
        return uploads.own(self.base, sender, ident)

    def rejected(self, upload: Upload, language: str = "en") -> str:
        """The rejected rows in the sender's format."""
        return "".join(uploads.rejected(self.base, Path(), upload, language)[1])

    def key(self, sender: str) -> Key:
        """A sender's key."""
        return self.keys[sender].key

    def close(self, period: Period, why: str = "nobody in this town says that this was all") -> Closed:
        """Two operators close a month."""
        periods.close(self.base, period, Act("operator/asel", why))
        closed = periods.close(self.base, period, Act("operator/dana", why))
        assert isinstance(closed, Closed)
        return closed

    def rows(self, query: str, *params: object) -> list[Any]:
        """Whatever a test wants to see of the tables."""
        with psycopg.connect(self.url) as conn:
            return conn.execute(query.encode(), params).fetchall()

    def change(self, statements: str) -> None:
        """What a fault or a stranger does to the tables."""
        with psycopg.connect(self.url) as conn:
            conn.execute(statements.encode())

    def one(self, query: str, *params: object) -> Any:
        """One value."""
        return self.rows(query, *params)[0][0]


@contextmanager
def founded(url: str, folder: Path, prefix: str, accounts: Sequence[str] = ()) -> Iterator[Town]:
    """A town with its register and these accounts open."""
    with open_pool(url, "test", size=12, statement_s=60) as pool:
        base = Base(pool, prefix)
        operator = operators.issue(base, None, "asel", None)
        for sender in SCOPES:
            directory.add(base, ASEL, "provider", sender, {"name_ru": sender, "name_kk": sender})
        keys = {sender: access.issue(base, ASEL, sender, scopes, "test", None) for sender, scopes in SCOPES.items()}
        town = Town(url, base, Spool(folder, 1 << 30, 1 << 30), keys, operator.bearer)
        register = [service("heating", "almaty-heat", 1), service("lift", "almaty-lift", 2), building("b-12")]
        outcomes = town.say("centre", *register, *(opened(account) for account in accounts))
        assert {outcome.status for outcome in outcomes} == {"accepted"}
        yield town


def published(town: Town, address: str) -> None:
    """Everything in the outbox is sent."""
    with stores.running(Relay(town.url, address, "test-relay", event_store=True)):
        until(lambda: town.one("SELECT count(*) FROM outbox") == 0, "the outbox is empty")


def service(ident: str, provider: str, order: int) -> Row:
    """A service of the directory."""
    names = {"name_ru": ident, "name_kk": ident, "order": order}
    return {"kind": "directory.service", "reference": f"s-{ident}", "id": ident, "provider": provider} | names


def building(ident: str) -> Row:
    """A building of the directory."""
    where = {"address_ru": "Абая, 12", "address_kk": "Абай, 12"}
    return {"kind": "directory.building", "reference": f"b-{ident}", "id": ident} | where


def opened(account: str) -> Row:
    """An account opens."""
    base = {"building": "b-12", "flat": "1", "premises": "flat"}
    return {"kind": "account.opened", "reference": f"o-{account}", "account": account} | base


def charge(reference: str, account: str = "100", **changed: Any) -> Row:
    """A charge of the heat utility."""
    row = {"kind": "charge.posted", "reference": reference, "account": account, "service": "heating"}
    month = {"period": "2026-10", "from": "2026-09-01", "to": "2026-09-30", "amount": "100.00", "basis": "area"}
    return row | month | changed


def payment(reference: str, account: str = "100", **changed: Any) -> Row:
    """A payment of the bank."""
    paid = {"paid_at": "2026-10-12T10:00:00+05:00", "amount": "50.00", "channel": "bank"}
    return {"kind": "payment.received", "reference": reference, "account": account} | paid | changed


def ndjson(*rows: Row) -> bytes:
    """Rows as a file."""
    return b"".join(json.dumps(row, ensure_ascii=False).encode() + b"\n" for row in rows)


def fresh(word: str) -> str:
    """A reference nobody used."""
    return f"{word}-{uuid7()}"
