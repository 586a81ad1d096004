"""The meters of a statement → their table, and the warnings under it."""

from dataclasses import dataclass

from common.period import day_at
from receipts.events.statement import Meter, Reading, Statement
from receipts.render.formats import clean, day, difference, quantity
from receipts.render.texts import Language, optional, pick, text


@dataclass(frozen=True)
class MeterRow:
    """A line of the meters' table; `expired` and `estimated` ask for a warning."""

    service: str
    meter: str
    coefficient: str
    moved: str
    previous: str
    previous_on: str
    previous_source: str
    current: str
    current_on: str
    current_source: str
    usage: str
    verified_until: str
    replacement: str
    expired: bool
    estimated: bool


def meter_rows(s: Statement, language: Language) -> list[MeterRow]:
    """The meters in the order of their services."""
    place = {row.service: row.order for row in s.rows}
    return [_row(m, s, language) for m in sorted(s.meters, key=lambda m: (place.get(m.service, 999), m.meter))]


def warnings(meters: list[MeterRow], language: Language) -> list[str]:
    """What a resident should do about a meter."""
    expired = ", ".join(m.meter for m in meters if m.expired)
    said = [text("expired_note", language).format(meters=expired)] if expired else []
    return said + ([text("estimated_note", language)] if any(m.estimated for m in meters) else [])


def service_name(service: str, s: Statement, language: Language) -> str:
    """A service by the name its row has; one without a row by its code."""
    names = {r.service: pick(language, r.name_ru, r.name_kk) for r in s.rows}
    return clean(names.get(service, service))


def _row(m: Meter, s: Statement, language: Language) -> MeterRow:
    estimated = _is_estimated(m.current)
    return MeterRow(
        service=service_name(m.service, s, language),
        meter=clean(m.meter),
        coefficient=_times(m.coefficient),
        moved=_moved(m, s.period, language),
        previous=_value(m.previous),
        previous_on=_on(m.previous),
        previous_source=_source(m.previous, language),
        current=_value(m.current),
        current_on=_on(m.current),
        current_source=_source(m.current, language),
        usage=_usage(m),
        verified_until=day(m.verified_until),
        replacement=day(m.replacement_planned),
        expired=m.expired or (m.verified_until is not None and m.verified_until < day_at(s.cut_off)),
        estimated=estimated,
    )


def _usage(m: Meter) -> str:
    """As the ledger counted it, over a roll-over of the digits; from before it did so, the difference of the two."""
    if m.usage is not None or m.current is None or m.previous is None:
        return quantity(m.usage)
    return difference(m.current.value, m.previous.value, m.coefficient)


def _moved(m: Meter, period: str, language: Language) -> str:
    """A meter that came or went within the month says so: then one service has two."""
    for key, on in (("removed", m.removed_on), ("installed", m.installed_on)):
        if on is not None and f"{on:%Y-%m}" == period:
            return text(key, language).format(day=day(on))
    return ""


def _times(coefficient: str | None) -> str:
    """What a reading is multiplied by; by one is nothing to tell."""
    printed = quantity(coefficient)
    return f"×\u00a0{printed}" if printed not in ("", "1") else ""


def _is_estimated(reading: Reading | None) -> bool:
    return reading is not None and reading.source == "estimated"


def _value(reading: Reading | None) -> str:
    if reading is None:
        return ""
    return ("≈\u00a0" if _is_estimated(reading) else "") + quantity(reading.value)


def _on(reading: Reading | None) -> str:
    return day(reading.on) if reading else ""


def _source(reading: Reading | None, language: Language) -> str:
    return optional(f"source_{reading.source}", language, "") if reading else ""
