"""How much a flat used of a service in a month, and how that was counted."""

from dataclasses import dataclass
from decimal import Decimal
from functools import cache
from random import Random

from demo.city.catalogue import SERVICE, Service
from demo.city.facts import LAST_DAY, MONTHS, before
from demo.city.model import Flat, Meter

# Usage of one person a month, from and to; electricity has a share of the flat itself.
_HABITS = {"hot-water": (1500, 4000), "cold-water": (2000, 5000), "gas": (5000, 12000), "electricity": (25, 70)}
_LITRE = Decimal("0.001")


@dataclass(frozen=True, slots=True)
class Counted:
    """A volume with its basis, days of use and, when a meter stood behind it, both readings."""

    volume: Decimal
    basis: str
    start: str
    end: str
    meter: str = ""
    previous: Decimal | None = None
    current: Decimal | None = None


def count(flat: Flat, service: Service, month: str) -> list[Counted]:
    """What a bill of the month counts; more than one part when a meter was replaced inside it."""
    used_in = before(month) if service.id == "heating" else month
    days = (f"{used_in}-01", f"{used_in}-{LAST_DAY[used_in]}")
    if service.method == "area":
        return [Counted(_area(flat, service, month), "area", *days)]
    if service.method == "people":
        return [Counted(Decimal(flat.residents_in(month)), "people", *days)]
    if service.method == "fixed":
        return [Counted(Decimal(1), "fixed", *days)]
    if service.method == "drain":
        return [_drained(flat, month, days)]
    return _metered(flat, service, month, days)


def usage(flat: Flat, service: str, month: str) -> Decimal:
    """What really ran through the pipe."""
    away, one, flat_itself = _habit(flat.seed, flat.account, service, month)
    if away:
        return Decimal(0)
    if service == "electricity":
        return Decimal(one * flat.residents_in(month) + flat_itself)
    return (one * flat.residents_in(month)) * _LITRE


# Readings add the months up, so each is asked for many times.
@cache
def _habit(seed: int, account: str, service: str, month: str) -> tuple[bool, int, int]:
    """Whether nobody was at home, as in one month of fifty; the use of one person; the use of the flat itself."""
    random = Random(f"{seed}/use/{account}/{service}/{month}")
    return random.random() < 0.02, random.randrange(*_HABITS[service]), random.randrange(20, 80)


def reading(flat: Flat, meter: Meter, month: str) -> Decimal:
    """What the dial shows at the end of a month: it rolls over at ten to the number of its digits."""
    so_far = sum((usage(flat, meter.service, past) for past in MONTHS if past <= month), Decimal(0))
    return (meter.start + so_far) % Decimal(10**meter.digits)


def estimate(flat: Flat, service: str, month: str) -> Decimal:
    """What a provider guesses when nobody opened the door."""
    return (usage(flat, service, month) * Decimal("1.35") + 1).quantize(_LITRE)


def by_norm(flat: Flat, service: str, month: str) -> Decimal:
    """The norm of a person times the people."""
    return SERVICE[service].norm * flat.residents_in(month)


def is_estimated(flat: Flat, service: str, month: str) -> bool:
    """Water of August, where the trait says so and the meter counts."""
    return (
        "estimated" in flat.traits
        and month == "2026-08"
        and service in ("hot-water", "cold-water")
        and "verification-expired" not in flat.traits
    )


def replacement(flat: Flat, service: str) -> Meter | None:
    """The meter that is put in on the 15th of September in place of the old one."""
    old = flat.meter(service)
    if old is None or service != "cold-water" or "meter-replaced" not in flat.traits:
        return None
    return Meter(f"{old.number}-2", service, old.digits, Decimal(0), "2032-09-15", "")


def _area(flat: Flat, service: Service, month: str) -> Decimal:
    if service.id == "heating":
        return (flat.area_heated * service.norm).quantize(Decimal("0.000001"))
    return flat.area_in(month) * service.norm


def _drained(flat: Flat, month: str, days: tuple[str, str]) -> Counted:
    waters = [part for name in ("hot-water", "cold-water") for part in count(flat, SERVICE[name], month)]
    metered = all(part.meter for part in waters)
    return Counted(sum((part.volume for part in waters), Decimal(0)), "meter" if metered else "norm", *days)


def _metered(flat: Flat, service: Service, month: str, days: tuple[str, str]) -> list[Counted]:
    meter = flat.meter(service.id)
    if meter is None or meter.verified_until < days[1]:
        return [Counted(by_norm(flat, service.id, month), "norm", *days)]
    successor = replacement(flat, service.id)
    if successor and month >= "2026-09":
        return _replaced(flat, meter, successor, month, days)
    previous = reading(flat, meter, before(month))
    if is_estimated(flat, service.id, month):
        volume = estimate(flat, service.id, month)
        return [Counted(volume, "estimate", *days, meter.number, previous, (previous + volume) % 10**meter.digits)]
    volume = usage(flat, service.id, month)
    return [Counted(volume, "meter", *days, meter.number, previous, reading(flat, meter, month))]


def _replaced(flat: Flat, old: Meter, new: Meter, month: str, days: tuple[str, str]) -> list[Counted]:
    used = {past: usage(flat, old.service, past) for past in ("2026-09", "2026-10")}
    on_old = (used["2026-09"] / 2).quantize(_LITRE)
    on_new = used["2026-09"] - on_old
    if month > "2026-09":
        return [Counted(used["2026-10"], "meter", *days, new.number, on_new, on_new + used["2026-10"])]
    was = reading(flat, old, "2026-08")
    return [
        Counted(on_old, "meter", days[0], f"{month}-14", old.number, was, (was + on_old) % 10**old.digits),
        Counted(on_new, "meter", f"{month}-15", days[1], new.number, Decimal(0), on_new),
    ]
