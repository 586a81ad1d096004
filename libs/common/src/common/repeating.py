"""JSON texts of which most repeats: what they have in common, and the values that are each one's own."""

import re
from collections import Counter
from collections.abc import Callable, Hashable, Iterable, Sequence
from functools import lru_cache
from typing import TypeVar

_T = TypeVar("_T", bound=Hashable)
# What fewer texts of a batch share would take more room than it saves.
_SHARED_BY = 8
# JSON has no control characters, so this one is in none of the texts.
MARK = "\x1f"
# To compile a pattern takes what it saves in some three hundred and fifty texts; it is kept then.
_WORTH_COMPILING = 100


def members(*names: str) -> re.Pattern[str]:
    """Finds the values of these members: strings that are not empty, and whole numbers.

    A value that it misses, or one that it takes for a value, costs room and nothing else: both ways the text comes back
    byte for byte.
    """
    return re.compile(rf'("(?:{"|".join(names)})":"?)((?<=")(?:[^"\\]|\\.)+|-?\d+)')


class Alike:
    """What a text has in common with the one before it, most often; `text` has a MARK where each value stood."""

    def __init__(self, text: str) -> None:
        self.text = text
        self._pieces = text.split(MARK)
        self._seen = 0
        self._match: Callable[[str], re.Match[str] | None] | None = None

    def values(self, text: str) -> Sequence[str] | None:
        """The values of a text that has the same in common; None for another."""
        if self._match is not None:
            found = self._match(text)
            values: Sequence[str] | None = found.groups() if found is not None else None
        else:
            values = _between(self._pieces, text)
            self._seen += values is not None
            if self._seen == _WORTH_COMPILING:
                self._match = _compiled(self.text)
        # No single empty value: joined, it would be the same as no value at all.
        return values if values is None or len(values) != 1 or values[0] else None


def searched(values_of: re.Pattern[str], text: str) -> tuple[Alike, list[str]]:
    """What is common to texts like this one, and its values."""
    parts = values_of.split(text)
    values = parts[2::3]
    parts[2::3] = MARK * len(values)
    return Alike("".join(parts)), values


@lru_cache(maxsize=1_000)
def _compiled(text: str) -> Callable[[str], re.Match[str] | None]:
    """Twice as fast as looking for one piece after the other; what it misses is looked for again."""
    return re.compile('([^"]*)'.join(map(re.escape, text.split(MARK)))).fullmatch


def _between(pieces: Sequence[str], text: str) -> list[str] | None:
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
    return values if at == len(text) else None


def shared(found: Iterable[_T]) -> list[_T]:
    """Of what each text of a batch has in common with others, that which enough of them have."""
    return [one for one, number in Counter(found).items() if number >= _SHARED_BY]


def template(text: str) -> str:
    """A text with marks, for format() in SQL over the values."""
    return text.replace("%", "%%").replace(MARK, "%s")


def filled(templated: str, values: str) -> str:
    """What format() in SQL makes of a template and its values, which have marks between them."""
    return templated % (tuple(values.split(MARK)) if values else ())
