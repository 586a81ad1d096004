"""JSON from outside: what other readers let pass is refused with a reason."""

import time

import pytest

from common.strictjson import BadJson, loads


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b'{"a":1,"a":2}', "stands twice"),
        (b'{"a":1} x', "Extra data"),
        ("\ufeff{}".encode(), "byte order mark"),
        (b'{"a":"\\ud800"}', "surrogate"),
        (b'{"a":"\\u0000"}', "NUL"),
        (b'{"a":NaN}', "NaN"),
        (b'{"a":' + b"9" * 1_000_000 + b"}", "too many digits"),
        (b"[" * 10_000 + b"]" * 10_000, "nested deeper"),
        (b'{"a":"\xff"}', "not UTF-8 at byte 6"),
    ],
)
def test_odd_documents_are_refused_quickly(body: bytes, reason: str) -> None:
    """A clear reason, no recursion error, no long wait."""
    started = time.monotonic()
    with pytest.raises(BadJson, match=reason):
        loads(body)
    assert time.monotonic() - started < 5


def test_brackets_inside_texts_are_no_depth() -> None:
    """A text full of brackets is a text."""
    assert loads(b'{"a":"' + b"[{" * 500 + b'\\""}') == {"a": "[{" * 500 + '"'}
