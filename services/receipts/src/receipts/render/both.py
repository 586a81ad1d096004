"""Two views of one statement, Kazakh and Russian → one view that says both where they differ."""

from dataclasses import dataclass, fields, is_dataclass, replace
from typing import Any, TypeVar

from markupsafe import Markup

View = TypeVar("View")
# A document in both languages is marked as Kazakh, so only the Russian part needs a mark of its own.
_PAIR = Markup('{} <span class="ru" lang="ru">{}</span>')


@dataclass(frozen=True)
class Both:
    """A text in two languages; as markup the second part carries its language, for a voice that reads it."""

    kk: str
    ru: str

    def __str__(self) -> str:
        return f"{self.kk} / {self.ru}"

    def __html__(self) -> str:
        """Both parts escaped: what Jinja asks for."""
        return _PAIR.format(self.kk, self.ru)


def both(kk: View, ru: View) -> View:
    """The view with a Both wherever the languages differ; numbers, dates and names stand once."""
    merged: View = _merged(kk, ru)
    return merged


def _merged(kk: Any, ru: Any) -> Any:
    if isinstance(kk, str):
        return Both(kk, ru) if kk and ru and kk != ru else kk or ru
    if isinstance(kk, list):
        return [_merged(one, other) for one, other in zip(kk, ru, strict=True)]
    if isinstance(kk, dict):
        return {key: _merged(value, ru[key]) for key, value in kk.items()}
    if is_dataclass(kk) and not isinstance(kk, type):
        names = [field.name for field in fields(kk)]
        return replace(kk, **{name: _merged(getattr(kk, name), getattr(ru, name)) for name in names})
    return kk
