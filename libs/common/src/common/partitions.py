"""Where a key lives on a topic: Kafka's own hash, apart from the client library, which is slow to import."""

import struct
from functools import lru_cache

PARTITIONS = 12
_M, _MASK = 0x5BD1E995, 0xFFFFFFFF


@lru_cache(maxsize=1_000_000)
def partition_of(key: str, partitions: int = PARTITIONS) -> int:
    """The partition of a key as Kafka's clients compute it; remembered, for it is Python and on the hot path."""
    return (_murmur2(key.encode()) & 0x7FFFFFFF) % partitions


def _murmur2(data: bytes) -> int:
    """MurmurHash2, 32 bits, with the seed of Kafka's Java client (org.apache.kafka.common.utils.Utils)."""
    whole = len(data) // 4
    h = 0x9747B28C ^ len(data)
    for word in struct.unpack_from(f"<{whole}I", data):
        k = word * _M & _MASK
        h = (h * _M & _MASK) ^ ((k ^ k >> 24) * _M & _MASK)
    tail = data[whole * 4 :]
    if tail:
        h = (h ^ int.from_bytes(tail, "little")) * _M & _MASK
    h = (h ^ h >> 13) * _M & _MASK
    return h ^ h >> 15
