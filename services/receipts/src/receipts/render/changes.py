"""Why the bill differs from the month before → one line a service."""

from dataclasses import dataclass

from receipts.events.statement import Change, ChangePart, Statement
from receipts.render.formats import clean, figure, quantity
from receipts.render.meters import service_name
from receipts.render.texts import Language, optional, pick, text

_SHOWN = 7


@dataclass(frozen=True)
class ChangeRow:
    """A changed service: by how much, and why."""

    service: str
    amount: str
    why: str


def change_rows(s: Statement, language: Language) -> list[ChangeRow]:
    """The largest changes first; those for which there is no room are summed on a last line, never dropped."""
    changed = sorted((c for c in s.changes if c.amount), key=lambda c: -abs(c.amount))
    shown = changed if len(changed) <= _SHOWN else changed[: _SHOWN - 1]
    rows = [_row(c, s, language) for c in shown]
    rest = changed[len(shown) :]
    if rest:
        names = ", ".join(service_name(c.service, s, language) for c in rest)
        label = text("change_rest", language).format(count=len(rest))
        rows.append(ChangeRow(label, signed(sum(c.amount for c in rest)), names))
    return rows


def signed(tiyn: int) -> str:
    """A difference: `+12,00`, `−3,40`."""
    return f"+{figure(tiyn)}" if tiyn > 0 else figure(tiyn)


def _row(change: Change, s: Statement, language: Language) -> ChangeRow:
    """One cause needs no sum of its own: it is the whole difference."""
    alone = len(change.parts) == 1
    unit = _unit(change.service, s, language)
    causes = [_cause(p, unit, language) + ("" if alone else f" ({signed(p.amount)})") for p in change.parts]
    return ChangeRow(service_name(change.service, s, language), signed(change.amount), "; ".join(causes))


def _cause(part: ChangePart, unit: str, language: Language) -> str:
    key = f"part_{part.kind}"
    said = optional(key, language, "") or text("part_other", language)
    return said.format(before=quantity(part.before), after=quantity(part.after), unit=unit).strip()


def _unit(service: str, s: Statement, language: Language) -> str:
    lines = [line for row in s.rows if row.service == service for line in row.lines]
    return clean(pick(language, lines[0].unit_ru, lines[0].unit_kk) or lines[0].unit) if lines else ""
