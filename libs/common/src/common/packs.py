"""Records to send, and many of one partition in an outbox row: as Kafka's batches of format 2 hold them, in LZ4.

https://kafka.apache.org/documentation/#recordbatch: the head of a batch, with its checksum, is left to who sends it.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import TypeAlias

import lz4.frame
from msgspec import Struct, msgpack

TYPE_HEADER = "ce_type"
BATCH_BYTES = 512 * 1024  # well below the broker's 1 MiB, even when nothing can be compressed
LARGEST_BYTES = 1_000_000


class Outgoing(Struct, frozen=True, gc=False, array_like=True):
    """A record to send; `value` None is a tombstone."""

    topic: str
    partition: int
    key: str
    type: str
    value: bytes | None

    @property
    def types(self) -> dict[str, int]:
        """How many records it is of each type."""
        return {self.type: 1}


class Packed(Struct, frozen=True, gc=False, array_like=True):
    """Records of one partition in their order, ready to be sent: `types` counts them, `content` is compressed."""

    topic: str
    partition: int
    types: dict[str, int]
    content: bytes

    @property
    def records(self) -> int:
        """How many they are."""
        return sum(self.types.values())

    @property
    def uncompressed(self) -> bytes:
        """The records as they stand in a batch that is not compressed."""
        found: bytes = lz4.frame.decompress(self.content)
        return found


Parcel: TypeAlias = Outgoing | Packed
_packed = msgpack.Decoder(Packed).decode
_records = msgpack.Decoder(list[Outgoing]).decode
_LZ4 = b"\x04\x22\x4d\x18"


def pack(packed: Packed) -> bytes:
    """The column `packed` of an outbox row."""
    return msgpack.encode(packed)


def unpack(column: bytes) -> list[Parcel]:
    """What is to be sent for the column; a release before wrote MessagePack in LZ4 into it, record by record."""
    if column.startswith(_LZ4):
        return [*_records(lz4.frame.decompress(column))]
    return [_packed(column)]


def framed(records: Sequence[Outgoing]) -> Iterator[tuple[Packed, list[int]]]:
    """Records of one partition, as many at a time as fit into a batch, with their places; the too large are left."""
    pieces: list[bytes] = []
    members: list[int] = []
    size = 0
    for place, record in enumerate(records):
        key, value = record.key.encode(), record.value
        size_of_value = b"\1" if value is None else _number(len(value))
        rest = (_number(len(key)), key, size_of_value, value or b"", _header(record.type))
        body = b"".join((b"\0\0", _number(len(members)), *rest))
        if len(body) > LARGEST_BYTES:
            continue
        if members and size + len(body) > BATCH_BYTES:
            yield _compressed(records, pieces, members), members
            body = b"".join((b"\0\0\0", *rest))
            pieces, members, size = [], [], 0
        pieces += (_number(len(body)), body)
        members.append(place)
        size += len(body)
    if members:
        yield _compressed(records, pieces, members), members


def _compressed(records: Sequence[Outgoing], pieces: Sequence[bytes], members: Sequence[int]) -> Packed:
    of, types = records[members[0]], Counter(records[place].type for place in members)
    # Kafka does not read blocks that depend on the ones before them.
    return Packed(of.topic, of.partition, types, lz4.frame.compress(b"".join(pieces), block_linked=False))


@lru_cache(maxsize=65_536)
def _number(value: int) -> bytes:
    """A number as Kafka writes it: zigzag, seven bits a byte."""
    rest, out = (value << 1) ^ (value >> 63), bytearray()
    while rest > 0x7F:
        out.append(rest & 0x7F | 0x80)
        rest >>= 7
    out.append(rest)
    return bytes(out)


@lru_cache(maxsize=1_000)
def _header(type_: str) -> bytes:
    """The one header of a record, counted."""
    name, value = TYPE_HEADER.encode(), type_.encode()
    return b"".join((_number(1), _number(len(name)), name, _number(len(value)), value))
