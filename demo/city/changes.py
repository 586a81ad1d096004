"""What the centre itself states after the take-over: people, areas, sales, new numbers, closings."""

from decimal import Decimal
from random import Random

from demo.city.facts import MONTHS, Register
from demo.city.model import Flat
from demo.city.names import full_name
from demo.city.payments import ALIAS_PREFIX
from demo.city.takeover import add_holder


def month_of(flats: list[Flat], month: str) -> Register:
    """Changes of base data, stated before the month's bills."""
    register = Register("centre", "CC", month)
    for flat in flats:
        for trait, since, rule in _RULES:
            if trait in flat.traits and month == since:
                rule(register, flat)
    return register


def closings(flats: list[Flat]) -> Register:
    """Accounts that close when everything of the last month is said."""
    register = Register("centre", "CZ", MONTHS[-1])
    for flat in flats:
        if "closed" in flat.traits:
            register.add("account.closed", flat.account, at="2026-10-31T18:00:00+05:00", reason="Снос дома")
    return register


def _renumber(register: Register, flat: Flat) -> None:
    register.add("account.renumbered", flat.account, at=_at(register), number=ALIAS_PREFIX + flat.account)


def _residents(register: Register, flat: Flat) -> None:
    register.add(
        "account.residents-changed", flat.account, residents=flat.residents_in(register.month),
        effective_from=f"{register.month}-01", document=f"Адресная справка № {flat.index + 417}",
    )  # fmt: skip


def _area(register: Register, flat: Flat) -> None:
    register.add(
        "account.area-changed", flat.account, area_total=flat.area_in(register.month),
        area_heated=flat.area_heated + Decimal(0), effective_from=f"{register.month}-01",
        document=f"Технический паспорт № {flat.index + 9051}",
    )  # fmt: skip


def _sold(register: Register, flat: Flat) -> None:
    register.add(
        "account.holder-changed", flat.account, holder=f"p-{flat.index + 500_000}",
        effective_from=f"{register.month}-10", reason="sold",
    )  # fmt: skip
    add_holder(register, flat, full_name(Random(f"{flat.seed}/buyer/{flat.account}")))


def _at(register: Register) -> str:
    return f"{register.month}-12T09:00:00+05:00"


_RULES = (
    ("renumbered", "2026-08", _renumber),
    ("residents-changed", "2026-09", _residents),
    ("sold", "2026-09", _sold),
    ("area-changed", "2026-10", _area),
)
