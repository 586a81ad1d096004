"""Kafka, the channel: the only module that knows the client library; every default that bites is set here."""

import socket
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from datetime import datetime
from functools import lru_cache
from typing import Any, NamedTuple

import crc32c  # noqa: F401  # without it the client checks sums in slow Python: fail at start instead
from kafka import ConsumerRebalanceListener, KafkaConsumer, KafkaProducer, TopicPartition
from kafka.admin import (
    ACL,
    ACLOperation,
    ACLPermissionType,
    ACLResourcePatternType,
    ConfigResource,
    ConfigResourceType,
    KafkaAdminClient,
    ResourcePattern,
    ResourceType,
)
from kafka.consumer.fetcher import Fetcher
from kafka.errors import CorruptRecordError
from kafka.errors import KafkaError as KafkaError
from kafka.producer.producer_batch import ProducerBatch
from kafka.record.default_records import DefaultRecordBatchBuilder
from kafka.record.memory_records import MemoryRecordsBuilder
from kafka.record.util import decode_varint
from msgspec import Struct

from common import brokers
from common.packs import BATCH_BYTES, TYPE_HEADER, Packed, Parcel, framed
from common.packs import Outgoing as Outgoing
from common.partitions import PARTITIONS as PARTITIONS
from common.partitions import partition_of as partition_of

_BOOTSTRAP_MS = 5_000
_CLOSE_MS = 3_000

Partition = TopicPartition
RESTORE_GROUP = "settlement-restore"
OWNING = ("READ", "WRITE", "DESCRIBE", "DESCRIBE_CONFIGS")
READING = ("READ", "DESCRIBE")


def producer(bootstrap: str, name: str) -> KafkaProducer:
    """An idempotent producer, all replicas acknowledging, lz4; make it after the fork."""
    return KafkaProducer(
        **brokers.settings(bootstrap),
        client_id=name,
        acks="all",
        enable_idempotence=True,
        compression_type="lz4",
        linger_ms=5,
        batch_size=256 * 1024,
        delivery_timeout_ms=20_000,
        request_timeout_ms=10_000,
        max_block_ms=10_000,
        bootstrap_timeout_ms=_BOOTSTRAP_MS,
        allow_auto_create_topics=False,
    )


def drop(producer: KafkaProducer) -> None:
    """Ends a producer at once; what it had not sent is sent again by another."""
    # close() begins with a flush that raises during an outage, and then the sending thread would go on for ever.
    producer._sender.force_close()  # noqa: SLF001  # the library has no public way to give up what is buffered
    with suppress(KafkaError):
        producer.close(timeout=2)


def send_all(producer: KafkaProducer, parcels: Sequence[Parcel], timeout_s: float) -> list[bool]:
    """Sends records, in the order given in each partition, and tells of each parcel whether it was acknowledged.

    The client's own `send` spends 25 µs on a record (futures, locks, a thread that wakes up in between): more than the
    rest of the relay. Here whole batches are handed to its queue, and each has one future.
    """
    places: dict[tuple[str, int], list[int]] = {}
    for index, parcel in enumerate(parcels):
        places.setdefault((parcel.topic, parcel.partition), []).append(index)
    sent = []
    for (topic, partition), indexes in places.items():
        if producer.partitions_for(topic):
            sent += _queue(producer, TopicPartition(topic, partition), _batches(parcels, indexes))
    with suppress(KafkaError):  # a flush that fails proves nothing about single batches: each is looked at
        producer.flush(timeout=timeout_s)
    acknowledged = [False] * len(parcels)
    for batch, indexes in sent:
        future = batch.produce_future
        done = future.succeeded() and future.value[2] is None  # the third part names the records that failed
        for index in indexes:
            acknowledged[index] = done
    return acknowledged


def _batches(parcels: Sequence[Parcel], indexes: Sequence[int]) -> Iterator[tuple[Packed, list[int]]]:
    """The batches of one partition, each with the parcels in it; single records between packed ones are packed now."""
    singles: list[int] = []
    for index in indexes:
        parcel = parcels[index]
        if isinstance(parcel, Packed):
            yield from _of_singles(parcels, singles)
            yield parcel, [index]
            singles = []
        else:
            singles.append(index)
    yield from _of_singles(parcels, singles)


