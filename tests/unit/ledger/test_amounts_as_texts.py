"""Amounts become decimal texts in the JSON itself, and nothing else does."""

from typing import Any

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from common.money import format_amount
from ledger.domain.document import printed

AMOUNTS = ["amount", "total", "to_pay", "now"]
names = st.sampled_from([*AMOUNTS, "order", "position", 'amount":1,"', "of amount"])
texts = st.text(st.sampled_from(list('"\\:,{}[] amount1-')), max_size=20)
plain = (
    st.integers(-(10**12), 10**12)
    | st.floats(allow_nan=False, allow_infinity=False)
    | texts
    | st.none()
    | st.booleans()
)
values = st.recursive(plain, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(names, inner, max_size=5))


def walked(value: Any) -> Any:
    """The same by a walk through the values."""
    if isinstance(value, list):
        return [walked(each) for each in value]
    if not isinstance(value, dict):
        return value
    return {n: format_amount(v) if n in AMOUNTS and type(v) is int else walked(v) for n, v in value.items()}


@given(value=values)
def test_the_pattern_finds_what_a_walk_finds(value: Any) -> None:
    """Whatever quotes, colons and names stand in texts and in names."""
    encoded = msgspec.json.encode(value).decode()
    assert msgspec.json.decode(printed(encoded)) == walked(msgspec.json.decode(encoded))
