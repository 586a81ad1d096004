"""Effectively-once projections: a batch and the next offsets of its partitions in one PostgreSQL transaction.

The offset rows are taken FOR UPDATE first: that lock is the fence against a process that was frozen and wakes up. What
cannot be decoded or applied becomes a dead letter and parks its stream; the partition goes on.
"""

import threading
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import msgspec
import psycopg

from common import clock, kafka, logs, streams, traces
from common.envelope import Envelope, decode
from common.kafka import Raw
from common.postgres import Connection, connect
from common.process import collect_rarely
from common.streams import Record
from common.telemetry import (
    APPLIED,
    BATCH_SECONDS,
    DUPLICATES,
    FRESH,
    LAG,
    PARKED,
    STALLS,
    VISIBLE_SECONDS,
    AdminServer,
)
from common.watchdog import Watchdog

log = logs.get("consumer")

BATCH = 10_000
STALLED_S = 16.0
SILENT_S = 20.0
# A counter dies with its process: so long it stays, that Prometheus, who asks every five seconds, sees why it goes.
TOLD_S = 8.0
# So many records in one round are a backlog: the client hands out what it fetched one partition after the other, and
# one with a single record was seen to wait for its turn for as long as a replay lasts. That is no stall.
BACKLOG = 1_000
TRIES = 3
# With fewer records a savepoint costs more than the question it saves.
_MANY = 100
_TOMBSTONE = Envelope(id="", type="", subject="", time="", data=msgspec.Raw(b"null"))

_LOCK_OFFSETS = """
SELECT partition, next_offset FROM consumer_offsets WHERE topic = %s AND topic_id = %s AND partition = ANY(%s)
ORDER BY partition FOR UPDATE
"""
_STORE_OFFSETS = """
UPDATE consumer_offsets SET next_offset = given.next_offset, updated_at = now()
FROM unnest(%s::int[], %s::bigint[]) AS given(partition, next_offset)
WHERE consumer_offsets.topic = %s AND topic_id = %s AND consumer_offsets.partition = given.partition
"""
_SEED = """
INSERT INTO consumer_offsets (topic, topic_id, partition, next_offset) VALUES (%s, %s, %s, 0) ON CONFLICT DO NOTHING
"""
_OTHER_TOPIC = "SELECT EXISTS (SELECT FROM consumer_offsets WHERE topic = %s AND topic_id <> %s)"
_DEAD_LETTER = """
INSERT INTO dead_letters (topic, partition, "offset", key, headers, value, reason, detail, attempts)
VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s) ON CONFLICT DO NOTHING
"""

Apply = Callable[[Connection, Sequence[Record]], None]
PassedOver = Mapping[tuple[int, int] | tuple[str, int | None], tuple[str, int | None]]


class TopicMadeAnew(Exception):
    """The topic has another id than the one whose offsets are stored: its log is not the one that was read."""


class BrokerSilent(OSError):
    """The broker has not answered for too long, though the connection seems to stand."""


class HoleInTopic(Exception):
    """Records are missing before the next one: the broker lost data, republish from the event store."""


class Stalled(Exception):
    """Records that should come do not."""


@dataclass(frozen=True)
class Subscription:
    """What is read of one topic.

    `applies`: full types given to `apply`; `skips`: types known and passed over; anything else is poison.
    `sequenced`: gap-free numbers per key are checked against stream_heads. `holes`: compacted or short-lived topics,
    where missing offsets are normal. `barriers`: types whose record is worked off in steps by
    `on_barrier(conn, record)`, which answers True with the last step; the partition waits meanwhile.
    `passed_over(conn, topic)`: what an operator decided never to apply, (partition, offset) → key and sequence; of logs
    before this one (key, sequence) → the same.
    """

    topic: str
    apply: Apply
    applies: frozenset[str]
    skips: frozenset[str] = frozenset()
    sequenced: bool = False
    holes: bool = False
    barriers: frozenset[str] = frozenset()
    on_barrier: Callable[[Connection, Record], bool] | None = None
    passed_over: Callable[[Connection, str], PassedOver] | None = None


@dataclass(frozen=True)
class Safeguards:
    """Only tests switch one off, to see the proof fail without it."""

    lock_offsets: bool = True
    check_sequences: bool = True
    park_poison: bool = True


