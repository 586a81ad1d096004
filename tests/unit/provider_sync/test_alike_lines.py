"""Lines like one before them are read as every other line is, and what is odd about one is found all the same."""

from collections.abc import Iterable

from hypothesis import given
from hypothesis import strategies as st

from common.errors import Refusal
from provider_sync.domain.decide import Form, form_from, form_of
from provider_sync.domain.facts import AnyFact
from provider_sync.domain.rules import Row
from provider_sync.formats.alike import Alike
from provider_sync.formats.ndjson import fact_of

HEAT = (
    '{{"kind":"charge.posted","reference":"{reference}","account":"{account}","service":"heating","period":"2026-10",'
    '"from":"2026-10-01","to":"2026-10-31","volume":"{volume}","unit":"Гкал 100%s","amount":"{amount}","basis":"area"}}'
)
WATER = (
    '{{ "kind": "charge.posted", "amount": "{amount}", "reading_current": "{volume}", "account":"{account}",'
    '"service":"cold-water", "period":"2026-10", "basis": "meter", "formula_ru": "amount",'
    '"reference": "{reference}" }}'
)
WHOLE = (
    '{{"kind":"payment.received","reference":"{reference}","account":"{account}","paid_at":"2026-10-03T10:00:00+05:00",'
)
PAYMENT = WHOLE + '"amount":"{amount}","channel":"bank"}}'
MOMENT = WATER.replace('"basis"', '"at": "2026-10-03T10:00:00+05:00", "basis"')


def line(
    template: str = HEAT, reference: str = "r-1", account: str = "100", volume: str = "1.5", amount: str = "9.00"
) -> bytes:
    """A line of a sender's file."""
    return template.format(reference=reference, account=account, volume=volume, amount=amount).encode()


def read(lines: Iterable[bytes]) -> list[tuple[Row, Form | None, bool]]:
    """Each line's row, its form, and whether it was read as one alike."""
    alike, found = Alike(), []
    for each in lines:
        known = alike.read(each)
        row: Row = fact_of(each) if known is None else known[0]
        if known is None:
            alike.learn(each, row)
        found.append((row, form_from(known[1]) if known else formed(each), known is not None))
    return found


def formed(each: bytes) -> Form | None:
    """The form of a line that is read the whole way."""
    row: AnyFact | Refusal = fact_of(each)
    return None if isinstance(row, Refusal) else form_of(row, "almaty-heat")


def same(row: Row, each: bytes) -> bool:
    """Whether a row is what the whole way makes of its line."""
    whole = fact_of(each)
    if isinstance(row, Refusal) or isinstance(whole, Refusal):
        return str(row) == str(whole) and type(row) is type(whole)
    return row == whole and type(getattr(row, "amount", 0)) is type(getattr(whole, "amount", 0))


VALUES = st.one_of(
    st.from_regex(r"-?[0-9]{1,11}(\.[0-9]{1,7})?", fullmatch=True),
    st.sampled_from(["-0.00", "007.10", "0.00", "1.5", "1e3", "", " ", "١.٠٠", "1.00\\u0030", '1.00","amount":"2.00']),
)
NAMES = st.one_of(
    st.text(alphabet=st.characters(codec="utf-8", exclude_characters='"\\', exclude_categories=["Cc"]), max_size=110),
    st.sampled_from(["100", "a-b", "1 0", "100%", "%s", "{}", "x\\n", "\\u0031", "Ә-1", "a" * 100, "a" * 101]),
)
LINES = st.builds(
    line, st.sampled_from([HEAT, WATER, PAYMENT, MOMENT]), reference=NAMES, account=NAMES, volume=VALUES, amount=VALUES
)


@given(st.lists(LINES, max_size=6))
def test_a_line_alike_is_read_as_by_the_whole_way(odd: list[bytes]) -> None:
    """Fact, kind of amount and form, whatever stands in the place of its values; or the same refusal."""
    learned = [line(HEAT), line(WATER), line(HEAT), line(WATER)]
    for (row, form, _), each in zip(read([*learned, *odd]), [*learned, *odd], strict=True):
        assert same(row, each)
        assert form == formed(each)


def test_services_may_take_turns() -> None:
    """From the second round on every charge is known by the one before it; payments between them do no harm."""
    lines = [line(one, reference=f"r-{n}") for n in range(4) for one in (HEAT, PAYMENT, WATER)]
    assert [known for _, _, known in read(lines)] == [False, False, False, False, False, True, *[True, False, True] * 2]


def test_bytes_that_are_no_text_are_refused_as_ever() -> None:
    """The line is read the whole way."""
    bad = line().replace(b"r-1", b"r-\xff")
    assert [isinstance(row, Refusal) for row, _, _ in read([line(), line(), bad, line()])] == [
        False,
        False,
        True,
        False,
    ]


def test_lines_of_which_none_is_like_another_are_learned_no_more() -> None:
    """A model of each would cost more than it brings."""
    lines = [line(HEAT.replace("heating", f"service-{n}"), reference=f"r-{n}") for n in range(200)]
    alike = Alike()
    for each in lines:
        assert alike.read(each) is None
        alike.learn(each, fact_of(each))
    assert 20 < len(alike._models) < 40
