"""Records packed by hand are the same bytes the client library would have written, one by one."""

from kafka.record.default_records import DefaultRecord
from kafka.record.memory_records import MemoryRecords, MemoryRecordsBuilder
from lz4.frame import compress, decompress
from msgspec import msgpack

from common import kafka
from common.packs import BATCH_BYTES, LARGEST_BYTES, Outgoing, framed, pack, unpack

LZ4 = 3


def _batches(records: list[Outgoing]) -> list[MemoryRecordsBuilder]:
    return [kafka._builder(packed) for packed, _ in framed(records)]


def _read(records: list[Outgoing]) -> list[tuple[int, bytes, bytes | None, list[tuple[str, bytes]]]]:
    found = []
    for builder in _batches(records):
        builder.close()
        for batch in MemoryRecords(bytes(builder.buffer())):
            assert batch.validate_crc()
            found += [(r.offset, bytes(r.key), r.value and bytes(r.value), list(r.headers)) for r in batch]
    return found


def _outgoing(count: int, size: int) -> list[Outgoing]:
    return [Outgoing("t", 1, f"акк-{n}", f"kz.type.{n % 3}", None if n % 7 == 3 else b"x" * size) for n in range(count)]


def test_what_is_packed_reads_back_with_keys_values_tombstones_and_types() -> None:
    """The library's own reader finds every record in order."""
    records = _outgoing(300, 700)

    found = _read(records)

    expected = [(n, r.key.encode(), r.value, [("ce_type", r.type.encode())]) for n, r in enumerate(records)]
    assert found == expected


def test_packed_bytes_equal_those_of_the_library() -> None:
    """The same records appended one by one give the same batch."""
    records = _outgoing(50, 300)
    (ours,) = _batches(records)
    at = ours._builder._first_timestamp
    theirs = MemoryRecordsBuilder(2, LZ4, BATCH_BYTES)
    for r in records:
        theirs.append(at, r.key.encode(), r.value, [("ce_type", r.type.encode())])

    ours.close()
    theirs.close()

    assert ours.buffer() == theirs.buffer()


def test_a_large_load_is_cut_into_batches_that_the_broker_takes() -> None:
    """No batch is larger than the limit, and the offsets begin anew in each."""
    records = _outgoing(40, 60_000)
    batches = [packed for packed, _ in framed(records)]

    assert len(batches) > 3
    assert all(len(decompress(packed.content)) <= BATCH_BYTES + 1000 for packed in batches)
    assert [packed.records for packed in batches] == [packed_of.next_offset() for packed_of in _batches(records)]
    assert sum(packed.records for packed in batches) == 40


def test_a_record_beyond_the_limit_is_left_out_and_its_neighbours_are_not() -> None:
    """It is reported as not acknowledged; only its key waits."""
    records = _outgoing(2, 10)
    records.insert(1, Outgoing("t", 1, "large", "kz.type.0", b"x" * LARGEST_BYTES))

    assert [key for _, key, _, _ in _read(records)] == ["акк-0".encode(), "акк-1".encode()]


def test_a_column_keeps_what_is_sent_for_it() -> None:
    """With the keys that a failure would hold up; what a release before wrote comes record by record."""
    records = _outgoing(300, 700)
    (packed,) = (packed for packed, _ in framed(records))

    assert unpack(pack(packed)) == [packed]
    assert kafka.keys_of(packed) == {record.key for record in records}
    assert packed.types == {f"kz.type.{n}": 100 for n in range(3)}
    assert unpack(compress(msgpack.encode(records))) == records


def test_raw_reading_gives_what_the_library_reads() -> None:
    """The same batch read both ways, with large values, tombstones, no key, no headers and several headers."""
    builder = MemoryRecordsBuilder(2, LZ4, 1 << 20)
    for n in range(200):
        headers = [("ce_type", f"kz.{n % 5}".encode()), ("traceparent", b"00-1")][: n % 3]
        builder.append(1_700_000_000_000 + n * 997, None if n == 5 else b"key-%d" % n, b"v" * (n * n), headers)
    builder.append(1_700_000_000_000, b"gone", None, [("ce_type", b"kz.gone")])
    builder.close()
    written = bytes(builder.buffer())
    (theirs,), (ours,) = MemoryRecords(written), MemoryRecords(written)

    expected = [kafka.raw(_Message(3, r)) for r in theirs]

    assert list(kafka.raw_records(ours, 3)) == expected


class _Message:
    """A record as the client's poll would answer it."""

    def __init__(self, partition: int, record: DefaultRecord) -> None:
        self.partition, self.offset = partition, record.offset
        self.key, self.value, self.headers = record.key, record.value, record.headers
