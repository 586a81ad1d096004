"""Records to send, and many of one transaction and partition in one outbox row: MessagePack, in LZ4."""

from collections.abc import Sequence

import lz4.frame
from msgspec import Struct, msgpack


class Outgoing(Struct, frozen=True, gc=False, array_like=True):
    """A record to send; `value` None is a tombstone."""

    topic: str
    partition: int
    key: str
    type: str
    value: bytes | None


_records = msgpack.Decoder(list[Outgoing]).decode


def pack(records: Sequence[Outgoing]) -> bytes:
    """The column `packed` of an outbox row."""
    packed: bytes = lz4.frame.compress(msgpack.encode(records))
    return packed


def unpack(packed: bytes) -> list[Outgoing]:
    """The records again, in their order."""
    return _records(lz4.frame.decompress(packed))
