"""Everything printed on a receipt: the gettext catalogues in `locale/`, one a language, read where they stand.

They are read as they are written, so there is no compiled file that could be missing or stale.
"""

from functools import cache
from importlib.resources import files
from typing import Final, Literal, get_args

from babel.messages.pofile import read_po

Language = Literal["ru", "kk"]
Printed = Literal["ru", "kk", "ru+kk"]
LANGUAGES: Final[tuple[Language, ...]] = get_args(Language)
PRINTED: Final[tuple[Printed, ...]] = get_args(Printed)


def text(key: str, language: Language) -> str:
    """The catalogue's text, with its placeholders; a missing key is a KeyError, never an empty label."""
    return catalogue(language)[key]


def optional(key: str, language: Language, default: str) -> str:
    """A text for a code from outside, or `default` for a code the catalogue does not know."""
    return catalogue(language).get(key, default)


@cache
def catalogue(language: Language) -> dict[str, str]:
    """All texts of one language by their keys; those still to be translated are not among them."""
    with files("receipts").joinpath(f"locale/{language}/LC_MESSAGES/receipts.po").open("rb") as source:
        entries = read_po(source, locale=language)
        return {str(e.id): str(e.string) for e in entries if e.id and e.string and not e.fuzzy}


def pick(language: Language, ru: str, kk: str) -> str:
    """The text of this language, or the other one when a provider sent only that."""
    return (kk or ru) if language == "kk" else (ru or kk)


def printed_as(language: str) -> Printed:
    """A language of the outside world as one of ours; raises ValueError."""
    for known in PRINTED:
        if language == known:
            return known
    raise ValueError(f"language is one of {', '.join(PRINTED)}")
