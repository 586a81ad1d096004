"""The city as it stands before anybody sends a file: houses, flats, meters."""

from dataclasses import dataclass
from decimal import Decimal

from demo.city.streets import Street


@dataclass(frozen=True, slots=True)
class House:
    """A building. What it has decides which lines its flats are billed."""

    id: str
    street: Street
    number: int
    floors: int
    gas: bool
    guarded: bool

    @property
    def lift(self) -> bool:
        """Houses of six floors and more have one."""
        return self.floors > 5

    @property
    def address_ru(self) -> str:
        """As printed."""
        return f"г. Алматы, {self.street.ru}, д. {self.number}"

    @property
    def address_kk(self) -> str:
        """As printed."""
        return f"Алматы қ., {self.street.kk}, {self.number}-үй"


@dataclass(frozen=True, slots=True)
class Meter:
    """A meter and the reading it stood at on the day of the take-over."""

    number: str
    service: str
    digits: int
    start: Decimal
    verified_until: str
    replacement_planned: str


@dataclass(frozen=True, slots=True)
class Flat:
    """One account: a flat (or a shop on the ground floor) and who pays for it."""

    seed: int
    index: int
    account: str
    house: House
    number: str
    area_total: Decimal
    area_heated: Decimal
    residents: int
    holder: str
    phone: str
    traits: frozenset[str]
    meters: tuple[Meter, ...]
    services: tuple[str, ...]

    @property
    def group(self) -> str:
        """Whose tariff it pays."""
        return "commercial" if "commercial" in self.traits else "residents"

    def residents_in(self, month: str) -> int:
        """How many live here; a child is born in September where the trait says so."""
        return self.residents + ("residents-changed" in self.traits and month >= "2026-09")

    def area_in(self, month: str) -> Decimal:
        """Total area; a balcony is joined in October where the trait says so."""
        return self.area_total + (Decimal("3.20") if "area-changed" in self.traits and month >= "2026-10" else 0)

    def meter(self, service: str) -> Meter | None:
        """Its meter of a service, if it has one."""
        return next((meter for meter in self.meters if meter.service == service), None)