@dataclass
class Projection:
    """One consuming process: its database, group and subscriptions.

    `fresh(conn, topic, partitions, at)` is told which partitions were read to the end the broker named at a moment.
    """

    url: str
    bootstrap: str
    group: str
    subscriptions: Sequence[Subscription]
    member: str | None = None
    safeguards: Safeguards = field(default_factory=Safeguards)
    idle: Callable[[Connection], None] | None = None
    batch: int = BATCH
    fresh: Callable[[Connection, str, Sequence[int], datetime], None] | None = None

    def __post_init__(self) -> None:
        self._by_topic: Mapping[str, Subscription] = {s.topic: s for s in self.subscriptions}
        self._ids: dict[str, str] = {}
        self._oldest: dict[Any, int] = {}
        self._barriers: dict[Any, Record] = {}
        self._moved_at: dict[Any, float] = {}
        self._looked_at = 0.0
        self._holes: dict[Any, int] = {}
        self._problem: str | None = "not started"
        self._watchdog = Watchdog(self.bootstrap, ())
        self._told: datetime | None = None
        self._read_at: dict[str, datetime] = {}

    def run(self, stop: threading.Event, admin_port: int | None = None) -> None:
        """Works until `stop`. A lost connection starts it anew; a hole, another topic or a stall ends the process."""
        collect_rarely()
        with AdminServer(admin_port, lambda: self._problem):
            while not stop.is_set():
                try:
                    self._session(stop)
                except (psycopg.OperationalError, kafka.KafkaError, OSError) as error:
                    self._problem = f"{type(error).__name__}: {error}"
                    log.warning("projection starts anew", error=type(error).__name__, detail=str(error)[:300])
                    stop.wait(1)
                except Stalled as stalled:
                    self._problem = str(stalled)
                    stop.wait(TOLD_S)
                    raise SystemExit(1) from None

    def catch_up(self, ends: Mapping[tuple[str, int], int], stop: threading.Event) -> None:
        """Applies these partitions up to, without, these offsets and returns; it joins no group and shares with nobody.

        Raises HoleInTopic, TopicMadeAnew, and Stalled when nothing moves though more should come.
        """
        self._ids = kafka.wait_for_topics(self.bootstrap, self._by_topic, stop)
        places = {kafka.Partition(*place): end for place, end in ends.items()}
        with connect(self.url, self.group, autocommit=True) as conn:
            self._seed(conn)
            consumer = kafka.consumer(self.bootstrap, self.group)
            kafka.read_raw(consumer)
            try:
                consumer.assign(list(places))
                at = self._stored_offsets(list(places))
                for place, offset in at.items():
                    consumer.seek(place, offset)
                moved = time.monotonic()
                while not stop.is_set() and any(at[place] < end for place, end in places.items()):
                    self._catch_up_round(conn, consumer, places)
                    before, at = at, self._stored_offsets(list(places))
                    moved = time.monotonic() if at != before or self._barriers else moved
                    if time.monotonic() - moved > STALLED_S:
                        raise Stalled(f"{self.group} stands at {at} and should go on to {places}")
            finally:
                kafka.close(consumer, leave=True)

    def _catch_up_round(self, conn: Connection, consumer: Any, ends: Mapping[Any, int]) -> None:
        for topic, partitions in _gather(consumer, 0 if self._barriers else 200, self.batch).items():
            wanted = {p: [raw for raw in raws if raw.offset < ends[p]] for p, raws in partitions.items()}
            self._take(conn, consumer, self._by_topic[topic], wanted)
        for place, record in list(self._barriers.items()):
            self._step_barrier(conn, consumer, place, record)

    def _session(self, stop: threading.Event) -> None:
        self._ids = kafka.wait_for_topics(self.bootstrap, self._by_topic, stop)
        if not self._ids:
            return
        with connect(self.url, self.group, autocommit=True) as conn:
            self._seed(conn)
            consumer = kafka.consumer(self.bootstrap, self.group, self.member)
            kafka.read_raw(consumer)
            self._watchdog, self._told = Watchdog(self.bootstrap, list(self._by_topic)), None
            self._watchdog.start()
            try:
                # Asked of all topics: the client then knows each of them before the group shares the partitions out.
                # It would leave out those it has never heard of, until its next refresh half a minute later.
                oldest = kafka.oldest_offsets(consumer, self._by_topic)
                self._oldest = {place: at for place, at in oldest.items() if self._by_topic[place.topic].holes}
                consumer.subscribe(list(self._by_topic), listener=self._listener(consumer))
                while not stop.is_set():
                    self._round(conn, consumer)
                    self._problem = None
            finally:
                self._watchdog.stop()
                kafka.close(consumer, leave=stop.is_set())

    def _round(self, conn: Connection, consumer: Any) -> None:
        kafka.keep_joining(consumer)
        gathered = _gather(consumer, 0 if self._barriers else 200, self.batch)
        for topic, partitions in gathered.items():
            self._take(conn, consumer, self._by_topic[topic], partitions)
        if sum(len(raws) for partitions in gathered.values() for raws in partitions.values()) >= BACKLOG:
            self._moved_at.clear()
        self._step_in_turn(conn, consumer)
        if self.idle is not None and not gathered:
            self.idle(conn)
        self._watch(consumer)
        self._tell_fresh(conn, consumer)

    def _step_in_turn(self, conn: Connection, consumer: Any) -> None:
        """One step a round: what comes meanwhile waits for one chunk of a close, not for one of each partition."""
        if self._barriers:
            place = next(iter(self._barriers))
            record = self._barriers.pop(place)
            self._barriers[place] = record
            self._step_barrier(conn, consumer, place, record)

    def _seed(self, conn: Connection) -> None:
        """Offset rows exist before anything is read; offsets of another log with the same name stop the process."""
        for subscription in self.subscriptions:
            topic, ident = subscription.topic, self._ids[subscription.topic]
            found = conn.execute(_OTHER_TOPIC, (topic, ident)).fetchone()
            if found and found[0] and not subscription.holes:
                raise TopicMadeAnew(f"{topic} was made anew; rebuild this projection from the event store")
            conn.cursor().executemany(_SEED, [(topic, ident, partition) for partition in range(kafka.PARTITIONS)])

    def _listener(self, consumer: Any) -> Any:
        return kafka.seeking(consumer, self._stored_offsets, self._forget)

    def _forget(self, places: Sequence[Any]) -> None:
        for place in places:
            self._barriers.pop(place, None)
            self._moved_at.pop(place, None)

    def _stored_offsets(self, places: Sequence[Any]) -> dict[Any, int]:
        """Where to read on; on topics with holes an offset that is gone becomes the oldest that is there."""
        with connect(self.url, f"{self.group}-assign", autocommit=True) as conn:
            rows = conn.execute("SELECT topic, topic_id, partition, next_offset FROM consumer_offsets").fetchall()
        stored = {(topic, ident, partition): offset for topic, ident, partition, offset in rows}
        return {
            p: max(stored.get((p.topic, self._ids[p.topic], p.partition), 0), self._oldest.get(p, 0)) for p in places
        }

    def _take(
        self, conn: Connection, consumer: Any, subscription: Subscription, partitions: dict[Any, list[Raw]]
    ) -> None:
        """Applies what came of one topic; stops each partition at its first barrier."""
        batch: dict[Any, list[Raw]] = {}
        for place, raws in partitions.items():
            self._moved_at[place] = time.monotonic()
            batch[place], barrier = _until_barrier(raws, subscription.barriers)
            if barrier is not None and place in consumer.assignment():
                consumer.pause(place)
                self._barriers[place] = record_of(subscription.topic, barrier)
        self._apply_halving(conn, consumer, subscription, {p: raws for p, raws in batch.items() if raws})

    def _apply_halving(
        self, conn: Connection, consumer: Any, subscription: Subscription, batch: dict[Any, list[Raw]], tries: int = 1
    ) -> None:
        """One transaction for the whole batch; when it fails, halves, down to the record that is the cause."""
        if not batch:
            return
        begun = traces.now_ns()
        try:
            with BATCH_SECONDS.labels(subscription.topic).time(), conn.transaction():
                applied = self._apply(conn, consumer, subscription, batch)
            _observe_age(subscription.topic, applied)
            traces.applied(((record.topic, record.envelope.correlationid) for record in applied), begun)
        except psycopg.OperationalError:
            if conn.closed or tries >= TRIES:
                raise
            self._apply_halving(conn, consumer, subscription, batch, tries + 1)
        except (HoleInTopic, TopicMadeAnew):
            raise
        except Exception as error:  # noqa: BLE001  # any other failure is laid to a record, never skipped
            halves = _halves(batch)
            log.warning("batch failed", topic=subscription.topic, halves=len(halves), error=logs.told(error))
            if halves:
                for half in halves:
                    self._apply_halving(conn, consumer, subscription, half)
            elif tries < TRIES:
                self._apply_halving(conn, consumer, subscription, batch, tries + 1)
            else:
                self._bury(conn, subscription, batch, error)

    def _apply(
        self, conn: Connection, consumer: Any, subscription: Subscription, batch: dict[Any, list[Raw]]
    ) -> list[Record]:
        """What of the batch was applied."""
        batch = self._fenced(conn, consumer, subscription, batch)
        over = subscription.passed_over(conn, subscription.topic) if subscription.passed_over else {}
        records, poison = self._decoded(subscription, [raw for raws in batch.values() for raw in raws], over)
        ready = self._admitted(conn, subscription, records, poison) if subscription.sequenced else records
        for raw, detail in poison:
            self._dead(conn, subscription.topic, raw, "undecodable", detail, 1)
        wanted = [r for r in ready if r.type in subscription.applies]
        if wanted:
            subscription.apply(conn, wanted)
        self._advance(conn, subscription.topic, {p.partition: raws[-1].offset + 1 for p, raws in batch.items() if raws})
        APPLIED.labels(subscription.topic).inc(len(wanted))
        return wanted

    def _fenced(
        self, conn: Connection, consumer: Any, subscription: Subscription, batch: dict[Any, list[Raw]]
    ) -> dict[Any, list[Raw]]:
        """Takes the offset rows FOR UPDATE, drops what another process applied meanwhile, refuses holes."""
        query = _LOCK_OFFSETS if self.safeguards.lock_offsets else _LOCK_OFFSETS.replace("FOR UPDATE", "")
        places = sorted(p.partition for p in batch)
        stored = dict(conn.execute(query, (subscription.topic, self._ids[subscription.topic], places)).fetchall())
        kept: dict[Any, list[Raw]] = {}
        for place, raws in batch.items():
            kept[place], expected = [], stored[place.partition]
            # A partition that went and came back between two polls brings records twice, so each is looked at.
            for raw in raws:
                if raw.offset > expected and not subscription.holes:
                    self._hole(consumer, place, expected, raw.offset)
                    break
                if raw.offset >= expected:
                    kept[place].append(raw)
                    expected = raw.offset + 1
        return kept

    def _hole(self, consumer: Any, place: Any, expected: int, found: int) -> None:
        """Reads again from the expected offset once; the same hole twice is real."""
        if self._holes.get(place) == expected:
            raise HoleInTopic(f"{place.topic}/{place.partition}: offset {expected} is gone, the log goes on at {found}")
        self._holes[place] = expected
        consumer.seek(place, expected)

    def _decoded(
        self,
        subscription: Subscription,
        raws: Sequence[Raw],
        over: PassedOver,
    ) -> tuple[list[Record], list[tuple[Raw, str]]]:
        """The batch as records, and what could not be understood with the reason; what is passed over has no type."""
        known = subscription.applies | subscription.skips | subscription.barriers
        records, poison = [], []
        for raw in raws:
            if raw.type in subscription.skips and not subscription.sequenced:
                continue
            if over and (raw.partition, raw.offset) in over:
                records += _passed(subscription.topic, raw, *over[raw.partition, raw.offset])
                continue
            try:
                record = record_of(subscription.topic, raw)
                _check(record, known, subscription)
            except (msgspec.MsgspecError, ValueError) as error:
                poison.append((raw, str(error)))
                continue
            if over and (record.key, record.sequence) in over:
                records += _passed(subscription.topic, raw, record.key, record.sequence)
                continue
            records.append(record)
        return records, poison

    def _admitted(
        self, conn: Connection, subscription: Subscription, records: list[Record], poison: Sequence[tuple[Raw, str]]
    ) -> list[Record]:
        """What is next in its stream; the rest was seen before or waits in parked_records."""
        if not self.safeguards.check_sequences:
            return records
        if len(records) >= _MANY and not poison and streams.follow(conn, subscription.topic, records):
            return records
        heads = streams.load(conn, subscription.topic, sorted({r.key for r in records}))
        poisoned = {raw.key: raw.offset for raw, _ in reversed(poison)} if self.safeguards.park_poison else {}
        out = streams.admit(records, heads, poisoned)
        streams.store(conn, subscription.topic, heads, out)
        for record in out.diverged:
            raw = Raw(record.partition, record.offset, record.key, record.type, record.value)
            self._dead(conn, subscription.topic, raw, "diverged", "known sequence, other event id", 1)
        DUPLICATES.labels(subscription.topic).inc(out.duplicates)
        return out.ready

    def _advance(self, conn: Connection, topic: str, offsets: dict[int, int]) -> None:
        conn.execute(_STORE_OFFSETS, (list(offsets), list(offsets.values()), topic, self._ids[topic]))

    def _step_barrier(self, conn: Connection, consumer: Any, place: Any, record: Record) -> None:
        """One step of a barrier under the offset lock; the last one moves the offset past it and reading goes on."""
        subscription = self._by_topic[record.topic]
        if subscription.on_barrier is None:
            raise TypeError(f"{record.topic} has barriers but nobody works them off")
        with conn.transaction():
            row = conn.execute(_LOCK_OFFSETS, (record.topic, self._ids[record.topic], [record.partition])).fetchone()
            behind = row is not None and row[1] < record.offset
            done = row is not None and (
                row[1] > record.offset or (not behind and subscription.on_barrier(conn, record))
            )
            if done and row is not None and row[1] <= record.offset:
                self._advance(conn, record.topic, {record.partition: record.offset + 1})
        self._moved_at[place] = time.monotonic()
        if (done or behind) and self._barriers.pop(place, None) and place in consumer.assignment():
            kafka.go_on(consumer, place, row[1] if behind and row else record.offset + 1)

    def _bury(
        self, conn: Connection, subscription: Subscription, batch: dict[Any, list[Raw]], error: Exception
    ) -> None:
        """The dead letter of the one record that cannot be applied, in the transaction that moves past it."""
        ((place, (raw,)),) = batch.items()
        with conn.transaction():
            ids = (subscription.topic, self._ids[subscription.topic], [place.partition])
            row = conn.execute(_LOCK_OFFSETS, ids).fetchone()
            if row is None or row[1] > raw.offset:
                return  # another process passed it meanwhile: the offset must not go back
            self._dead(conn, subscription.topic, raw, "unappliable", f"{type(error).__name__}: {error}", TRIES)
            self._advance(conn, subscription.topic, {raw.partition: raw.offset + 1})

    def _dead(self, conn: Connection, topic: str, raw: Raw, reason: str, detail: str, attempts: int) -> None:
        log.error("dead letter", topic=topic, partition=raw.partition, offset=raw.offset, reason=reason)
        value = None if self._by_topic[topic].holes else raw.value
        row = (topic, raw.partition, raw.offset, raw.key, raw.type, value, reason, detail[:2000], attempts)
        conn.execute(_DEAD_LETTER, row)
        if self.safeguards.park_poison and self._by_topic[topic].sequenced and raw.key:
            streams.park(conn, topic, raw.key, reason)
            PARKED.labels(topic, reason).inc()

    def _watch(self, consumer: Any) -> None:
        """Ends the process when a partition has more to read and nothing moved, whatever the client believes.

        The supervisor starts a fresh one. A broker that does not answer begins a new session instead.
        """
        self._watchdog.beat()
        if self._watchdog.silent_s > SILENT_S:
            STALLS.labels("broker").inc()
            raise BrokerSilent(f"no answer for {self._watchdog.silent_s:.0f} s")
        now, lag = time.monotonic(), dict.fromkeys(self._by_topic, 0)
        # Who was frozen, or at one transaction for so long, knows nothing yet of what came meanwhile.
        if now - self._looked_at > STALLED_S / 2:
            self._moved_at.clear()
        self._looked_at = now
        # A batch that was read before its partition went to another member leaves a moment behind, which would be
        # taken for a stall when the partition comes back.
        progress = kafka.progress(consumer)
        self._moved_at = {place: self._moved_at.get(place, now) for place in progress}
        for place, read in progress.items():
            behind = max(0, max(read.end, self._watchdog.ends.get(place, 0)) - read.position)
            lag[place.topic] += behind
            if not behind or place in self._barriers:
                self._moved_at[place] = now
            elif now - self._moved_at[place] > STALLED_S:
                log.error("stalled", topic=place.topic, partition=place.partition, behind=behind)
                STALLS.labels("partition").inc()
                raise Stalled(f"{place.topic}/{place.partition} is not read on, {behind} records wait")
        for topic, records in lag.items():
            LAG.labels(topic).set(records)

    def _tell_fresh(self, conn: Connection, consumer: Any) -> None:
        """After each answer of the broker: which partitions were read to their end then, and what stands still."""
        now, asked = clock.now(), self._watchdog.asked
        for topic in self._by_topic:
            FRESH.labels(topic).set((now - self._read_at.setdefault(topic, now)).total_seconds())
        if asked is None or asked == self._told:
            return
        progress, ends = kafka.progress(consumer), self._watchdog.ends
        for topic in self._by_topic:
            places = [p for p in consumer.assignment() if p.topic == topic]
            read = [p.partition for p in places if (at := progress.get(p)) and at.position >= ends.get(p, 0)]
            if len(read) == len(places):
                self._read_at[topic] = asked
            if read and self.fresh is not None:
                self.fresh(conn, topic, read, asked)
        self._told = asked
        streams.count_standing(conn, self._by_topic)


