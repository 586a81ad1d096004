"""From a counted volume to the fields of a charge."""

from decimal import Decimal
from typing import Any

from demo.city.catalogue import Service, price_for
from demo.city.counting import Counted, count
from demo.city.facts import money
from demo.city.model import Flat


def charges(flat: Flat, service: Service, month: str) -> list[dict[str, Any]]:
    """The charge lines of a bill: fields of `charge.posted` without reference and account."""
    return [_line(flat, service, month, part) for part in count(flat, service, month)]


def bill(flat: Flat, service: Service, month: str) -> Decimal:
    """What the month costs."""
    return sum((line["amount"] for line in charges(flat, service, month)), Decimal(0))


def _line(flat: Flat, service: Service, month: str, part: Counted) -> dict[str, Any]:
    priced = _in_tiers(service, part.volume) if _tiered(flat, service) else _flat_rate(flat, service, part)
    return {
        "service": service.id, "period": month, "from_": part.start, "to": part.end, "volume": part.volume,
        "unit": service.unit, **priced, "basis": part.basis,
        "reading_previous": part.previous, "reading_current": part.current,
    }  # fmt: skip


def _tiered(flat: Flat, service: Service) -> bool:
    return bool(service.tiers) and flat.group == "residents"


def _flat_rate(flat: Flat, service: Service, part: Counted) -> dict[str, Any]:
    price = price_for(service, flat.group)
    return {"tariff": price, "amount": money(part.volume * price), **_formula(flat, service, price)}


def _in_tiers(service: Service, volume: Decimal) -> dict[str, Any]:
    tiers: list[dict[str, str]] = []
    floor = Decimal(0)
    for ceiling, price in service.tiers:
        inside = min(volume, ceiling) - floor
        if inside > 0 or not tiers:
            tiers.append({"volume": str(inside), "price": str(price), "amount": str(money(inside * price))})
        floor = min(volume, ceiling)
    return {"tiers": tiers, "amount": sum((Decimal(tier["amount"]) for tier in tiers), Decimal(0))}


def _formula(flat: Flat, service: Service, price: Decimal) -> dict[str, str]:
    if service.id != "heating":
        return {}
    numbers = [f"{number}".replace(".", ",") for number in (flat.area_heated, service.norm, price)]
    return {
        "formula_ru": "{} м² × {} Гкал/м² × {} ₸".format(*numbers),
        "formula_kk": "{} м² × {} Гкал/м² × {} ₸".format(*numbers),
    }
