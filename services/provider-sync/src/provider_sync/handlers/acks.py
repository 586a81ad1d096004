"""Signed acknowledgements: what came of a sender's batches, each naming the digest of the one before.

Intake never waits for them: they are made afterwards, by the load process or when somebody asks.
"""

import json
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from hashlib import sha256
from threading import Event
from typing import TYPE_CHECKING, Any
from uuid import UUID

from common import clock, logs
from common.money import format_amount
from common.postgres import Connection
from provider_sync import errors
from provider_sync.config import SERVICE
from provider_sync.handlers.base import Base
from provider_sync.store import seals
from provider_sync.store.seals import Stored

if TYPE_CHECKING:
    from provider_sync.gateways.signing import AckKey

log = logs.get("acks")
_COUNTS = ("accepted", "duplicate", "conflict", "rejected", "unmatched", "held", "retry")
_EVERY_S = 5.0


def run(base: Base, stop: Event) -> None:
    """Acknowledges what has ended, until told to stop."""
    while not stop.wait(_EVERY_S):
        try:
            seal_due(base, timedelta(seconds=seals.QUIET_S))
        except Exception as error:
            log.exception("acknowledging stumbled", error=type(error).__name__)


def seal_due(base: Base, quiet: timedelta) -> int:
    """Acknowledges every batch that has ended, pushes once they are quiet for so long; returns how many batches."""
    with base.pool.connection() as conn:
        waiting = seals.senders(conn)
    return sum(_seal_all(base, sender, clock.now() - quiet) for sender in waiting)


def _seal_all(base: Base, sender: str, before: datetime) -> int:
    sealed = 0
    while True:
        with base.pool.connection() as conn:
            seals.lock(conn, sender)
            names = seals.due(conn, sender, before)
            if not names:
                return sealed
            _seal(conn, sender, names)
        sealed += len(names)


def of_batch(base: Base, sender: str, batch: UUID) -> Stored:
    """The acknowledgement of an upload or push of this sender, made now if need be; raises NotFound, NotEnded."""
    with base.pool.connection() as conn:
        found = seals.standing(conn, sender, str(batch))
        if found is None:
            raise errors.NotFound
        if not found[1]:
            raise errors.NotEnded
        if found[0] == 0:
            seals.lock(conn, sender)
            found = seals.standing(conn, sender, str(batch)) or found
        no = found[0] or _seal(conn, sender, [str(batch)])
        return _stored(conn, sender, no)


def of_number(base: Base, sender: str, no: int) -> Stored:
    """An acknowledgement by its number in the sender's chain; raises NotFound."""
    with base.pool.connection() as conn:
        return _stored(conn, sender, no)


def page(base: Base, sender: str, after: int, limit: int) -> list[Stored]:
    """The chain of a sender behind a number."""
    with base.pool.connection() as conn:
        return seals.page(conn, sender, after, limit)


def rows(base: Base, stored: Stored) -> Iterator[dict[str, Any]]:
    """The stored facts that an acknowledgement is about, entry by entry; no connection is held in between."""
    said = json.loads(stored.body)
    for entry in said["entries"]:
        with base.pool.connection() as conn:
            at = datetime.fromisoformat(entry["at"])
            found = [*seals.rows(conn, f"/{SERVICE}/{said['provider']}", entry["batch"], at)]
        for _, account, sequence, ident, type_, occurred, data in found:
            yield {
                "at": entry["at"], "account": account, "sequence": sequence, "id": ident, "type": type_,
                "occurred": occurred, "data": data,
            }  # fmt: skip


def sign(base: Base, key: "AckKey", stored: Stored) -> str:
    """The acknowledgement as a compact JWS; its key is published before anything is signed with it."""
    public_keys(base, key)
    return key.sign(stored.body)


def public_keys(base: Base, key: "AckKey | None" = None) -> dict[str, dict[str, str]]:
    """Every public key that acknowledgements were ever signed with, this one too."""
    with base.pool.connection() as conn:
        known = seals.public_keys(conn)
        if key is not None and key.kid not in known:
            seals.publish(conn, key.kid, key.public)
            known = {key.kid: key.public} | known
    return known


def digest_of(body: str) -> str:
    """How the next acknowledgement names this one."""
    return sha256(body.encode()).hexdigest()


def _stored(conn: Connection, sender: str, no: int) -> Stored:
    found = seals.page(conn, sender, no - 1, 1)
    if not found or found[0].no != no:
        raise errors.NotFound
    return found[0]


def _seal(conn: Connection, sender: str, names: Sequence[str]) -> int:
    """Puts the next link to the sender's chain, whose lock the caller holds; returns its number."""
    before = seals.last(conn, sender)
    number, now = (before[0] + 1 if before else 1), clock.now()
    ids = [name for name in names if _is_uuid(name)]
    body = {
        "issuer": SERVICE,
        "provider": sender,
        "number": number,
        "at": now.isoformat(),
        "previous": digest_of(before[1]) if before else None,
        "batches": [_batch(row) for row in seals.batches(conn, sender, ids)],
        "sums": [row | {"sum": format_amount(row["sum"])} for row in seals.sums(conn, sender, names)],
        "entries": [_entry(*row) for row in seals.entries(conn, sender, names)],
    }
    text = json.dumps(body, ensure_ascii=False, separators=(",", ":"))
    seals.add(conn, sender, Stored(number, now, text), ids, names)
    return number


def _batch(row: dict[str, Any]) -> dict[str, Any]:
    plain = {name: value for name, value in row.items() if name not in _COUNTS and value is not None}
    return plain | {"received_at": row["received_at"].isoformat(), "rows": {name: row[name] for name in _COUNTS}}


def _entry(batch: str, at: datetime, events: int, digest: str) -> dict[str, Any]:
    return {"batch": batch, "at": at.isoformat(), "events": events, "sha256": digest}


def _is_uuid(name: str) -> bool:
    try:
        return str(UUID(name)) == name
    except ValueError:
        return False
