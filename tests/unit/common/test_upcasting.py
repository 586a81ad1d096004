"""Older versions are lifted step by step; the newest passes untouched."""

from typing import Any

import msgspec
import pytest

from common.envelope import full_type
from common.upcasting import Upcasts

UPCASTS = Upcasts()
V1, V2, V3 = (full_type("ledger", "thing.said", version) for version in (1, 2, 3))


class ThingSaid(msgspec.Struct, frozen=True):
    """The newest version."""

    words: list[str]
    loud: bool


@UPCASTS.away_from("ledger", "thing.said", 1)
def _many_words(old: dict[str, Any]) -> dict[str, Any]:
    return {"words": [old["word"]]}


@UPCASTS.away_from("ledger", "thing.said", 2)
def _loudness(old: dict[str, Any]) -> dict[str, Any]:
    return old | {"loud": False}


@pytest.mark.parametrize(
    ("type", "data", "loud"),
    [(V1, b'{"word":"a"}', False), (V2, b'{"words":["a"]}', False), (V3, b'{"words":["a"],"loud":true}', True)],
)
def test_every_version_is_read_as_the_newest(type: str, data: bytes, loud: bool) -> None:
    """Two steps, one, none."""
    assert UPCASTS.decode(type, data, ThingSaid) == ThingSaid(["a"], loud)


def test_a_reader_subscribes_to_every_version_it_can_lift() -> None:
    """And to no other name."""
    assert UPCASTS.read_as(V3) == {V1, V2, V3}
    assert UPCASTS.read_as(V1) == {V1}


def test_data_that_is_not_of_its_version_is_refused() -> None:
    """It parks its stream, as any poison does."""
    with pytest.raises(msgspec.ValidationError):
        UPCASTS.decode(V3, b'{"word":"a"}', ThingSaid)
    with pytest.raises(KeyError):
        UPCASTS.decode(V1, b'{"words":["a"]}', ThingSaid)
