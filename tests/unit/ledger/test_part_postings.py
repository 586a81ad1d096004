"""Postings parted into what repeats and their own values."""

from hypothesis import given
from hypothesis import strategies as st

from ledger.domain.entry import Entry
from ledger.store.details import Common, parted

AT = "2026-11-01T05:12:07.123456Z"


def posting(detail: str, provider: str = "city-heat", at: str = AT, line: int = 0) -> Entry:
    """A posting that shows this."""
    return Entry(
        "100", "2026-10", 2, line, "charge.posted", "charged", "heating", provider, 1, "h", None, at, at, detail
    )


def charge(volume: str, basis: str = "area") -> str:
    """What is shown of a charge."""
    return f'{{"from":"2026-10-01","volume":"{volume}","tariff":"5 %","basis":"{basis}"}}'


def together(common: Common, own: str) -> str:
    """What format() makes of it in SQL."""
    pieces = common.text.split("\x1f")
    values = own.split("\x1f") if own else []
    return "".join(a + b for a, b in zip(pieces, [*values, ""], strict=True))


def test_charges_of_a_batch_have_one_row_of_details() -> None:
    """Only the volume is their own."""
    first, second = parted([posting(charge("1.5")), posting(charge("2.25"))])
    assert first[0] is second[0]
    assert (first[1], second[1]) == ("1.5", "2.25")


def test_who_said_it_and_when_it_was_recorded_belong_to_it() -> None:
    """However alike what is shown: the row answers for both."""
    others = [posting(charge("1")), posting(charge("1"), "city-water"), posting(charge("1"), at=AT.replace("7", "8"))]
    assert len({common for common, _ in parted([*others, *others])}) == 3


def test_the_further_shares_of_a_payment_show_nothing_of_their_own() -> None:
    """They come between the first ones and do not make these be searched again."""
    entries = [posting(charge("1")), posting("{}", line=1), posting(charge("2")), posting("{}", line=1)]
    assert [own for _, own in parted(entries)] == ["1", "", "2", ""]


texts = st.text(st.characters(exclude_categories=["Cc", "Cs"], exclude_characters='"\\'))


@given(st.lists(st.tuples(texts, texts), min_size=1, max_size=4))
def test_nothing_is_lost_whatever_the_text(rows: list[tuple[str, str]]) -> None:
    """An empty value alone would be no value in SQL: it stays in the text."""
    entries = [posting(charge(*row)) for row in rows]
    assert [together(*one) for one in parted(entries)] == [entry.detail for entry in entries]
