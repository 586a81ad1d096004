"""Which outbox rows may go out together, and which of them are done: a barrier goes alone, a pack as a whole."""

from common.packs import Outgoing, framed, pack
from common.relay import Row, acknowledged, sendable


def row(position: int, partition: int = 0, barrier: bool = False) -> Row:
    """An outbox row with a body."""
    return Row(position, "t", partition, "k", "type", "{}", False, barrier, None, 1, *[None] * 7)


def test_a_barrier_waits_for_what_stands_before_and_holds_what_stands_behind() -> None:
    """Other partitions are not held up."""
    rows = [row(1), row(2, barrier=True), row(3), row(4, partition=1)]
    assert [r.position for r in sendable(rows, lambda _: True)] == [1, 4]


def test_a_barrier_in_front_goes_out_alone() -> None:
    """What stands behind it waits for its acknowledgement."""
    rows = [row(2, barrier=True), row(3), row(4, partition=1)]
    assert [r.position for r in sendable(rows, lambda _: True)] == [2, 4]


def test_a_barrier_does_not_pass_rows_that_this_batch_does_not_show() -> None:
    """The table is asked whether anything earlier is left."""
    rows = [row(2, barrier=True), row(3)]
    assert list(sendable(rows, lambda _: False)) == []


def single(position: int, key: str) -> Row:
    """A row of one record."""
    return Row(position, "t", 0, key, "type", "{}", False, False, None, 1, *[None] * 7)


def packed(position: int, *keys: str) -> Row:
    """A row of a record for each key."""
    ((records, _),) = framed([Outgoing("t", 0, key, "type", b"{}") for key in keys])
    return Row(position, "t", 0, "upload", "", None, False, False, pack(records), len(keys), *[None] * 7)


def done(rows: list[Row], *told: bool) -> list[int]:
    """The positions of the rows that are done."""
    sent = acknowledged(rows, [row.outgoing() for row in rows], told)
    return [row.position for row, ok in zip(rows, sent, strict=True) if ok]


def test_a_pack_is_done_with_its_last_record() -> None:
    """All or nothing; what stands behind it of the same keys goes out again after it, other keys do not."""
    rows = [packed(1, "a", "b"), single(2, "b"), single(3, "c")]
    assert done(rows, True, True, True) == [1, 2, 3]
    assert done(rows, False, True, True) == [3]


def test_a_pack_behind_a_failure_of_one_of_its_keys_goes_out_again() -> None:
    """Or the key's order would be lost."""
    rows = [single(1, "a"), packed(2, "a", "b"), single(3, "b")]
    assert done(rows, False, True, True) == []


def test_a_row_without_a_record_stops_its_own_key_only() -> None:
    """Its event is not in the store."""
    lost = Row(1, "t", 0, "a", "type", None, False, False, None, 1, *[None] * 7)
    assert done([lost, single(2, "a"), packed(3, "b", "c")], True, True) == [3]
