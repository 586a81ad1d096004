"""Brings back what a restored store lost and the accounts topic still has.

Intake is deterministic: what a sender said, decided once more at the time it was recorded, gives the event that was
published, byte for byte. So a lost event comes back with everything that follows from it (references, meters, counts,
the journal), under its own id; where it would come out differently, nothing of its batch is stored.
"""

from collections.abc import Sequence
from itertools import groupby
from typing import Any

import msgspec

from common.ids import uuid7
from common.postgres import Connection
from common.restore import bringing_back
from common.streams import Record
from provider_sync import errors
from provider_sync.config import SERVICE
from provider_sync.domain import facts
from provider_sync.domain.decide import Desk
from provider_sync.domain.decided import BROUGHT_BACK, Decided
from provider_sync.domain.sender import KINDS, Sender
from provider_sync.domain.world import HELD, position_of
from provider_sync.handlers import intake
from provider_sync.handlers.base import Act, Base
from provider_sync.handlers.intake import Batch
from provider_sync.handlers.periods import PERIOD_CLOSED
from provider_sync.handlers.republish import Step
from provider_sync.handlers.written import write
from provider_sync.store import calendar, keys, references, republish, state
from provider_sync.store.references import short_kind

_GATE_IS_SILENT = frozenset({""})
_FIRST = ("account.opened", "account.renumbered")


def bring_back(base: Base, by: Act, lost: Sequence[Record], step: Step) -> int:
    """Stores what is given in the order of recording, batch by batch; returns how many facts. Raises NotBroughtBack."""
    step("facts", 0, len(lost))
    brought = 0
    for _, group in groupby(lost, key=lambda r: (r.envelope.recorded_at, r.envelope.correlationid)):
        records = list(group)
        with base.pool.connection() as conn:
            bringing_back(conn)
            brought += _transaction(conn, base, records, by)
        step("facts", len(records), len(lost))
    with base.pool.connection() as conn:
        keys.audit(conn, by.who, "bring-back", "events", {"events": brought}, by.why)
    return brought


def _transaction(conn: Connection, base: Base, records: Sequence[Record], by: Act) -> int:
    """What one transaction of intake had appended; an account's opening first, for it brings waiting payments along."""
    if records[0].type == PERIOD_CLOSED:
        _close(conn, records, by)
        return 0
    opening = {r.envelope.source for r in records if short_kind(r.type) in _FIRST}
    sources = sorted({r.envelope.source for r in records}, key=lambda source: source not in opening)
    return sum(_batch(conn, base, source, records) for source in sources)


def _close(conn: Connection, markers: Sequence[Record], by: Act) -> None:
    """A close whose markers were published; who closed it is lost with the row that said so."""
    known = {closed.period for closed in calendar.closed(conn)}
    for marker in markers:
        period = msgspec.json.decode(marker.envelope.data)["period"]
        if period not in known:
            calendar.close(conn, period, marker.envelope.happened_at, by.who, by.who, by.why)
            known.add(period)


def _batch(conn: Connection, base: Base, source: str, records: Sequence[Record]) -> int:
    """One sender's facts; those that another sender's fact brought with it are there already."""
    stored = republish.stored(conn, [(r.key, r.sequence) for r in records])
    missing = [r for r in records if r.envelope.source == source and (r.key, r.sequence) not in stored]
    if not missing:
        return 0
    first, sender = missing[0].envelope, Sender.of(source.removeprefix(f"/{SERVICE}/"), (*KINDS, "services:*"))
    asked = [_fact(record) for record in missing]
    approved = _GATE_IS_SILENT | _held(conn, sender, [fact.reference for fact in asked])
    batch = Batch(sender, asked, first.correlationid, approved=approved)
    world, _ = intake.load(conn, base, [batch], first.recorded_at)
    decided = Desk(world, sender, approved).take(asked)
    _check(decided, missing)
    decided.claims = [msgspec.structs.replace(claim, digest=BROUGHT_BACK) for claim in decided.claims]
    ids = {(r.key, r.sequence): r.envelope.id for r in records}
    own = [ids.get((e.account, e.version)) or str(uuid7()) for e in decided.events]
    write(conn, base, [batch], [decided], world, own)
    return len(decided.events)


def _fact(record: Record) -> facts.AnyFact:
    """The fact as its sender wrote it. Raises NotBroughtBack."""
    envelope = record.envelope
    try:
        return facts.from_event(short_kind(record.type), record.key, envelope.time, bytes(envelope.data).decode())
    except msgspec.ValidationError as error:
        raise _stopped(record, str(error)) from error


def _held(conn: Connection, sender: Sender, named: list[str]) -> set[str]:
    """References that the store holds and that an operator had let in since."""
    known = references.known(conn, state.provider_no(conn, sender.provider), named)
    return {reference for reference, standing in known.items() if standing.version == HELD}


def _check(decided: Decided, missing: Sequence[Record]) -> None:
    """Raises NotBroughtBack unless the very same events came out; what was odd about their dates is taken as it was."""
    places = {(e.account, e.version): index for index, e in enumerate(decided.events)}
    for record, outcome in zip(missing, decided.outcomes, strict=True):
        if outcome.refusal is not None:
            raise _stopped(record, outcome.refusal.text())
        place = places.get((record.key, record.sequence))
        if place is None:
            raise _stopped(record, f"it came out as {outcome.status} at {outcome.position}")
        event, data = decided.events[place], bytes(record.envelope.data).decode()
        if event.kind != short_kind(record.type) or _plain(event.data) != _plain(data):
            raise _stopped(record, f"it came out as {event.kind} {event.data}")
        decided.events[place] = msgspec.structs.replace(event, data=data)


def _plain(data: str) -> dict[str, Any]:
    return {name: value for name, value in msgspec.json.decode(data).items() if name != "warnings"}


def _stopped(record: Record, reason: str) -> errors.NotBroughtBack:
    position = position_of(record.key, record.sequence)
    return errors.NotBroughtBack(position=position, kind=short_kind(record.type), reason=reason)
