"""JSON from outside, read strictly: no duplicate keys, NaN, NUL, lone surrogates or endless depth."""

import json
from typing import Any

_DEEPEST = 64
_LONGEST_NUMBER = 30


class BadJson(ValueError):
    """The text is not JSON this system reads; the message says why."""


def loads(body: bytes) -> Any:
    """The document; raises BadJson."""
    try:
        text = body.decode("utf-8")
    except UnicodeDecodeError as error:
        raise BadJson(f"not UTF-8 at byte {error.start}") from error
    if text.startswith("\ufeff"):
        raise BadJson("a byte order mark stands in front")
    _check_depth(text)
    try:
        found = _DECODER.decode(text)
    except json.JSONDecodeError as error:
        raise BadJson(f"{error.msg} at line {error.lineno} column {error.colno}") from error
    if "\\u" in text:
        _check_texts(found)
    return found


def _check_depth(text: str) -> None:
    """Counts brackets outside of strings; cheap, and before the parser recurses."""
    if text.count("[") + text.count("{") <= _DEEPEST:
        return
    depth, quoted, escaped = 0, False, False
    for character in text:
        if quoted:
            quoted, escaped = escaped or character != '"', character == "\\" and not escaped
        elif character == '"':
            quoted = True
        elif character in "[{":
            depth += 1
            if depth > _DEEPEST:
                raise BadJson(f"nested deeper than {_DEEPEST} levels")
        elif character in "]}":
            depth -= 1


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise BadJson(f"the key {twice[:40]!r} stands twice in one object")
    return found


def _no_constant(text: str) -> float:
    raise BadJson(f"{text} is not a JSON value")


def _short_int(text: str) -> int:
    if len(text) > _LONGEST_NUMBER:
        raise BadJson("a number with too many digits")
    return int(text)


def _short_float(text: str) -> float:
    if len(text) > _LONGEST_NUMBER:
        raise BadJson("a number with too many digits")
    return float(text)


_DECODER = json.JSONDecoder(
    object_pairs_hook=_unique, parse_constant=_no_constant, parse_int=_short_int, parse_float=_short_float
)


def _check_texts(value: Any) -> None:
    if isinstance(value, str):
        if "\x00" in value:
            raise BadJson("a text holds the character NUL")
        if any("\ud800" <= c <= "\udfff" for c in value):
            raise BadJson("a text holds half of a surrogate pair")
    elif isinstance(value, dict):
        for key, item in value.items():
            _check_texts(key)
            _check_texts(item)
    elif isinstance(value, list):
        for item in value:
            _check_texts(item)
