"""Facts pushed one by one or a few at a time: a batch through the same way in as files."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from common import clock, traces
from common.errors import Refusal
from common.ids import uuid7
from common.money import format_amount
from provider_sync import errors
from provider_sync.domain import facts
from provider_sync.domain.decided import Outcome
from provider_sync.domain.rules import Row
from provider_sync.domain.sender import Sender
from provider_sync.domain.world import HELD, REFUSED, position_of
from provider_sync.handlers.access import note_conflicts, note_foreign
from provider_sync.handlers.base import Base
from provider_sync.handlers.gate import said_again
from provider_sync.handlers.gathered import Gathering
from provider_sync.handlers.intake import Batch, Mode
from provider_sync.store import heard, held, references
from provider_sync.store.keys import Key
from provider_sync.store.pushes import Push

LIMIT = 1000


class Fate(NamedTuple):
    """What became of a fact; `code` and `detail` say why it was held, `reason` why an operator refused it."""

    reference: str
    status: str
    position: str | None
    kind: str | None
    recorded_at: datetime | None
    reversed: bool
    code: str | None = None
    detail: Refusal | None = None
    reason: str | None = None
    parked_since: datetime | None = None


class Pushed(NamedTuple):
    """What came of a push; `batch` names it in its acknowledgement, None after a dry run."""

    batch: UUID | None
    outcomes: list[Outcome]


@dataclass(frozen=True)
class Stated:
    """Control totals that the sender gives: how many facts, and the sum of their amounts in tiyn."""

    count: int | None = None
    total: int | None = None

    def check(self, rows: Sequence[Row]) -> None:
        """Raises ControlTotals; rows that cannot be read count as rows, without money."""
        if self.count is not None and self.count != len(rows):
            raise errors.ControlTotals("/count", stated=f"count {self.count}", found=f"count {len(rows)}")
        found = sum(facts.amount_of(row) for row in rows if not isinstance(row, Refusal))
        if self.total is not None and self.total != found:
            raise errors.ControlTotals("/sum", stated=format_amount(self.total), found=format_amount(found))


def push(
    gathering: Gathering, key: Key, rows: Sequence[Row], mode: Mode, request: str, stated: Stated | None = None
) -> Pushed:
    """Takes facts in. When all of them are forbidden the call itself is: raises the first one's refusal.

    Raises TooManyFacts, and ControlTotals before anything is taken.
    """
    if not 1 <= len(rows) <= LIMIT:
        raise errors.TooManyFacts("/facts", limit=LIMIT)
    (stated or Stated()).check(rows)
    ident, base, begun = uuid7(), gathering.base, traces.now_ns()
    batch = Batch(Sender.of(key.owner, key.scopes), rows, str(ident), mode)
    outcomes = gathering.take(batch, Push(ident, key.owner, key.id, request, clock.now()))
    traces.began("push", str(ident), begun, provider=key.owner, facts=len(rows))
    forbidden = [o.refusal for o in outcomes if o.refusal is not None and o.refusal.status == 403]
    if forbidden:
        note_foreign(base, key, [refusal.code for refusal in forbidden])
    conflicts = sum(o.status == "conflict" for o in outcomes)
    if conflicts:
        note_conflicts(base, key, conflicts)
    if len(forbidden) == len(outcomes):
        raise forbidden[0]
    return Pushed(None if mode == "dry-run" else ident, outcomes)


def fate(base: Base, key: Key, reference: str) -> Fate:
    """What became of one of the sender's facts; raises NotFound."""
    with base.pool.connection() as conn:
        found = references.find(conn, key.owner, reference)
        put_aside = held.fate(conn, key.owner, reference) if found and found[1] in (HELD, REFUSED) else None
        stopped = heard.parked(conn, found[0]) if found else None
    if found is None:
        raise errors.NotFound
    place, version, type_, recorded_at, undone, returned, published = found
    if put_aside is not None:
        doubt = said_again(put_aside.code, put_aside.params)
        return Fate(
            reference, put_aside.state, None, put_aside.kind, None, False, doubt.code, doubt, put_aside.reason
        )  # fmt: skip
    if version is None:
        return Fate(reference, "returned" if returned else "unmatched", None, "payment.received", None, undone)
    kind = references.short_kind(type_) if type_ else None
    stands = stopped is not None and version > stopped.position
    status = "parked" if stands else "published" if published else "accepted"
    since, why = (stopped.since, stopped.reason) if stands and stopped else (None, None)
    return Fate(
        reference, status, position_of(place, version), kind, recorded_at, undone, reason=why, parked_since=since
    )
