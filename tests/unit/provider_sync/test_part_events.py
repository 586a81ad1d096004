"""An event parted into what repeats and its own values."""

from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from common.eventstore import NewEvent
from provider_sync.store.shapes import Shape, parted

BEGINS, ENDS = '{"service":"heating","reference":"', ',"note":"5 %"}'


def charge(reference: str, amount: int, note: str = ENDS) -> NewEvent:
    """An event with this data."""
    data = f'{BEGINS}{reference}","volume":"1.5","amount":{amount}{note}'
    return NewEvent("100", 2, "", "charge", "", "", "/provider-sync/almaty-heat", "", data, 0)


def together(shape: Shape, values: str) -> str:
    """What format() makes of it in SQL."""
    pieces = shape.text.split("\x1f")
    own = values.split("\x1f") if len(pieces) > 1 else []
    return "".join(a + b for a, b in zip(pieces, [*own, ""], strict=True))


def test_charges_of_a_service_have_one_shape() -> None:
    """Only reference, volume and amount are their own."""
    first, second = parted([charge("h-1", 100), charge("h-2", -250)])
    assert first[0] is second[0]
    assert (first[1], second[1]) == ("h-1\x1f1.5\x1f100", "h-2\x1f1.5\x1f-250")
    assert first[0].template == BEGINS + '%s","volume":"%s","amount":%s,"note":"5 %%"}'


def test_the_source_belongs_to_the_shape() -> None:
    """Two senders never share one, however alike their facts are."""
    ours, theirs = charge("h-1", 100), replace(charge("h-1", 100), source="/provider-sync/halyk-bank")
    assert [shape.source for shape, _ in parted([ours, theirs, ours])] == [e.source for e in (ours, theirs, ours)]


texts = st.text(st.characters(exclude_categories=["Cc", "Cs"]))


@given(st.lists(st.tuples(texts, texts), min_size=1, max_size=4))
def test_nothing_is_lost_whatever_the_text(rows: list[tuple[str, str]]) -> None:
    """Values put back where the marks stand give the text again, also when the shape before does not fit."""
    events = [charge(reference, 1, note) for reference, note in rows]
    assert [together(*one) for one in parted(events)] == [event.data for event in events]
