"""Texts alike: what one has in common with another, however it was found, and its values, are the text again."""

from itertools import zip_longest

import pytest
from hypothesis import given
from hypothesis import strategies as st

from common import repeating
from common.repeating import MARK, filled, members, searched, template

VALUES = members("reference", "amount")
texts = st.text(st.characters(exclude_categories=["Cc", "Cs"]), max_size=8)


def said(reference: str, amount: str, note: str) -> str:
    """A text with two values."""
    return f'{{"reference":"{reference}","amount":{amount},"note":"{note}"}}'


def put_together(pieces: str, values: list[str]) -> str:
    """The values where the marks stood."""
    return "".join(piece + value for piece, value in zip_longest(pieces.split(MARK), values, fillvalue=""))


@pytest.mark.parametrize("texts_before", [0, repeating._WORTH_COMPILING], ids=["piece by piece", "by a pattern"])
@given(rows=st.lists(st.tuples(texts, texts, texts), min_size=1, max_size=5))
def test_a_text_is_what_it_shares_and_its_values(texts_before: int, rows: list[tuple[str, str, str]]) -> None:
    """Or it is told to have something else in common."""
    alike, _ = searched(VALUES, said("r", "1", "n"))
    for number in range(texts_before):
        assert alike.values(said(f"r{number}", f"{number}", "n")) is not None
    for row in rows:
        values = alike.values(said(*row))
        assert values is None or put_together(alike.text, list(values)) == said(*row)
        assert values is None or filled(template(alike.text), MARK.join(values)) == said(*row)


def test_a_pattern_finds_what_looking_piece_by_piece_finds() -> None:
    """Plain values, which nearly all are; one with a quote it leaves to the search."""
    alike, _ = searched(VALUES, said("r", "1", "n"))
    found = [alike.values(said(f"r-{n}", f"-{n}", "n")) for n in range(2 * repeating._WORTH_COMPILING)]
    assert [tuple(values or ()) for values in found] == [(f"r-{n}", f"-{n}") for n in range(len(found))]
    quoted = said('r\\"1', "5", "n")
    assert alike.values(quoted) is None
    assert put_together(searched(VALUES, quoted)[0].text, searched(VALUES, quoted)[1]) == quoted


def test_a_single_empty_value_is_no_value() -> None:
    """Joined it would be the same as none."""
    alike, _ = searched(members("reference"), '{"reference":"r"}')
    assert alike.values('{"reference":""}') is None


def test_a_text_without_values_is_filled_with_none() -> None:
    """Its percent signs are those of the text."""
    assert filled(template("100 %s"), "") == "100 %s"
