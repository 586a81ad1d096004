"""The partition of a key is the one every Kafka client computes."""

from hypothesis import given
from hypothesis import strategies as st
from kafka.partitioner.default import murmur2

from common.partitions import partition_of


@given(st.text(), st.integers(1, 64))
def test_our_hash_is_kafkas(key: str, partitions: int) -> None:
    """Whatever the key, the client library would choose the same partition."""
    assert partition_of(key, partitions) == (murmur2(key.encode()) & 0x7FFFFFFF) % partitions