def _of_singles(parcels: Sequence[Parcel], indexes: Sequence[int]) -> Iterator[tuple[Packed, list[int]]]:
    records = [parcel for index in indexes if isinstance(parcel := parcels[index], Outgoing)]
    for packed, members in framed(records):
        yield packed, [indexes[member] for member in members]


def _queue(
    producer: KafkaProducer, place: TopicPartition, batches: Iterable[tuple[Packed, list[int]]]
) -> list[tuple[ProducerBatch, list[int]]]:
    """Puts the batches of one partition at the end of the producer's queue."""
    # The library has no public way to hand over a batch; the version is pinned, and a test reads back what is sent.
    accumulator = producer._accumulator  # noqa: SLF001
    made = [(ProducerBatch(place, _builder(packed)), members) for packed, members in batches]
    with accumulator._tp_lock(place):  # noqa: SLF001
        for batch, _ in made:
            accumulator._batches[place].append(batch)  # noqa: SLF001
            accumulator._incomplete.add(batch)  # noqa: SLF001
    return made


class _Compressed(DefaultRecordBatchBuilder):  # type: ignore[misc]  # the client library is untyped
    """Writes the head of a batch whose records are compressed already."""

    def _maybe_compress(self) -> bool:
        return True


def _builder(packed: Packed) -> MemoryRecordsBuilder:
    """The batch as the producer wants it: it gives it the next number and says when it is sent."""
    inner, count = _Compressed(2, DefaultRecordBatchBuilder.CODEC_LZ4, False, -1, -1, -1, BATCH_BYTES), packed.records
    inner._buffer += packed.content  # noqa: SLF001
    inner._first_timestamp = inner._max_timestamp = int(time.time() * 1000)  # noqa: SLF001
    inner._num_records, inner._last_offset = count, count - 1  # noqa: SLF001
    builder = MemoryRecordsBuilder(2, DefaultRecordBatchBuilder.CODEC_LZ4, BATCH_BYTES, offset=count)
    builder._builder = inner  # noqa: SLF001
    return builder


def consumer(bootstrap: str, group: str, member: str | None = None) -> KafkaConsumer:
    """A consumer whose offsets live elsewhere: nothing is committed by itself and no default place to start exists.

    A `member` of a fixed name (`%h` in it stands for the host's) has its partitions back at once after a crash.
    """
    member = member.replace("%h", socket.gethostname()) if member else None
    return KafkaConsumer(
        **brokers.settings(bootstrap),
        client_id=member or group,
        group_id=group,
        group_instance_id=member,
        enable_auto_commit=False,
        auto_offset_reset="none",
        isolation_level="read_committed",
        allow_auto_create_topics=False,
        max_poll_records=10_000,
        fetch_max_wait_ms=500,
        max_partition_fetch_bytes=8 << 20,
        session_timeout_ms=15_000,
        # Members learn by their heartbeat that somebody came or went, and all partitions wait for the last of them.
        heartbeat_interval_ms=1_000,
        max_poll_interval_ms=300_000,
        metadata_max_age_ms=30_000,
        bootstrap_timeout_ms=_BOOTSTRAP_MS,
    )


def close(consumer: KafkaConsumer, *, leave: bool) -> None:
    """Ends a consumer; with `leave` others get its partitions at once, else a fixed member's wait for its return."""
    if leave:
        # By itself the client never lets a fixed member leave; the version is pinned, and a test watches the group.
        consumer._coordinator.is_dynamic_member = lambda: True  # noqa: SLF001
    consumer.close(autocommit=False, timeout_ms=_CLOSE_MS)


def admin(bootstrap: str) -> KafkaAdminClient:
    """An administration client."""
    return KafkaAdminClient(
        **brokers.settings(bootstrap),
        client_id="settlement-admin",
        request_timeout_ms=10_000,
        bootstrap_timeout_ms=_BOOTSTRAP_MS,
    )


class Grant(NamedTuple):
    """What a user may do with a topic or group, or with all whose name `begins` so."""

    user: str
    kind: str
    name: str
    operations: tuple[str, ...]
    begins: bool = False


