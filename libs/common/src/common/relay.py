"""The relay: reads the outbox in order, sends, looks at every outcome, deletes exactly what was acknowledged.

It may repeat a record, never skip one: there is no cursor that could pass a row which a slow transaction commits later
(rules R3 and R4 of docs/promises.md). A topic that does not exist stops its own rows only (`outlets`). Relays share the
partitions among themselves (`shards`); the rest stand by.
"""

import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import chain, compress, islice
from typing import Any

import msgspec

from common import kafka, logs, traces
from common.backlog import Backlog, Measure, Outbox
from common.clock import in_short
from common.envelope import decode, render
from common.outlets import Outlets
from common.packs import Outgoing, Parcel, unpack
from common.postgres import Connection, connect, ints
from common.process import collect_rarely
from common.shards import Shards
from common.telemetry import OUTBOX_SENT, AdminServer

log = logs.get("relay")

BATCH = 10_000

# The hint keeps a scan from wading through the dead rows of what was deleted. It may only rise to a position below
# which no transaction can commit a row any more: every writer has its transaction id before its first position
# (eventstore), so once all ids handed out by then are finished, nothing below can appear.
_BATCH = """
SELECT * FROM (
    SELECT *, sum(coalesce(records, 1)) OVER (ORDER BY position) AS so_far FROM (
        SELECT * FROM outbox WHERE position > %(hint)s AND partition = ANY(%(held)s) AND topic <> ALL(%(missing)s)
        ORDER BY position LIMIT %(most)s) AS next) AS counted
WHERE so_far - coalesce(records, 1) < %(most)s
"""
_READ_PLAIN = f"""
SELECT position, topic, partition, key, type, body, tombstone, barrier, packed, coalesce(records, 1),
       NULL, NULL, NULL, NULL, NULL, NULL, NULL
FROM ({_BATCH}) AS batch ORDER BY position
"""
_READ_EVENTS = f"""
SELECT b.position, b.topic, b.partition, b.key, b.type, b.body, b.tombstone, b.barrier,
       b.packed, coalesce(b.records, 1),
       e.id::text, e.version, e.occurred_at::text, e.recorded_at::text, e.source, e.correlation_id, e.data
FROM ({_BATCH}) AS b LEFT JOIN events AS e ON e.stream_id = b.key AND e.version = b.version ORDER BY b.position
"""
_HORIZON = """
SELECT pg_snapshot_xmin(s)::text::bigint, pg_snapshot_xmax(s)::text::bigint FROM pg_current_snapshot() AS s
"""
_EARLIER = "SELECT EXISTS (SELECT FROM outbox WHERE topic = %s AND partition = %s AND position < %s)"
_DELETE = "DELETE FROM outbox WHERE position = ANY(%s::bigint[])"


class Row(msgspec.Struct, frozen=True, gc=False):
    """An outbox row, joined with its event when it has no body of its own and is no pack of `records`."""

    position: int
    topic: str
    partition: int
    key: str
    type: str
    body: str | None
    tombstone: bool
    barrier: bool
    packed: bytes | None
    records: int
    id: str | None
    version: int | None
    occurred_at: str | None
    recorded_at: str | None
    source: str | None
    correlation: str | None
    data: str | None

    @property
    def came_with(self) -> str:
        """The correlation of what is sent; empty when there is none."""
        if self.packed is not None:
            return self.key
        if self.body is None:
            return self.correlation or ""
        try:
            return decode(self.body.encode()).correlationid
        except msgspec.MsgspecError:  # a dead letter's copy is no envelope
            return ""

    def outgoing(self) -> list[Parcel]:
        """What is to be sent for it; nothing when it cannot be made, so that only its key waits."""
        if self.packed is not None:
            return unpack(self.packed)
        try:
            return [Outgoing(self.topic, self.partition, self.key, self.type, self._value())]
        except LookupError as error:
            log.error("row cannot be sent", position=self.position, error=str(error)[:200])
            return []

    def _value(self) -> bytes | None:
        """The record's value; None for a tombstone."""
        if self.tombstone:
            return None
        if self.body is not None:
            return self.body.encode()
        if (
            self.id is None
            or self.source is None
            or self.data is None
            or self.occurred_at is None
            or self.recorded_at is None
        ):
            raise LookupError(f"outbox row {self.position} names an event that is not in the store")
        return render(
            ident=self.id,
            source=self.source,
            type=self.type,
            key=self.key,
            time=in_short(self.occurred_at),
            recorded=in_short(self.recorded_at),
            data=self.data,
            sequence=self.version,
            correlation=self.correlation or "",
        )


def sendable(rows: Sequence[Row], clear: Callable[[Row], bool]) -> Iterator[Row]:
    """The rows that may go out together: a barrier goes alone in its partition once `clear` says nothing waits."""
    closed: set[tuple[str, int]] = set()
    begun: set[tuple[str, int]] = set()
    for row in rows:
        place = (row.topic, row.partition)
        if place in closed:
            continue
        if row.barrier:
            closed.add(place)
            if place in begun or not clear(row):
                continue
        begun.add(place)
        yield row


def acknowledged(rows: Sequence[Row], made: Sequence[Sequence[Parcel]], told: Sequence[bool]) -> list[bool]:
    """Which rows are done, by what was `told` of their parcels: of each key only those before its first failure.

    A pack with a record that failed is sent again as a whole.
    """
    if all(told) and all(made):
        return [True] * len(rows)
    answers, failed, done = iter(told), set[tuple[str, str]](), []
    for row, parcels in zip(rows, made, strict=True):
        keys = {(row.topic, key) for one in parcels for key in kafka.keys_of(one)} or {(row.topic, row.key)}
        # A list, for what stands behind a failure must be taken, too.
        sent = all(list(islice(answers, len(parcels)))) and bool(parcels) and failed.isdisjoint(keys)
        if not sent:
            failed |= keys
        done.append(sent)
    return done


