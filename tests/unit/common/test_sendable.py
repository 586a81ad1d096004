"""Which outbox rows may go out together: a barrier goes alone and in its place."""

from common.relay import Row, sendable


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