def allow(bootstrap: str, grants: Iterable[Grant]) -> None:
    """Tells the broker; what it knows already stays. Raises KafkaError when it does not take one of them."""
    client = admin(bootstrap)
    try:
        told = client.create_acls([acl for grant in grants for acl in _acls(grant)])
        for _, error in told["failed"]:
            raise error
    finally:
        client.close()


def _acls(grant: Grant) -> Iterator[Any]:
    how = ACLResourcePatternType.PREFIXED if grant.begins else ACLResourcePatternType.LITERAL
    what = ResourcePattern(ResourceType[grant.kind.upper()], grant.name, how)
    for operation in grant.operations:
        yield ACL(f"User:{grant.user}", "*", ACLOperation[operation], ACLPermissionType.ALLOW, what)


def topic_ids(bootstrap: str, topics: Iterable[str]) -> dict[str, str]:
    """Kafka's own id of each topic; a topic that does not exist is absent."""
    client = admin(bootstrap)
    try:
        found: list[dict[str, Any]] = client.describe_topics(list(topics))
        return {topic["name"]: str(topic["topic_id"]) for topic in found if not topic.get("error_code")}
    finally:
        client.close()


def wait_until_led(bootstrap: str, partitions: Mapping[str, int], timeout_s: float) -> None:
    """Returns when each of so many partitions of the topics answers; raises KafkaError when one does not in time.

    A broker tells of a new topic before it has made its partitions, and refuses who comes meanwhile.
    """
    client = KafkaConsumer(**brokers.settings(bootstrap), client_id="settlement-admin", group_id=None)
    try:
        places = [TopicPartition(topic, number) for topic, count in partitions.items() for number in range(count)]
        client.end_offsets(places, timeout_ms=round(timeout_s * 1000))
    finally:
        client.close()


def topic_settings(client: KafkaAdminClient, topics: Iterable[str]) -> dict[str, dict[str, str]]:
    """Every setting of each topic, by its name."""
    asked = [ConfigResource(ConfigResourceType.TOPIC, topic) for topic in topics]
    found = client.describe_configs(asked, config_filter="all") if asked else {}
    return {
        topic: {name: str(setting["value"]) for name, setting in settings.items()}
        for of_kind in found.values()
        for topic, settings in of_kind.items()
    }


def wait_for_topics(bootstrap: str, topics: Iterable[str], stop: threading.Event) -> dict[str, str]:
    """Their ids as soon as all of them exist; an empty dictionary when told to stop first."""
    wanted = set(topics)
    while not stop.is_set():
        ids = topic_ids(bootstrap, wanted)
        if wanted <= ids.keys():
            return ids
        stop.wait(0.5)
    return {}


def end_offsets(bootstrap: str, topics: Iterable[str]) -> dict[tuple[str, int], int]:
    """Where each partition of the topics ends now: the offset its next record will get."""
    client = KafkaConsumer(**brokers.settings(bootstrap), client_id="settlement-ends", group_id=None)
    try:
        places = [TopicPartition(topic, partition) for topic in topics for partition in range(PARTITIONS)]
        return {(place.topic, place.partition): end for place, end in client.end_offsets(places).items()}
    finally:
        client.close()


def read_since(bootstrap: str, topic: str, since: datetime) -> Iterator[list["Raw"]]:
    """What was sent to a topic since a moment, up to where it ends now, batch by batch; joins no group."""
    reader = consumer(bootstrap, RESTORE_GROUP)
    read_raw(reader)
    places = [TopicPartition(topic, partition) for partition in range(PARTITIONS)]
    try:
        reader.assign(places)
        ends: dict[Any, int] = reader.end_offsets(places)
        found = reader.offsets_for_times(dict.fromkeys(places, round(since.timestamp() * 1000)))
        for place in places:
            reader.seek(place, found[place].offset if found.get(place) else ends[place])
        while any(reader.position(place) < ends[place] for place in places):
            yield from reader.poll(timeout_ms=500, max_records=10_000).values()
    finally:
        reader.close(autocommit=False)