@dataclass
class Relay:
    """One of the relays of an outbox; `event_store` when the database has a table events to join.

    `measures`: what else of the database is counted for the metrics.
    """

    url: str
    bootstrap: str
    name: str
    event_store: bool
    shards: Shards = field(default_factory=Shards)
    measures: Sequence[Measure] = ()
    hint: int = 0
    candidate: tuple[int, int] | None = None
    producer: Any = field(default=None, repr=False)
    outlets: Outlets = field(init=False, repr=False)

    def __post_init__(self) -> None:
        self.outlets = Outlets(self.bootstrap)

    def run(self, stop: threading.Event, admin_port: int | None = None) -> None:
        """Works until `stop`; survives PostgreSQL and Kafka going away."""
        collect_rarely()
        counted: list[Measure] = [Outbox(lambda: 0 if self.outlets.missing else self.hint), *self.measures]
        with AdminServer(admin_port, self._reachable), Backlog(self.url, self.name, counted):
            while not stop.is_set():
                try:
                    self._session(stop)
                except Exception as error:  # noqa: BLE001  # reading again loses nothing
                    log.warning("relay starts anew", error=type(error).__name__, detail=str(error)[:300])
                    self._drop_producer()
                    stop.wait(1)
        self._drop_producer()

    def _session(self, stop: threading.Event) -> None:
        with connect(self.url, self.name, autocommit=True) as conn:
            # A hash join would read the whole event store for each batch; the batch is small, the index is right.
            conn.execute("SET enable_hashjoin = off; SET enable_mergejoin = off; SET enable_seqscan = off")
            while not stop.is_set() and not self.shards.join(conn):
                stop.wait(1)
            idle_s = 0.005
            while not stop.is_set():
                if self.shards.settle(conn) or self.outlets.returned():
                    # What another relay left may lie below, as may what stood aside for want of its topic; and a server
                    # that came back may stand on an earlier state, where positions are handed out a second time.
                    self.hint, self.candidate = 0, None
                idle_s = 0.005 if self.shards.held and self.step(conn) else min(idle_s * 2, 0.05)
                if idle_s > 0.005:
                    stop.wait(idle_s)

    def step(self, conn: Connection) -> int:
        """Reads one batch, sends it, deletes what was acknowledged; returns how many rows that were."""
        oldest_running, _ = self._horizon(conn)
        begun = traces.now_ns()
        rows = self._read(conn)
        acked: list[Row] = []
        lowest_waiting = None
        if rows:
            self.outlets.learn({row.topic for row in rows})
            ready = [row for row in rows if row.topic not in self.outlets.missing]
            acked = self._send(list(sendable(ready, lambda row: self._clear(conn, row)))) if ready else []
            conn.execute(_DELETE, (ints(row.position for row in acked),))
            traces.sent(((row.topic, row.came_with) for row in acked), begun)
            gone = {row.position for row in acked}
            lowest_waiting = next((row.position for row in rows if row.position not in gone), None)
        self._raise_hint(conn, oldest_running, rows, lowest_waiting)
        return len(acked)

    def _raise_hint(
        self, conn: Connection, oldest_running: int, rows: Sequence[Row], lowest_waiting: int | None
    ) -> None:
        if self.candidate is not None and oldest_running >= self.candidate[1]:
            read_to = rows[-1].position if sum(row.records for row in rows) >= BATCH else self.candidate[0]
            below = read_to if lowest_waiting is None else lowest_waiting - 1
            self.hint = max(self.hint, min(self.candidate[0], read_to, below))
            self.candidate = None
        if self.candidate is None and rows:
            self.candidate = (rows[-1].position, self._horizon(conn)[1])

    def _horizon(self, conn: Connection) -> tuple[int, int]:
        """The oldest transaction id still running, and the next one to be handed out."""
        found = conn.execute(_HORIZON).fetchone()
        return (int(found[0]), int(found[1])) if found else (0, 0)

    def _read(self, conn: Connection) -> list[Row]:
        query = _READ_EVENTS if self.event_store else _READ_PLAIN
        values = {"hint": self.hint, "held": self.shards.held, "missing": self.outlets.missing, "most": BATCH}
        found: list[Any] = conn.execute(query, values).fetchall()
        return [Row(*row) for row in found]

    def _clear(self, conn: Connection, barrier: Row) -> bool:
        found = conn.execute(_EARLIER, (barrier.topic, barrier.partition, barrier.position)).fetchone()
        return not (found and found[0])

    def _send(self, rows: Sequence[Row]) -> list[Row]:
        """Sends all and returns the acknowledged ones, for each key only those before its first failure."""
        self.producer = self.producer or kafka.producer(self.bootstrap, self.name)
        made = [row.outgoing() for row in rows]
        told = kafka.send_all(self.producer, list(chain.from_iterable(made)), timeout_s=25)
        sent = acknowledged(rows, made, told)
        for parcel in chain.from_iterable(compress(made, sent)):
            for type_, count in parcel.types.items():
                OUTBOX_SENT.labels(type_).inc(count)
        acked = list(compress(rows, sent))
        if len(acked) < len(rows):
            log.warning("sends failed", rows=len(rows) - len(acked), acknowledged=len(acked))
            self._drop_producer()
        return acked

    def _drop_producer(self) -> None:
        self.outlets.forget()
        if self.producer is not None:
            kafka.drop(self.producer)
            self.producer = None

    def _reachable(self) -> str | None:
        try:
            connect(self.url, f"{self.name}-health").close()
        except Exception as error:  # noqa: BLE001  # any failure means the same to a probe
            return f"PostgreSQL: {error}"
        return None