def _gather(consumer: Any, wait_ms: int, most: int) -> dict[str, dict[Any, list[Raw]]]:
    """Polls until nothing more lies ready or the batch is full: large transactions under load, small ones at rest."""
    found: dict[str, dict[Any, list[Raw]]] = {}
    count = 0
    while count < most:
        polled = consumer.poll(timeout_ms=wait_ms, max_records=most - count)
        if not polled:
            break
        wait_ms = 0
        for place, messages in polled.items():
            found.setdefault(place.topic, {}).setdefault(place, []).extend(messages)
            count += len(messages)
    return found


def _observe_age(topic: str, applied: Sequence[Record]) -> None:
    """How long the oldest record of each partition was on its way; every record would cost more than it tells."""
    now, seconds = clock.now(), VISIBLE_SECONDS.labels(topic)
    for record in {record.partition: record for record in reversed(applied)}.values():
        with suppress(ValueError):  # a time that nobody can read is not this function's to judge
            seconds.observe(max(0.0, (now - record.envelope.recorded_at).total_seconds()))


def _until_barrier(raws: list[Raw], barriers: frozenset[str]) -> tuple[list[Raw], Raw | None]:
    if barriers:
        for index, raw in enumerate(raws):
            if raw.type in barriers:
                return raws[:index], raw
    return raws, None


