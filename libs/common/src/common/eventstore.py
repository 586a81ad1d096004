"""The append-only event store and the outbox: one transaction, two COPYs, whatever the size of the batch."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from msgspec import Struct

from common.clock import in_short
from common.envelope import render
from common.packs import LARGEST_BYTES, Outgoing, Packed, framed, pack
from common.postgres import Connection, copy_field, copy_lines, escaped

# The relay's hint relies on it: a transaction has its id before it takes its first position in the outbox.
_TAKE_ID = "SELECT pg_current_xact_id()"
_QUEUE_PACK = """
INSERT INTO outbox (topic, partition, key, type, packed, records, recorded_at) VALUES (%s, %s, %s, '', %b, %s, %s)
"""
# Fewer rows are as cheap by themselves, and can be looked at.
_PACKED_FROM = 100
# Of an event `e`: a pack that waits has it.
IN_A_PACK = """
EXISTS (SELECT FROM outbox AS o WHERE o.key = e.correlation_id AND o.version IS NULL AND o.recorded_at = e.recorded_at)
"""


class NewEvent(Struct, frozen=True, gc=False):
    """An event about to be stored. The caller holds the lock of its stream and gave it the next version.

    `type` is the full CloudEvents type, `data` JSON text, instants RFC 3339 texts, `partition` that of `stream`.
    """

    stream: str
    version: int
    id: str
    type: str
    occurred_at: str
    recorded_at: str
    source: str
    correlation: str
    data: str
    partition: int


class Pack(NamedTuple):
    """Records of one partition in an outbox row; `key` and `recorded_at` are those of the events among them."""

    topic: str
    partition: int
    key: str
    content: bytes
    records: int
    recorded_at: str | None


class OutboxRow(Struct, frozen=True, gc=False):
    """A record to publish that is no stored event: a compacted topic's value, a statement, a barrier.

    `body` is the whole record's value as text; None makes a tombstone.
    """

    topic: str
    partition: int
    key: str
    type: str
    body: str | None
    barrier: bool = False


def append(conn: Connection, topic: str, events: Sequence[NewEvent]) -> None:
    """Stores events in the order given and queues them for `topic`; raises UniqueViolation when a version is taken."""
    queue(conn, topic, events)
    with conn.cursor() as cursor:
        copy_lines(
            cursor,
            "events (stream_id, version, id, type, occurred_at, recorded_at, source, correlation_id, data)",
            (
                f"{escaped(e.stream)}\t{e.version}\t{e.id}\t{e.type}\t{e.occurred_at}\t{e.recorded_at}\t{e.source}\t"
                f"{escaped(e.correlation)}\t{escaped(e.data)}"
                for e in events
            ),
        )


def queue(conn: Connection, topic: str, events: Sequence[NewEvent]) -> None:
    """Queues events that the same transaction stores, in the order given."""
    with conn.cursor() as cursor:
        cursor.execute(_TAKE_ID)
        copy_lines(
            cursor,
            "outbox (topic, partition, key, version, type)",
            (f"{topic}\t{e.partition}\t{escaped(e.stream)}\t{e.version}\t{e.type}" for e in events),
        )


def packed(topic: str, events: Sequence[NewEvent]) -> list[Pack]:
    """Many events of one instant and correlation, for `queue_packs`."""
    records = (Outgoing(topic, e.partition, e.stream, e.type, _value(e)) for e in events)
    return _packed(records, events[0].correlation, events[0].recorded_at)


def _packed(records: Iterable[Outgoing], key: str, recorded_at: str | None) -> list[Pack]:
    places: dict[tuple[str, int], list[Outgoing]] = defaultdict(list)
    for record in records:
        places[record.topic, record.partition].append(record)
    return [
        Pack(*place, key, pack(batch), batch.records, recorded_at)
        for place, found in places.items()
        for batch in _whole(found)
    ]


def _whole(records: Sequence[Outgoing]) -> list[Packed]:
    """All of them in batches; raises ValueError when one is too large for any, which an event can hardly be."""
    batches = [batch for batch, _ in framed(records)]
    if sum(batch.records for batch in batches) < len(records):
        raise ValueError("a record is too large for a batch")
    return batches


def queue_packs(conn: Connection, packs: Sequence[Pack]) -> None:
    """Queues events that the same transaction stores, or records that carry their own body."""
    with conn.cursor() as cursor:
        cursor.execute(_TAKE_ID)
        cursor.executemany(_QUEUE_PACK, packs)


def _value(e: NewEvent) -> bytes:
    return render(
        ident=e.id,
        source=e.source,
        type=e.type,
        key=e.stream,
        time=in_short(e.occurred_at),
        recorded=in_short(e.recorded_at),
        data=e.data,
        sequence=e.version,
        correlation=e.correlation,
    )


def enqueue(conn: Connection, rows: Iterable[OutboxRow]) -> None:
    """Queues records that carry their own body, in the order given; many of them in packs."""
    queued = list(rows)
    if len(queued) >= _PACKED_FROM and not any(row.barrier or _is_large(row) for row in queued):
        queue_packs(conn, _packed(map(_outgoing, queued), "", None))
        return
    with conn.cursor() as cursor:
        cursor.execute(_TAKE_ID)
        copy_lines(
            cursor,
            "outbox (topic, partition, key, type, body, tombstone, barrier)",
            (
                f"{r.topic}\t{r.partition}\t{escaped(r.key)}\t{escaped(r.type)}\t{copy_field(r.body)}\t"
                f"{r.body is None:d}\t{r.barrier:d}"
                for r in queued
            ),
        )


def _is_large(row: OutboxRow) -> bool:
    """Whether no batch may hold it: it waits by itself then, and what stands behind it of other keys does not."""
    return row.body is not None and len(row.body) * 4 > LARGEST_BYTES


def _outgoing(row: OutboxRow) -> Outgoing:
    return Outgoing(row.topic, row.partition, row.key, row.type, None if row.body is None else row.body.encode())
