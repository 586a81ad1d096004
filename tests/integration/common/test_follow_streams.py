"""Heads move on in one statement when every record is the next of its stream, and not at all otherwise."""

from collections.abc import Iterator

import pytest

from common import streams
from common.postgres import Connection, connect
from tests.support import stores
from tests.unit.common.test_streams import record

TOPIC = "provider-sync.accounts.v1"


@pytest.fixture
def conn(empty_database: str) -> Iterator[Connection]:
    """A reader's tables; stream `a` was read up to 2, and `b` stands."""
    with connect(stores.tables(empty_database, "consumer"), "test") as conn:
        assert streams.follow(conn, TOPIC, [record("a", 1), record("b", 1), record("a", 2)])
        streams.park(conn, TOPIC, "b", streams.GAP)
        yield conn


def heads(conn: Connection) -> dict[str, tuple[int, str]]:
    """Version and last id of each stream."""
    return {key: (head.version, head.last_id) for key, head in streams.load(conn, TOPIC, ["a", "b", "c"]).items()}


BEFORE = {"a": (2, "a-2"), "b": (1, "b-1")}


def test_what_is_next_is_followed(conn: Connection) -> None:
    """Streams that go on and one that begins."""
    assert streams.follow(conn, TOPIC, [record("a", 3), record("c", 1), record("a", 4), record("c", 2)])
    assert heads(conn) == {"a": (4, "a-4"), "b": (1, "b-1"), "c": (2, "c-2")}


@pytest.mark.parametrize(
    ("key", "sequence"),
    [("a", 2), ("a", 1), ("a", 4), ("b", 2), ("b", 1), ("c", 2)],
    ids=["again", "begun again", "gap", "stands", "stands, again", "unknown and not the first"],
)
def test_nothing_moves_when_one_is_not_next(conn: Connection, key: str, sequence: int) -> None:
    """Not even the streams of which the record was the next."""
    good = {"a": ("c", 1), "b": ("a", 3), "c": ("a", 3)}[key]
    assert not streams.follow(conn, TOPIC, [record(*good), record(key, sequence)])
    assert heads(conn) == BEFORE


def test_what_comes_twice_or_out_of_order_in_a_batch_is_not_followed(conn: Connection) -> None:
    """It is looked at one by one."""
    assert not streams.follow(conn, TOPIC, [record("a", 3), record("a", 3)])
    assert not streams.follow(conn, TOPIC, [record("a", 4), record("a", 3)])
    assert heads(conn) == BEFORE
