"""JSON texts of which most repeats: what they have in common, and the values that are each one's own."""

import re
from collections import Counter
from collections.abc import Hashable, Iterable, Sequence
from typing import TypeVar

_T = TypeVar("_T", bound=Hashable)
# What fewer texts of a batch share would take more room than it saves.
_SHARED_BY = 8
# JSON has no control characters, so this one is in none of the texts.
MARK = "\x1f"
# No single empty value: joined, it would be the same as no value at all.
_EMPTY = [""]


def members(*names: str) -> re.Pattern[str]:
    """Finds the values of these members: strings that are not empty, and whole numbers.

    A value that it misses, or one that it takes for a value, costs room and nothing else: both ways the text comes back
    byte for byte.
    """
    return re.compile(rf'("(?:{"|".join(names)})":"?)((?<=")(?:[^"\\]|\\.)+|-?\d+)')


def searched(values_of: re.Pattern[str], text: str) -> tuple[list[str], list[str]]:
    """The pieces between the values, and the values."""
    parts = values_of.split(text)
    values = parts[2::3]
    parts[2::3] = MARK * len(values)
    return "".join(parts).split(MARK), values


def between(pieces: Sequence[str], text: str) -> list[str] | None:
    """The values of a text that has these pieces, as the one before it most often has; None for another."""
    values = []
    start, at = pieces[0], len(pieces[0])
    if not text.startswith(start):
        return None
    for piece in pieces[1:]:
        end = text.find(piece, at)
        if end < 0:
            return None
        values.append(text[at:end])
        at = end + len(piece)
    return values if at == len(text) and values != _EMPTY else None


def shared(found: Iterable[_T]) -> list[_T]:
    """Of what each text of a batch has in common with others, that which enough of them have."""
    return [one for one, number in Counter(found).items() if number >= _SHARED_BY]


def template(text: str) -> str:
    """A text with marks, for format() in SQL over the values."""
    return text.replace("%", "%%").replace(MARK, "%s")
