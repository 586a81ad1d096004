"""The file of the gate's rules."""

from functools import cache
from importlib.resources import files
from pathlib import Path

from provider_sync import errors
from provider_sync.domain.plausible import Rules, rules_of


@cache
def own_rules() -> Rules:
    """The rules that come with the service."""
    return rules_of((files("provider_sync") / "gate.toml").read_text(encoding="utf-8"))


def rules_from(path: Path) -> Rules:
    """The rules of a file, or one's own without a path; raises BadRules."""
    if path == Path():
        return own_rules()
    try:
        return rules_of(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        raise errors.BadRules(reason=f"{path}: {error}") from error
