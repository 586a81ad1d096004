"""Is a password worth hashing? Length, not composition; and nothing from the lists that every guesser tries first."""

import re
import unicodedata
from collections.abc import Collection, Iterator

from identity.errors import CommonPassword, PasswordsDiffer, PasswordTooLong, PasswordTooShort

SHORTEST, LONGEST = 12, 256
_SHORTEST_WORD, _FEWEST_LETTERS = 4, 5

_QWERTY = "qwertyuiop[]asdfghjkl;'zxcvbnm,.`"
_JCUKEN = "йцукенгшщзхъфывапролджэячсмитьбюё"
_LAYOUTS = (str.maketrans(_JCUKEN, _QWERTY), str.maketrans(_QWERTY, _JCUKEN))
_AROUND = re.compile(r"^[\W\d_]+|[\W\d_]+$")


def typed(password: str) -> str:
    """The one normalisation: composed and decomposed letters are the same password."""
    return unicodedata.normalize("NFC", password)


def check(password: str, again: str, common: Collection[str], about: Collection[str] = ()) -> str:
    """The password as it is hashed; raises a refusal that says what is wrong. `about`: words of its owner."""
    password = typed(password)
    if password != typed(again):
        raise PasswordsDiffer(field="/password_again")
    if len(password) < SHORTEST:
        raise PasswordTooShort(field="/password", shortest=SHORTEST)
    if len(password) > LONGEST:
        raise PasswordTooLong(field="/password", longest=LONGEST)
    if is_common(password, common, about):
        raise CommonPassword(field="/password")
    return password


def is_common(password: str, common: Collection[str], about: Collection[str] = ()) -> bool:
    """Whether a guesser's list leads to it, also through decorations, repetition or the other keyboard layout."""
    personal = {word.casefold() for word in about}
    forms = (form for form in _forms(password) if len(form) >= _SHORTEST_WORD)
    return len(set(password)) < _FEWEST_LETTERS or any(form in common or form in personal for form in forms)


def _forms(password: str) -> Iterator[str]:
    folded = password.casefold()
    for text in (folded, *(folded.translate(layout) for layout in _LAYOUTS)):
        bare = _AROUND.sub("", text)
        yield from (text, _unit(text), bare, _unit(bare))


def _unit(text: str) -> str:
    """`qwertyqwerty` → `qwerty`: the shortest piece whose repetition makes the text."""
    return text[: (text + text).find(text, 1)]
