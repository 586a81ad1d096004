"""What an account is on a day: the fold of what providers said of its base data."""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import NamedTuple

from ledger.events.heard import Change


class Stated(NamedTuple):
    """A change as it is kept: kind, place in the account's log, the day from which it holds, when it was recorded."""

    kind: str
    sequence: int
    holds_from: str
    recorded_at: str
    said: Change


@dataclass
class Connection:
    """A service that is provided."""

    service: str
    provider: str
    tariff_group: str | None
    since: str
    recorded_at: str


@dataclass
class Device:
    """A meter: installed, or removed on a day."""

    meter: str
    service: str
    coefficient: str | None
    verified_until: str | None
    replacement_planned: str | None
    recorded_at: str
    provider: str
    digits: int | None = None
    installed_on: str = ""
    removed_on: str | None = None


@dataclass
class AccountBase:
    """The account's data; `recorded` tells for each group of fields when and by whom it was last stated."""

    building: str | None = None
    flat: str | None = None
    premises: str | None = None
    residents: int | None = None
    area_total: str | None = None
    area_heated: str | None = None
    holder: str | None = None
    closed: bool = False
    numbers: list[str] = field(default_factory=list)
    services: dict[str, Connection] = field(default_factory=dict)
    meters: dict[str, Device] = field(default_factory=dict)
    removed: dict[str, Device] = field(default_factory=dict)
    recorded: dict[str, tuple[str, str]] = field(default_factory=dict)


def base_on(changes: Iterable[Stated], day: str) -> AccountBase:
    """The base data on a day (`YYYY-MM-DD`): what holds from a later day does not count yet."""
    base = AccountBase()
    for change in sorted(changes, key=lambda c: (c.holds_from, c.sequence)):
        if change.holds_from <= day:
            _evolve(base, change)
    return base


def _evolve(base: AccountBase, change: Stated) -> None:
    said = change.said
    match change.kind:
        case "account.opened":
            base.building, base.flat, base.premises = said.building, said.flat, said.premises
            _residents(base, change)
            _areas(base, change)
            _mark(base, change, "building")
        case "account.residents-changed":
            _residents(base, change)
        case "account.area-changed":
            _areas(base, change)
        case "account.holder-changed":
            base.holder = said.holder
            _mark(base, change, "holder")
        case "account.closed":
            base.closed = True
            _mark(base, change, "closed")
        case "account.renumbered" if said.number:
            base.numbers.append(said.number)
        case "service.connected" | "service.disconnected" if said.service:
            _connect(base, change, said.service)
        case "meter.installed" | "meter.removed" | "meter.replacement-planned" if said.meter:
            _install(base, change, said.meter)


def _residents(base: AccountBase, change: Stated) -> None:
    if change.said.residents is not None:
        base.residents = change.said.residents
        _mark(base, change, "residents")


def _areas(base: AccountBase, change: Stated) -> None:
    if change.said.area_total is not None:
        base.area_total = change.said.area_total
    if change.said.area_heated is not None:
        base.area_heated = change.said.area_heated
    _mark(base, change, "area")


def _mark(base: AccountBase, change: Stated, group: str) -> None:
    base.recorded[group] = (change.recorded_at, change.said.provider)


def _connect(base: AccountBase, change: Stated, service: str) -> None:
    base.services.pop(service, None)
    if change.kind == "service.connected":
        said = change.said
        utility = said.service_provider or said.provider
        base.services[service] = Connection(service, utility, said.tariff_group, change.holds_from, change.recorded_at)


def _install(base: AccountBase, change: Stated, meter: str) -> None:
    said = change.said
    if change.kind == "meter.removed":
        device = base.meters.pop(meter, None)
        if device:
            base.removed[meter] = replace(device, removed_on=change.holds_from)
    elif change.kind == "meter.installed":
        base.removed.pop(meter, None)
        coefficient = None if said.coefficient is None else str(said.coefficient)
        base.meters[meter] = Device(
            meter,
            said.service or "",
            coefficient,
            said.verified_until,
            said.replacement_planned,
            change.recorded_at,
            said.provider,
            said.digits,
            change.holds_from,
        )
    elif meter in base.meters:
        base.meters[meter].replacement_planned = said.planned_for
