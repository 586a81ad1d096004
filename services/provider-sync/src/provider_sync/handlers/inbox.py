"""Facts that come by Kafka: a batch through the one way in, with its answers and the next offset in one transaction."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import msgspec

from common import clock, traces
from common.envelope import full_type, render
from common.errors import LANGUAGES, Refusal
from common.eventstore import OutboxRow, enqueue
from common.ids import uuid7
from common.kafka import Raw
from common.partitions import partition_of
from common.postgres import Connection
from provider_sync import errors
from provider_sync.config import INBOX_TOPICS, SERVICE
from provider_sync.domain.decided import Outcome
from provider_sync.domain.rules import Row
from provider_sync.domain.sender import Sender, unknown_scopes
from provider_sync.formats.ndjson import fact_of
from provider_sync.handlers.base import Act, Base, check_reason
from provider_sync.handlers.intake import Batch, take
from provider_sync.store import inboxes, keys, state
from provider_sync.store.inboxes import Inbox

ANSWERED = full_type(SERVICE, "fact.answered")
_IN, _OUT = INBOX_TOPICS


class Passed(Exception):
    """Another process has read on from here; what this one did is rolled back."""


@dataclass(frozen=True)
class Place:
    """A partition of an inbox, and the offset that is stored as its next one."""

    topic: str
    topic_id: str
    partition: int
    expected: int


def inbox_topic(provider: str) -> str:
    """Where a provider writes facts."""
    return _IN.format(provider=provider)


def outbox_topic(provider: str) -> str:
    """Where a provider reads answers."""
    return _OUT.format(provider=provider)


def open_inbox(base: Base, provider: str, scopes: Sequence[str], act: Act) -> None:
    """Lets a provider push by Kafka; the topics exist already. Raises UnknownProvider, BadScope, ReasonMissing."""
    check_reason(act)
    wrong = [*unknown_scopes(scopes), *(s for s in scopes if s in ("due", "take-over", "operator"))]
    if wrong or not scopes:
        raise errors.BadScope(scopes=", ".join(wrong) or "-")
    with base.pool.connection() as conn:
        if provider not in state.providers(conn):
            raise errors.UnknownProvider(provider=provider)
        inboxes.open_(conn, provider, scopes)
        keys.audit(conn, act.who, "inboxes.open", provider, {"scopes": list(scopes)}, act.why)


def close_inbox(base: Base, provider: str, act: Act) -> None:
    """Ends reading; the topics stay. Raises NotFound, ReasonMissing."""
    check_reason(act)
    with base.pool.connection() as conn:
        if not inboxes.close(conn, provider):
            raise errors.NotFound
        keys.audit(conn, act.who, "inboxes.close", provider, {}, act.why)


def receive(base: Base, inbox: Inbox, place: Place, records: Sequence[Raw]) -> int:
    """Takes records of one partition in their order; returns the next offset. Raises Passed."""
    sender = Sender.of(inbox.provider, inbox.scopes)
    rows = [_fact(record) for record in records]
    at, expected, begun = 0, place.expected, traces.now_ns()
    came_with = f"{place.topic}/{place.partition}@{records[0].offset}"

    def after(conn: Connection, outcomes: Sequence[Outcome]) -> None:
        nonlocal at, expected
        part = slice(at, at + len(outcomes))
        next_ = records[part][-1].offset + 1
        if not inboxes.advance(conn, (place.topic, place.topic_id, place.partition), expected, next_):
            raise Passed
        _note(conn, inbox, outcomes)
        answered = zip(records[part], rows[part], outcomes, strict=True)
        enqueue(conn, [_answer(base.topic(outbox_topic(inbox.provider)), *one) for one in answered])
        at, expected = at + len(outcomes), next_

    # A batch that is tried again after a conflict starts where the part before it ended, so the counters hold.
    take(base, Batch(sender, rows, came_with), after)
    traces.began("inbox", came_with, begun, provider=inbox.provider, facts=len(rows))
    return expected


def _fact(record: Raw) -> Row:
    if record.value is None:
        return errors.BadRow(reason="a record without a value")
    return fact_of(record.value)


def _note(conn: Connection, inbox: Inbox, outcomes: Sequence[Outcome]) -> None:
    who, subject = f"inbox/{inbox.provider}", inbox.provider
    codes = [o.refusal.code for o in outcomes if o.refusal is not None and o.refusal.status == 403]
    if codes:
        keys.audit(conn, who, "facts.forbidden", subject, {"codes": sorted(set(codes)), "rows": len(codes)})
    conflicts = sum(outcome.status == "conflict" for outcome in outcomes)
    if conflicts:
        keys.audit(conn, who, "facts.conflict", subject, {"rows": conflicts})


def _answer(topic: str, record: Raw, row: Row, outcome: Outcome) -> OutboxRow:
    """One row's answer, under the fact's reference; a record that cannot be read is named by its place."""
    reference = None if isinstance(row, Refusal) else row.reference
    key = reference or f"{record.partition}/{record.offset}"
    said: dict[str, Any] = {"reference": reference, "status": outcome.status, "position": outcome.position}
    why = outcome.refusal or outcome.doubt
    if why is not None:
        said |= {
            "code": why.code,
            "detail": {language: why.text(language) for language in LANGUAGES},
            "field": why.field,
        }
    said |= {"partition": record.partition, "offset": record.offset}
    at = clock.to_wire(clock.now())
    data = msgspec.json.encode({name: value for name, value in said.items() if value is not None}).decode()
    body = render(
        ident=str(uuid7()), source=f"/{SERVICE}", type=ANSWERED, key=key, time=at, recorded=at, data=data, sequence=None
    )
    return OutboxRow(topic, partition_of(key), key, ANSWERED, body.decode())
