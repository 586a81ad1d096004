"""Heads of streams: whatever order and repetition, a stream's events come out 1, 2, 3 …"""

import random

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from common.envelope import Envelope
from common.streams import GAP, Head, Record, admit


def record(key: str, sequence: int, ident: str = "", offset: int = 0) -> Record:
    """A record of stream `key`."""
    envelope = Envelope(
        id=ident or f"{key}-{sequence}", type="t", subject=key, time="", data=msgspec.Raw(b"{}"), sequence=sequence
    )
    return Record("topic", 0, offset, key, "t", b"{}", envelope)


@given(st.integers(0, 2**32), st.integers(1, 40), st.integers(1, 7))
def test_shuffled_and_repeated_records_come_out_in_order(seed: int, length: int, batch: int) -> None:
    """Nothing is lost, doubled or out of order, in whatever batches it arrives."""
    chance = random.Random(seed)
    sent = [record(key, n) for key in "ab" for n in range(1, length + 1)]
    sent += chance.sample(sent, len(sent) // 3)
    chance.shuffle(sent)
    heads: dict[str, Head] = {}
    applied: dict[str, list[int]] = {"a": [], "b": []}
    for start in range(0, len(sent), batch):
        for found in admit(sent[start : start + batch], heads, {}).ready:
            applied[found.key].append(found.sequence)
    assert applied == {"a": list(range(1, length + 1)), "b": list(range(1, length + 1))}
    assert all(head.reason is None and not head.waiting for head in heads.values())


def test_a_gap_parks_the_stream_until_it_closes() -> None:
    """The later event waits; the missing one releases it."""
    heads = {"a": Head(version=1, last_id="a-1")}
    first = admit([record("a", 3)], heads, {})
    assert (first.ready, heads["a"].reason, first.kept[0].sequence) == ([], GAP, 3)
    second = admit([record("a", 2)], heads, {})
    assert [r.sequence for r in second.ready] == [2, 3]
    assert (heads["a"].reason, second.released) == (None, {"a"})


def test_another_event_under_a_known_number_is_no_duplicate() -> None:
    """Two histories of one stream are told, not skipped."""
    heads = {"a": Head(version=1, last_id="a-1")}
    out = admit([record("a", 1), record("a", 1, ident="other")], heads, {})
    assert (out.duplicates, [r.envelope.id for r in out.diverged]) == (1, ["other"])


def test_what_stands_behind_poison_is_kept_and_what_stands_before_is_not() -> None:
    """The stream stops exactly at the record that cannot be read, whatever the batch."""
    heads: dict[str, Head] = {}
    out = admit([record("a", 1, offset=10), record("b", 1, offset=11), record("a", 2, offset=13)], heads, {"a": 12})
    assert [(r.key, r.sequence) for r in out.ready] == [("a", 1), ("b", 1)]
    assert [(r.key, r.sequence) for r in out.kept] == [("a", 2)]
    assert admit([record("a", 3, offset=14)], heads, {}).ready == []
