"""Settings: one frozen dataclass per service, built once from the environment, all mistakes reported in one error."""

import os
from dataclasses import MISSING, Field, fields
from pathlib import Path
from typing import Any, TypeVar, get_type_hints
from urllib.parse import urlsplit

Config = TypeVar("Config")

_TRUE, _FALSE = {"1", "true", "yes", "on"}, {"0", "false", "no", "off"}
_DEMO_MARK = "demo-"


class BadSettings(Exception):
    """Settings are missing or malformed; the message lists all of them."""


def load(config: type[Config]) -> Config:
    """Reads field `database_url` from DATABASE_URL and so on; types: str, int, bool, Path. Raises BadSettings.

    A secret of the demonstration is taken only where DEMO says that this is one.
    """
    hints, values, mistakes = get_type_hints(config), {}, []
    for field in fields(config):  # type: ignore[arg-type]  # a dataclass type is asked for; Python 3.11 cannot say so
        try:
            values[field.name] = _value(field, hints[field.name])
        except ValueError as error:
            mistakes.append(f"{field.name.upper()}: {error}")
    if mistakes:
        raise BadSettings("settings are wrong or missing:\n  " + "\n  ".join(mistakes))
    return config(**values)


def _value(field: "Field[Any]", kind: Any) -> Any:
    name = field.name.upper()
    text = os.environ.get(name) or _from_file(name)
    if text is None:
        if field.default is MISSING:
            raise ValueError("is not set")
        return field.default
    if not _demonstration() and everybody_knows(text):
        raise ValueError(
            "holds a secret that everybody knows: make one of your own (DEMO=yes takes it in a demonstration)"
        )
    return _parsed(text, kind)


def everybody_knows(text: str) -> bool:
    """Whether the setting, or the password in its address, is the demonstration's, or is the user's own name."""
    address = urlsplit(text)
    secret = address.password if address.netloc else text
    return bool(secret) and (str(secret).startswith(_DEMO_MARK) or secret == address.username)


def _demonstration() -> bool:
    return os.environ.get("DEMO", "no").lower() in _TRUE


def _from_file(name: str) -> str | None:
    """`X_FILE` names a file that holds X: how secrets come in containers."""
    path = os.environ.get(f"{name}_FILE")
    try:
        return Path(path).read_text(encoding="utf-8").strip() if path else None
    except OSError as error:
        raise ValueError(f"{path} cannot be read ({error.strerror})") from error


def _parsed(text: str, kind: Any) -> Any:
    if kind is bool:
        if text.lower() not in _TRUE | _FALSE:
            raise ValueError(f"{text!r} is neither yes nor no")
        return text.lower() in _TRUE
    return kind(text) if kind in (int, Path) else text