class Ends:
    """Where topics end, asked again and again by one client of its own; made anew after a failure."""

    def __init__(self, bootstrap: str, topics: Iterable[str], timeout_ms: int) -> None:
        self._bootstrap, self._timeout_ms = bootstrap, timeout_ms
        self._places = [TopicPartition(topic, partition) for topic in topics for partition in range(PARTITIONS)]
        self._client: KafkaConsumer | None = None

    def ask(self) -> dict[Any, int]:
        """The offset that the next record of each partition will get; raises KafkaError in time."""
        if self._client is None:
            self._client = KafkaConsumer(
                **brokers.settings(self._bootstrap),
                client_id="settlement-watchdog",
                group_id=None,
                enable_auto_commit=False,
                request_timeout_ms=self._timeout_ms,
                bootstrap_timeout_ms=self._timeout_ms,
            )
        try:
            found: dict[Any, int] = self._client.end_offsets(self._places, timeout_ms=self._timeout_ms)
        except KafkaError:
            self.close()
            raise
        return found

    def close(self) -> None:
        """Gives the connection back."""
        client, self._client = self._client, None
        if client is not None:
            client.close(autocommit=False, timeout_ms=1_000)


class Progress(NamedTuple):
    """The offset that is read next of a partition, and where the partition ended by the last answer of the broker."""

    position: int
    end: int


def progress(consumer: KafkaConsumer) -> dict[Any, Progress]:
    """How far each partition is read that the consumer has; those not yet placed are absent."""
    # The client's own `position` looks over all partitions for each one: 25 ms for 72, as much as a thousand facts.
    places = consumer._subscription.assignment.items()  # noqa: SLF001  # the version is pinned, and a test compares
    return {
        place: Progress(state.position.offset, state.highwater or 0)
        for place, state in list(places)
        if state.position is not None
    }


def oldest_offsets(consumer: KafkaConsumer, topics: Iterable[str]) -> dict[Any, int]:
    """Where each partition of the topics begins now."""
    places = [TopicPartition(topic, partition) for topic in topics for partition in range(PARTITIONS)]
    return consumer.beginning_offsets(places) if places else {}


def keep_joining(consumer: KafkaConsumer) -> None:
    """Lets a join of the group that outlasts one poll be finished by the next; call before every poll.

    When the client joins again because topics became known, it forgets why as soon as it has shared out the partitions.
    If that very poll ends then, nobody takes the answer: no partitions, no heartbeat, for ever.
    """
    coordinator = consumer._coordinator  # noqa: SLF001  # the library has no public way; its version is pinned
    if coordinator._join_task is not None:  # noqa: SLF001
        coordinator.request_rejoin()


class Raw(Struct, frozen=True, gc=False):
    """A record as it came, before anything is believed of it."""

    partition: int
    offset: int
    key: str
    type: str
    value: bytes | None


def raw(message: Any) -> Raw:
    """The parts of a record that readers look at; undecodable keys and headers get replacement characters."""
    key = "" if message.key is None else message.key.decode("utf-8", "replace")
    return Raw(message.partition, message.offset, key, _type_of(message.headers), message.value)


def _type_of(headers: Iterable[tuple[str, bytes | None]]) -> str:
    found = [value or b"" for name, value in headers if name == TYPE_HEADER]
    return found[-1].decode("utf-8", "replace") if found else ""


def read_raw(consumer: KafkaConsumer) -> None:
    """From now on `poll` answers Raw: the client's own records cost 12 µs each, most of what a projection spends."""
    # The library has no public way to say how records are unpacked; the version is pinned, and a test compares.
    consumer._fetcher.PartitionRecords = _RawRecords  # noqa: SLF001


def go_on(consumer: KafkaConsumer, place: Any, offset: int) -> None:
    """Reads a paused partition on from an offset.

    What the client still keeps of it from before is of no use behind another offset, and must not stay: what is kept is
    not fetched, and it is given back only when another partition brings something. When all others are at their end
    it stays for ever.
    """
    # No public way either; the version is pinned (kafka-python 3.0.12, Fetcher.fetched_records).
    for kept in (consumer._fetcher._paused_completed_fetches, consumer._fetcher._paused_partition_records):  # noqa: SLF001
        kept.pop(place, None)
    consumer.seek(place, offset)
    consumer.resume(place)


