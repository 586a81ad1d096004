"""Writes what was decided: references, streams, state, reference data; last events and outbox, in file order."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import cache, partial
from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec

from common import clock
from common.envelope import full_type, render
from common.eventstore import NewEvent, OutboxRow, enqueue, packed, queue, queue_packs
from common.ids import uuid7_texts
from common.partitions import partition_of
from common.postgres import Connection, at_work
from provider_sync.config import ACCOUNTS_TOPIC, DIRECTORY_TOPIC, HOLDERS_TOPIC, SERVICE
from provider_sync.domain import facts
from provider_sync.domain.decided import Appended, Decided
from provider_sync.domain.journal import entries
from provider_sync.domain.tally import Counted, Place
from provider_sync.domain.world import World
from provider_sync.handlers.base import Base
from provider_sync.store import calendar, gate, held, journal, references, shapes, state, streams

if TYPE_CHECKING:
    from provider_sync.handlers.intake import Batch

DIRECTORY_TYPE = full_type(SERVICE, "directory.stated")
HOLDER_TYPE = full_type(SERVICE, "holder.stated")


def write(
    conn: Connection,
    base: Base,
    batches: Sequence["Batch"],
    each: Sequence[Decided],
    world: World,
    ids: Sequence[str] = (),
) -> None:
    """Everything that follows from decided batches of one sender, in the transaction that holds their locks.

    `ids` are those of a single batch whose events were appended before and are brought back.
    """
    provider_no, decided = world.sender_no, each[-1]
    with at_work(conn) as sent:
        if decided.touched:
            streams.move(conn, decided.touched.values())
        _write_history(conn, decided)
        sent()
        said, ready = _said(batches, each, world.now.isoformat(), ids)
    if decided.aliases:
        streams.add_aliases(conn, decided.aliases)
    if decided.stated:
        _write_stated(conn, base, decided)
    if decided.claims:
        references.claim(conn, provider_no, decided.claims)
    if decided.settled:
        references.settle(conn, provider_no, decided.settled)
    for batch, own in zip(batches, each, strict=True):
        _put_aside(conn, batch, own, world.now, provider_no)
    _write_state(conn, decided, world)
    if said:
        say(conn, base, said, ready)


def _put_aside(conn: Connection, batch: "Batch", decided: Decided, now: datetime, provider_no: int) -> None:
    """What waits: for an operator, or for its account."""
    if decided.held:
        whole = {"whole": decided.whole, "atomic": decided.atomic, "at": now}
        sent = {"provider": batch.sender.provider, "correlation": batch.correlation, "scopes": batch.sender.stated()}
        held.add(conn, provider_no, sent | whole, decided.held)
    if decided.queued:
        state.queue(conn, provider_no, decided.queued, now, batch.correlation)


class Said(NamedTuple):
    """What one batch appends: its events, and how many facts and tiyn by provider, kind, service and month."""

    batch: str
    events: Sequence[NewEvent]
    counted: Mapping[tuple[str, str, str, str], list[int]]


def _said(
    batches: Sequence["Batch"], each: Sequence[Decided], recorded_at: str, ids: Sequence[str]
) -> tuple[list[Said], shapes.Ready]:
    said = [
        Said(batch.correlation, events_of(own.events, recorded_at, batch.correlation, ids), own.counted)
        for batch, own in zip(batches, each, strict=True)
        if own.events
    ]
    return said, shapes.ready([event for one in said for event in one.events])


def say(conn: Connection, base: Base, said: Sequence[Said], ready: shapes.Ready) -> None:
    """Appends events, with the journal's entries, so that what is appended now can be held against them for ever."""
    topic = base.topic(ACCOUNTS_TOPIC)
    with shapes.storing(conn, ready):
        packs = packed(topic, ready.events) if ready.together else ()
        digests = [
            (one.batch, source.removeprefix(f"/{SERVICE}/"), entry)
            for one in said
            for source, entry in entries(one.events).items()
        ]
        counts = [(one.batch, Place(*at), Counted(*found)) for one in said for at, found in one.counted.items()]
    journal.note(conn, ready.events[0].recorded_at, counts, digests)
    if packs:
        queue_packs(conn, packs)
    else:
        queue(conn, topic, ready.events)


