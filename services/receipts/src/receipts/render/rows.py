"""One service of the statement → its row, its parts (tiers, several meters) and its remarks."""

from dataclasses import dataclass, field

from common.money import print_amount
from receipts.events.statement import Adjustment, Benefit, Line, Penalty, Provider, Row, Statement
from receipts.render.formats import clean, figure, figure_or_dash, month, price, quantity, span
from receipts.render.texts import Language, optional, pick, text

_NOTE_OF_KIND = {"late": "note_late", "charge.reversed": "note_reversed"}


@dataclass(frozen=True)
class Part:
    """A piece of a charge that has its own volume, price or period."""

    label: str
    volume: str
    unit: str
    tariff: str
    charged: str


@dataclass(frozen=True)
class ServiceRow:
    """A service's figures as texts, in the order of the columns; `phone` is whom to ask."""

    name: str
    opening: str
    charged: str
    adjusted: str
    benefit: str
    penalty: str
    paid: str
    closing: str
    provider: str = ""
    phone: str = ""
    volume: str = ""
    unit: str = ""
    tariff: str = ""
    basis: str = ""
    advance: bool = False
    parts: list[Part] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


def service_row(row: Row, statement: Statement, language: Language) -> ServiceRow:
    """The row of one service; a single plain charge shows its volume and tariff in the row itself."""
    single = row.lines[0] if len(row.lines) == 1 and not row.lines[0].tiers else None
    provider = statement.providers.get(row.provider, Provider())
    bases = {line.basis for line in row.lines}
    return ServiceRow(
        name=clean(pick(language, row.name_ru, row.name_kk)),
        provider=clean(pick(language, provider.name_ru, provider.name_kk)),
        phone=clean(provider.phone).replace(" ", "\u00a0"),
        volume=quantity(single.volume) if single else "",
        unit=_unit(single, language) if single else "",
        tariff=price(single.tariff) if single else "",
        basis=optional(f"basis_{bases.pop()}", language, "") if len(bases) == 1 else "",
        opening=figure_or_dash(row.opening),
        charged=figure_or_dash(row.charged),
        adjusted=figure_or_dash(row.adjusted),
        benefit=figure_or_dash(row.benefit),
        penalty=figure_or_dash(row.penalty),
        paid=figure_or_dash(row.paid),
        closing=figure(row.closing),
        advance=row.closing < 0,
        parts=[] if single else [p for line in row.lines for p in _parts(line, statement.period, language)],
        notes=_notes(row, single, statement, language),
    )


def _unit(line: Line, language: Language) -> str:
    """The unit's printed name; a unit the directory does not know is printed by its code."""
    return clean(pick(language, line.unit_ru, line.unit_kk) or line.unit)


def _parts(line: Line, period: str, language: Language) -> list[Part]:
    unit = _unit(line, language)
    if not line.tiers:
        said = [
            optional(f"basis_{line.basis}", language, ""),
            _readings(line, language),
            _other_month(line, period, language),
        ]
        label = ", ".join(part for part in said if part)
        return [Part(label, quantity(line.volume), unit, price(line.tariff), figure(line.amount))]
    return [
        Part(
            text("tier", language).format(number=n), quantity(tier.volume), unit, price(tier.price), figure(tier.amount)
        )
        for n, tier in enumerate(line.tiers, start=1)
    ]


def _readings(line: Line, language: Language) -> str:
    if not line.reading_previous or not line.reading_current:
        return ""
    previous, current = quantity(line.reading_previous), quantity(line.reading_current)
    return text("readings", language).format(previous=previous, current=current)


def _other_month(line: Line, period: str, language: Language) -> str:
    """The service period when it is not the bill's own month: heat is billed a month late."""
    if line.from_ and line.to and f"{line.from_:%Y-%m}" == f"{line.to:%Y-%m}" == period:
        return ""
    other = span(line.from_, line.to, language)
    return text("consumed", language).format(span=other) if other else ""


def _notes(row: Row, single: Line | None, statement: Statement, language: Language) -> list[str]:
    own = [single] if single else [line for line in row.lines if line.tiers]
    charge = [_other_month(line, statement.period, language) for line in own]
    formulas = [clean(pick(language, line.formula_ru or "", line.formula_kk or "")) for line in row.lines]
    currency = statement.currency
    adjusted = [_adjustment(a, currency, language) for a in row.adjustments]
    benefits = [_benefit(b, currency, language) for b in row.benefits]
    penalties = [_penalty(p, currency, language) for p in row.penalties]
    return [note for note in (*charge, *formulas, *adjusted, *benefits, *penalties) if note]


def _adjustment(a: Adjustment, currency: str, language: Language) -> str:
    what = text(_NOTE_OF_KIND.get(a.kind, "note_adjusted"), language).format(amount=print_amount(a.amount, currency))
    when = _for(a.for_period, language)
    reasons = (optional(f"reason_{a.reason_code}", language, ""), clean(a.reason))
    return _joined(" ".join(part for part in (what, when) if part), " — ".join(part for part in reasons if part))


def _benefit(b: Benefit, currency: str, language: Language) -> str:
    what = text("note_benefit", language).format(amount=print_amount(b.amount, currency))
    return _joined(" ".join(part for part in (what, _for(b.for_period, language)) if part), clean(b.reason))


def _for(period: str | None, language: Language) -> str:
    return text("service_month", language).format(month=month(period, language)) if period else ""


def _penalty(p: Penalty, currency: str, language: Language) -> str:
    what = text("note_penalty", language).format(amount=print_amount(p.amount, currency))
    if p.debt is None or p.rate is None or p.days is None:
        return what
    formula = text("penalty_formula", language)
    return _joined(what, formula.format(debt=print_amount(p.debt, currency), rate=quantity(p.rate), days=p.days))


def _joined(what: str, why: str) -> str:
    return f"{what}: {why}" if why else what