def record_of(topic: str, raw: Raw) -> Record:
    """A record as it came, decoded; raises msgspec.MsgspecError when its value is no envelope."""
    envelope = _TOMBSTONE if raw.value is None else decode(raw.value)
    return Record(topic, raw.partition, raw.offset, raw.key, envelope.type or raw.type, raw.value, envelope)


def _passed(topic: str, raw: Raw, key: str, sequence: int | None) -> list[Record]:
    """Only the place in its stream remains of a record that was passed over, if it had one."""
    if sequence is None:
        return []
    envelope = msgspec.structs.replace(_TOMBSTONE, subject=key, sequence=sequence)
    return [Record(topic, raw.partition, raw.offset, key, "", None, envelope)]


def _check(record: Record, known: frozenset[str], subscription: Subscription) -> None:
    if record.value is None and not subscription.holes:
        raise ValueError("a record without a value on a topic that is not compacted")
    if record.value is not None and record.type not in known:
        raise ValueError(f"unknown type {record.type}")
    if subscription.sequenced and (record.sequence < 1 or record.envelope.subject != record.key):
        raise ValueError("no sequence, or the key is not the subject")


def _halves(batch: dict[Any, list[Raw]]) -> list[dict[Any, list[Raw]]]:
    """Two smaller batches that keep each partition's order; none when there is a single record."""
    flat = [(place, raw) for place, raws in batch.items() for raw in raws]
    if len(flat) <= 1:
        return []
    halves = []
    for part in (flat[: len(flat) // 2], flat[len(flat) // 2 :]):
        half: dict[Any, list[Raw]] = {}
        for place, raw in part:
            half.setdefault(place, []).append(raw)
        halves.append(half)
    return halves
