"""July: the centre takes the city over. Directory, holders, accounts, connections, meters, balances."""

from decimal import Decimal
from random import Random

from demo.city.catalogue import LAST_TIER, SERVICE, SERVICES, UTILITIES, Sender, price_for
from demo.city.facts import MONTHS, TAKE_OVER, Fact, Register
from demo.city.model import Flat
from demo.city.pricing import bill

DAY = "2026-07-31"
SINCE = "2026-08-01"


def directory(flats: list[Flat]) -> Register:
    """Providers with requisites, services in the order of the bill, tariffs, houses."""
    register = Register("centre", "CD", TAKE_OVER)
    for utility in UTILITIES:
        register.rows.append(_provider(utility, register.reference()))
    for order, service in enumerate(SERVICES, start=1):
        register.rows.append({
            "kind": "directory.service", "reference": register.reference(), "id": service.id,
            "provider": service.provider, "name_ru": service.name_ru, "name_kk": service.name_kk,
            "unit_ru": service.unit_ru, "unit_kk": service.unit_kk, "order": order,
        })  # fmt: skip
    _tariffs(register)
    for house in dict.fromkeys(flat.house for flat in flats):
        register.rows.append({
            "kind": "directory.building", "reference": register.reference(), "id": house.id,
            "address_ru": house.address_ru, "address_kk": house.address_kk,
        })  # fmt: skip
    return register


def holders(flats: list[Flat]) -> Register:
    """Who pays, and the address as it is printed."""
    register = Register("centre", "CH", TAKE_OVER)
    for flat in flats:
        add_holder(register, flat, flat.holder)
    return register


def add_holder(register: Register, flat: Flat, name: str) -> None:
    """State the holder of an account."""
    register.add(
        "holder", flat.account, name=name, phone=flat.phone,
        address_ru=f"{flat.house.address_ru}, кв. {flat.number}",
        address_kk=f"{flat.house.address_kk}, {flat.number}-пәтер",
    )  # fmt: skip


def accounts(flats: list[Flat]) -> Register:
    """Every account with its base data."""
    register = Register("centre", "CA", TAKE_OVER)
    for flat in flats:
        register.add(
            "account.opened", flat.account, at=_at(DAY), building=flat.house.id, flat=flat.number,
            premises="non-residential" if "commercial" in flat.traits else "flat",
            area_total=flat.area_total, area_heated=flat.area_heated, residents=flat.residents,
        )  # fmt: skip
    return register


def connections(utility: Sender, flats: list[Flat]) -> Register:
    """What a utility serves and which meters stand there."""
    register = Register(utility.id, f"{utility.letter}C", TAKE_OVER)
    for flat in flats:
        for service in flat.services:
            if SERVICE[service].provider == utility.id:
                _connect(register, flat, service)
    return register


def balances(flats: list[Flat]) -> Register:
    """Debts and advances of the old system, as openings of the first month."""
    register = Register("centre", "CB", TAKE_OVER)
    for flat in flats:
        for service, amount in carried_in(flat).items():
            register.add("balance.carried-in", flat.account, at=_at(DAY), service=service, amount=amount,
                         period=MONTHS[0])  # fmt: skip
    return register


def carried_in(flat: Flat) -> dict[str, Decimal]:
    """July's bill for who owes it, thrice for a debtor, and money ahead on two services for some."""
    july = {service: bill(flat, SERVICE[service], TAKE_OVER) for service in flat.services}
    if "debtor" in flat.traits:
        return {service: 3 * amount for service, amount in july.items() if amount}
    owed = {service: amount for service, amount in july.items() if amount} if "owes-july" in flat.traits else {}
    if "carries-advance" in flat.traits:
        random = Random(f"{flat.seed}/advance/{flat.account}")
        ahead = {service: -Decimal(random.randrange(20_000, 900_000)).scaleb(-2) for service in ("waste", "upkeep")}
        owed |= {service: amount for service, amount in ahead.items() if service in flat.services}
    return owed


def _provider(utility: Sender, reference: str) -> dict[str, str]:
    return {
        "kind": "directory.provider", "reference": reference, "id": utility.id,
        "name_ru": utility.name_ru, "name_kk": utility.name_kk, "bin": utility.bin, "iban": utility.iban,
        "bic": utility.bic, "phone": utility.phone, "address_ru": utility.address_ru,
        "address_kk": utility.address_kk, "hours": utility.hours,
    }  # fmt: skip


def _tariffs(register: Register) -> None:
    for service in SERVICES:
        for group in ("residents", "commercial"):
            row: Fact = {
                "kind": "directory.tariff", "reference": register.reference(), "id": f"{service.id}-{group}-2026",
                "service": service.id, "tariff_group": group, "unit_ru": service.unit_ru,
                "unit_kk": service.unit_kk, "effective_from": "2026-07-01", "decision": service.decision,
            }  # fmt: skip
            if service.tiers and group == "residents":
                row |= {"tiers": [_tier(up_to, price) for up_to, price in service.tiers]}
            else:
                row |= {"price": str(price_for(service, group))}
            register.rows.append(row)


def _tier(up_to: Decimal, price: Decimal) -> dict[str, str]:
    return {"price": str(price)} | ({"up_to": str(up_to)} if up_to < LAST_TIER else {})


def _connect(register: Register, flat: Flat, service: str) -> None:
    register.add("service.connected", flat.account, service=service, tariff_group=flat.group, effective_from=SINCE)
    meter = flat.meter(service)
    if meter is None:
        return
    register.add(
        "meter.installed", flat.account, meter=meter.number, service=service, digits=meter.digits, coefficient="1",
        verified_until=meter.verified_until, effective_from=DAY,
    )  # fmt: skip
    register.add("meter.read", flat.account, meter=meter.number, value=meter.start, taken_on=DAY, source="measured")
    if meter.replacement_planned:
        register.add(
            "meter.replacement-planned", flat.account, meter=meter.number, planned_for=meter.replacement_planned
        )


def _at(day: str) -> str:
    return f"{day}T12:00:00+05:00"
