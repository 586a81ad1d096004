"""Building the city: houses along the streets, flats with holders, meters and connected services."""

from decimal import Decimal
from random import Random

from demo.city import traits
from demo.city.catalogue import SERVICE, SERVICES
from demo.city.model import Flat, House, Meter
from demo.city.names import GRANDMOTHER, LONG_NAME, full_name
from demo.city.streets import STREETS

FIRST_ACCOUNT = 100_000_100
# Places in the list of accounts that the summary and the walk speak of.
RESIDENTS_AT = (0, 1)
GRANDMOTHER_AT = 2
EMPTY_AT = 3
SPECIAL = 4

METERED = ("hot-water", "cold-water", "electricity", "gas")


def build(accounts: int, seed: int) -> list[Flat]:
    """The whole city. Every account has a random stream of its own: a larger city begins with the smaller one."""
    flats: list[Flat] = []
    while len(flats) < accounts:
        house = _house(len(flats), seed)
        room = min(house.floors * 4, accounts - len(flats))
        flats += [_flat(house, len(flats) + place, place, seed) for place in range(room)]
    return flats


def _house(first_flat: int, seed: int) -> House:
    random = Random(f"{seed}/house/{first_flat}")
    street = STREETS[(first_flat // 20) % len(STREETS)]
    # The first house has everything, so that even the smallest city shows all thirteen services.
    floors = 9 if first_flat == 0 else random.choice((5, 9, 9, 9, 12, 16))
    return House(
        id=f"b-{first_flat + 1:06d}", street=street, number=random.randrange(1, 220), floors=floors,
        gas=first_flat == 0 or random.random() < 0.85, guarded=first_flat == 0 or random.random() < 0.9,
    )  # fmt: skip


def _flat(house: House, index: int, place: int, seed: int) -> Flat:
    random = Random(f"{seed}/flat/{index}")
    account = str(FIRST_ACCOUNT + index * 7 + random.randrange(7))
    own = _traits(index, random)
    area = Decimal(random.randrange(3000, 11000)).scaleb(-2)
    services = _services(house, index, own)
    return Flat(
        seed=seed, index=index, account=account, house=house, number=str(place + 1), area_total=area,
        area_heated=(area * Decimal("0.94")).quantize(Decimal("0.01")),
        residents=1 if index == GRANDMOTHER_AT else random.choice((1, 1, 2, 2, 3, 3, 4, 5)),
        holder=_holder(index, random), phone=f"+7 7{random.choice(('01', '02', '05', '77'))} "
        f"{random.randrange(100, 999)} {random.randrange(10, 99)} {random.randrange(10, 99)}",
        traits=own, meters=_meters(account, services, own, random), services=services,
    )  # fmt: skip


def _traits(index: int, random: Random) -> frozenset[str]:
    drawn = traits.draw(random)
    if index == GRANDMOTHER_AT:
        return traits.GRANDMOTHER
    if index < SPECIAL:
        return traits.PLAIN
    one_each = list(traits.SHARES)[index - SPECIAL : index - SPECIAL + 1]
    # A trait of its own comes with a debt to pay, so that each case has money to show.
    return frozenset({*one_each, "owes-july"}) if one_each else drawn


def _holder(index: int, random: Random) -> str:
    if index == GRANDMOTHER_AT:
        return GRANDMOTHER
    return LONG_NAME if index == SPECIAL else full_name(random)


def _services(house: House, index: int, own: frozenset[str]) -> tuple[str, ...]:
    if index == EMPTY_AT:
        return ()
    absent = {
        "gas": not house.gas or "commercial" in own,
        "lift": not house.lift or "commercial" in own,
        "intercom": not house.guarded,
        "cctv": not house.guarded,
    }
    return tuple(service.id for service in SERVICES if not absent.get(service.id, False))


def _meters(account: str, services: tuple[str, ...], own: frozenset[str], random: Random) -> tuple[Meter, ...]:
    water = {"hot-water", "cold-water"} if "unmetered-water" in own else set()
    return tuple(
        _meter(f"{SERVICE[service].id[:1].upper()}M-{account}", service, own, random)
        for service in METERED
        if service in services and service not in water
    )


def _meter(number: str, service: str, own: frozenset[str], random: Random) -> Meter:
    digits = SERVICE[service].digits
    whole = random.randrange(10**digits // 50, 10**digits // 2)
    if "rolls-over" in own:
        whole = 10**digits - random.randrange(2, 6)
    expired = "verification-expired" in own and service == "cold-water"
    planned = f"2026-12-{random.randrange(1, 29):02d}" if "replacement-planned" in own else ""
    return Meter(
        number=number, service=service, digits=digits, start=Decimal(whole),
        verified_until="2026-06-30" if expired else f"{random.randrange(2027, 2032)}-{random.randrange(1, 13):02d}-15",
        replacement_planned=planned if service in ("cold-water", "electricity") else "",
    )  # fmt: skip
