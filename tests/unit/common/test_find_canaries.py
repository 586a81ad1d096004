"""The search that P19 and P20 stand on finds what is there, in every form."""

import base64
import json
from urllib.parse import quote

import pytest

from tests.support.canaries import hidden_in

CANARY = "Қанарея-Canary 7"
HIDDEN = {
    "plain": CANARY,
    "folded": CANARY.casefold(),
    "json": json.dumps({"a": f"x{CANARY}y"}),
    "json in json": json.dumps(json.dumps({"a": CANARY})),
    "address": quote(f"/to/{CANARY}"),
    "hexadecimal": f"\\x00{CANARY.encode().hex()}",
    **{f"base64 {n}": base64.b64encode(f"{'x' * n}{CANARY}yz".encode()).decode() for n in range(4)},
    "base64 of addresses": base64.urlsafe_b64encode(f"??>{CANARY}>>".encode()).decode(),
}


@pytest.mark.parametrize("how", HIDDEN)
def test_a_canary_is_found_however_it_is_written(how: str) -> None:
    """Inside of other text; and one that is not there is not found."""
    content = f"before {HIDDEN[how]} after".encode()
    assert hidden_in(content, {"it": CANARY, "other": "Қарға-Crow 7"}) == {"it"}


def test_a_canary_is_found_in_utf_16() -> None:
    """As some systems keep texts."""
    assert hidden_in(b"\x01" + CANARY.encode("utf-16-le"), {"it": CANARY}) == {"it"}
