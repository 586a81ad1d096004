"""Why the bill differs from the month before → one line a service."""

from dataclasses import dataclass

from receipts.events.statement import Cause, Changed, Statement
from receipts.render.formats import figure, month
from receipts.render.meters import service_name
from receipts.render.texts import Language, optional, text

_SHOWN = 7


@dataclass(frozen=True)
class ChangeRow:
    """A changed service: by how much, and why."""

    service: str
    amount: str
    why: str


def changes_title(s: Statement, language: Language) -> str:
    """Which two months are compared; nothing when none are."""
    if s.explanation is None:
        return ""
    months = {"before": month(s.explanation.against, language), "now": month(s.period, language)}
    return text("changes", language).format(**months)


def change_rows(s: Statement, language: Language) -> list[ChangeRow]:
    """The largest changes first; those for which there is no room are summed on a last line, never dropped."""
    explained = s.explanation.services if s.explanation else ()
    changed = [c for c in explained if c.now != c.before and not (s.provisional and _not_yet(c))]
    changed.sort(key=lambda c: -abs(c.now - c.before))
    shown = changed if len(changed) <= _SHOWN else changed[: _SHOWN - 1]
    rows = [_row(c, s, language) for c in shown]
    rest = changed[len(shown) :]
    if rest:
        names = ", ".join(service_name(c.service, s, language) for c in rest)
        label = text("change_rest", language).format(count=len(rest))
        rows.append(ChangeRow(label, signed(sum(c.now - c.before for c in rest)), names))
    return rows


def signed(tiyn: int) -> str:
    """A difference: `+12,00`, `−3,40`."""
    return f"+{figure(tiyn)}" if tiyn > 0 else figure(tiyn)


def _not_yet(changed: Changed) -> bool:
    """In an open month a charge that is not there may still come."""
    return [part.cause for part in changed.parts] == ["ended"]


def _row(changed: Changed, s: Statement, language: Language) -> ChangeRow:
    """One cause needs no sum of its own: it is the whole difference."""
    parts = [part for part in changed.parts if part.amount]
    causes = [_cause(p, language) + ("" if len(parts) == 1 else f" {signed(p.amount)}") for p in parts]
    difference = signed(changed.now - changed.before)
    return ChangeRow(service_name(changed.service, s, language), difference, "; ".join(causes))


def _cause(part: Cause, language: Language) -> str:
    return optional(f"cause_{part.cause}", language, "") or text("cause_other", language)