class _RawRecords(Fetcher.PartitionRecords):  # type: ignore[misc]  # the client library is untyped
    """What was fetched of one partition, with the library's rules for checksums, control batches and transactions."""

    def _unpack_records(self, tp: TopicPartition, records: Any, *_deserializers: Any) -> Iterator[Raw]:
        while (batch := records.next_batch()) is not None:
            if self.check_crcs and not batch.validate_crc():
                raise CorruptRecordError(f"{tp} at {batch.base_offset}: the checksum is wrong")
            self.leader_epoch = batch.leader_epoch
            if self._holds_records(batch):
                for found in raw_records(batch, tp.partition):
                    self.next_fetch_offset = found.offset + 1
                    yield found
            # Compaction may have removed the last record of a batch: go on behind the batch, not behind what is left.
            self.next_fetch_offset = batch.next_offset
        self.drain()

    def _holds_records(self, batch: Any) -> bool:
        if batch.has_producer_id():
            self._consume_aborted_transactions_up_to(batch.last_offset)
            if self._contains_abort_marker(batch):
                self.aborted_producer_ids.discard(batch.producer_id)
            elif self._is_batch_aborted(batch):
                return False
        return not batch.is_control_batch


def raw_records(batch: Any, partition: int) -> Iterator[Raw]:
    """The records of a batch of format 2 (Kafka 4 keeps no other), read without the library's objects in between."""
    batch._maybe_uncompress()  # noqa: SLF001  # as in `read_raw`
    data, at = bytes(batch._buffer), batch._pos  # noqa: SLF001
    return _records_in(data, at, batch.records_count, partition, batch.base_offset)


def keys_of(parcel: Parcel) -> set[str]:
    """Whose order a parcel belongs to."""
    if isinstance(parcel, Packed):
        return {raw.key for raw in _records_in(parcel.uncompressed, 0, parcel.records, parcel.partition, 0)}
    return {parcel.key}


def _records_in(data: bytes, at: int, count: int, partition: int, base: int) -> Iterator[Raw]:
    for _ in range(count):
        length, at = _number_at(data, at)
        end = at + length
        _, at = _number_at(data, at + 1)  # the time; one byte of attributes stands before it
        delta, at = _number_at(data, at)
        size, at = _number_at(data, at)
        key, at = (data[at : at + size].decode("utf-8", "replace"), at + size) if size > 0 else ("", at)
        size, at = _number_at(data, at)
        value, at = (data[at : at + size], at + size) if size >= 0 else (None, at)
        yield Raw(partition, base + delta, key, _type_in(data[at:end]), value)
        at = end


def _number_at(data: bytes, at: int) -> tuple[int, int]:
    """The number that stands there, and where it ends; nearly all of them take one byte or two."""
    low = data[at]
    if low < 0x80:
        return (low >> 1) ^ -(low & 1), at + 1
    high = data[at + 1]
    if high < 0x80:
        value = low & 0x7F | high << 7
        return (value >> 1) ^ -(value & 1), at + 2
    found: tuple[int, int] = decode_varint(data, at)
    return found


@lru_cache(maxsize=1_000)
def _type_in(headers: bytes) -> str:
    """The type among a record's packed headers; there are as many different ones as there are types."""
    count, at = decode_varint(headers, 0)
    found = []
    for _ in range(count):
        size, at = decode_varint(headers, at)
        name, at = headers[at : at + size].decode("utf-8", "replace"), at + size
        size, at = decode_varint(headers, at)
        found.append((name, headers[at : at + size] if size >= 0 else None))
        at += max(size, 0)
    return _type_of(found)


def seeking(
    consumer: KafkaConsumer,
    offsets: Callable[[Sequence[Any]], dict[Any, int]],
    lost: Callable[[Sequence[Any]], None],
) -> ConsumerRebalanceListener:
    """A rebalance listener that does the one thing such a listener may do: read on from the stored offsets.

    It runs in the client's own thread, where no call that waits for Kafka is allowed.
    """

    class Seeking(ConsumerRebalanceListener):  # type: ignore[misc]  # the client library is untyped
        def on_partitions_assigned(self, assigned: Sequence[Any]) -> None:
            for place, offset in offsets(list(assigned)).items():
                # A partition that stays with its reader stays paused; what was paused for is read again.
                go_on(consumer, place, offset)

        def on_partitions_revoked(self, revoked: Sequence[Any]) -> None:
            lost(list(revoked))

    return Seeking()