def _write_state(conn: Connection, decided: Decided, world: World) -> None:
    if decided.undone:
        for provider in sorted({provider for provider, _ in decided.undone}):
            undone = [reference for owner, reference in decided.undone if owner == provider]
            references.undo(conn, state.provider_no(conn, provider), undone)
    if decided.matched:
        state.match(conn, decided.matched, world.now)
        references.match(conn, decided.matched)
    if decided.meters:
        state.note_meters(conn, decided.meters)
    if decided.connections:
        state.connect(conn, decided.connections)
        gate.note_connected(conn, {service for _, service in decided.connections})
    if decided.first_posted is not None:
        calendar.note_first_posted(conn, decided.first_posted)


def _write_history(conn: Connection, decided: Decided) -> None:
    """What the gate will know."""
    if decided.homes:
        gate.settle(conn, decided.homes)
    if decided.learned:
        gate.learn(conn, decided.learned)


_type_of = cache(partial(full_type, SERVICE))


@cache
def _source_of(provider: str) -> str:
    return f"/{SERVICE}/{provider}"


def events_of(
    events: Sequence[Appended], recorded_at: str, correlation: str, ids: Sequence[str] = ()
) -> list[NewEvent]:
    """The events as the store takes them, with ids made now unless they have some."""
    return [
        NewEvent(
            e.account,
            e.version,
            ident,
            _type_of(e.kind),
            e.occurred_at,
            recorded_at,
            _source_of(e.provider),
            correlation,
            e.data,
            e.partition,
        )
        for e, ident in zip(events, ids or uuid7_texts(len(events)), strict=True)
    ]


def _write_stated(conn: Connection, base: Base, decided: Decided) -> None:
    """Reference data and holders: the tables, and the compacted topics through the outbox."""
    directory, holders = [], []
    for place, (version, fact) in sorted(decided.stated.items()):
        if isinstance(fact, facts.HolderStated):
            holders.append((place.removeprefix("holder/"), version, body_of(fact)))
        else:
            directory.append((place.removeprefix("directory/"), version, body_of(fact)))
    if directory:
        state_entities(conn, base, directory)
    if holders:
        _hold(conn, base, holders)


def state_entities(conn: Connection, base: Base, rows: list[tuple[str, int, dict[str, Any]]]) -> None:
    """Stores and publishes reference data: entity, version, body."""
    registered = [entity.removeprefix("provider/") for entity, _, _ in rows if entity.startswith("provider/")]
    if registered:
        state.add_providers(conn, registered)
    state.state(conn, rows)
    say_entities(conn, base, rows)


def say_entities(conn: Connection, base: Base, rows: Sequence[tuple[str, int, dict[str, Any]]]) -> None:
    """Publishes reference data: entity, version, body."""
    enqueue(
        conn,
        [
            OutboxRow(
                base.topic(DIRECTORY_TOPIC),
                partition_of(entity),
                entity,
                DIRECTORY_TYPE,
                _enveloped(entity, DIRECTORY_TYPE, {"version": version} | body),
            )
            for entity, version, body in rows
        ],
    )


def body_of(fact: facts.Stated) -> dict[str, Any]:
    """The fields of reference data as sent."""
    body: dict[str, Any] = msgspec.to_builtins(fact)
    del body["kind"], body["reference"]
    return body


def _hold(conn: Connection, base: Base, holders: list[tuple[str, int, dict[str, Any]]]) -> None:
    state.hold(
        conn,
        [(a, n, body["name"], body["address_ru"], body["address_kk"], body.get("phone")) for a, n, body in holders],
    )
    say_holders(conn, base, holders)


def say_holders(conn: Connection, base: Base, holders: Sequence[tuple[str, int, dict[str, Any]]]) -> None:
    """Publishes holders: account, version, body."""
    enqueue(
        conn,
        [
            OutboxRow(
                base.topic(HOLDERS_TOPIC),
                partition_of(a),
                a,
                HOLDER_TYPE,
                _enveloped(a, HOLDER_TYPE, body | {"account": a, "version": n}),
            )
            for a, n, body in holders
        ],
    )


def _enveloped(key: str, type_: str, data: dict[str, Any]) -> str:
    """A record of a compacted topic: readers know one shape, the envelope, on every topic."""
    at = clock.to_wire(clock.now())
    return render(
        ident=uuid7_texts(1)[0],
        source=f"/{SERVICE}",
        type=type_,
        key=key,
        time=at,
        recorded=at,
        data=msgspec.json.encode(data).decode(),
        sequence=None,
    ).decode()
