"""The gate's rules: what they are (a validated file) and what they find odd about a batch. Pure.

Sums are whole tenge here: plausibility needs no tiyn. A declared rise of the tariff is discounted; where nothing is
known of an account, or where it is known to have used nothing, no rule speaks.
"""

import tomllib
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from functools import cached_property
from typing import Annotated, Any, Literal, NamedTuple

import msgspec
from msgspec import Meta

from common.errors import Refusal
from common.money import BadAmount, format_amount, parse_amount
from provider_sync import errors

Times = Annotated[float, Meta(ge=0, le=1_000_000)]
Usual = Literal["season", "year"]


class ChargeRules(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """The rules for charges of a service; 0 turns one off. `floor` is an amount like 30000.00."""

    usual: Usual = "season"
    times: Times = 5
    floor: str = "30000.00"
    building_times: Times = 3
    building_flats: Annotated[int, Meta(ge=2)] = 5
    connected: bool = True
    total_times: Times = 3

    @property
    def floor_tenge(self) -> int:
        """The floor in whole tenge."""
        return parse_amount(self.floor) // 100


class ResidentRules(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """When a new number of residents is odd."""

    times: Times = 3
    more: Annotated[int, Meta(ge=1)] = 6


class BatchRules(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """When a batch becomes one decision."""

    share: Annotated[float, Meta(ge=0, le=1)] = 0.01
    rows: Annotated[int, Meta(ge=2)] = 100


class _File(msgspec.Struct, forbid_unknown_fields=True):
    batch: BatchRules = BatchRules()
    residents: ResidentRules = ResidentRules()
    charges: dict[str, Any] = {}
    services: dict[str, dict[str, Any]] = {}


class Rules(msgspec.Struct, frozen=True, dict=True):
    """A validated file of rules."""

    batch: BatchRules = BatchRules()
    residents: ResidentRules = ResidentRules()
    charges: ChargeRules = ChargeRules()
    services: dict[str, ChargeRules] = {}

    def of(self, service: str) -> ChargeRules:
        """The rules for charges of a service."""
        return self.services.get(service, self.charges)

    @cached_property
    def judges_charges(self) -> bool:
        """Whether any rule for charges is on."""
        return any(r.times or r.building_times or r.connected or r.total_times for r in self._all)

    @property
    def _all(self) -> Iterable[ChargeRules]:
        return (self.charges, *self.services.values())


OFF = Rules(
    residents=ResidentRules(times=0), charges=ChargeRules(times=0, building_times=0, connected=False, total_times=0)
)


def rules_of(text: str) -> Rules:
    """The rules of a TOML file; a service's section changes what it names. Raises BadRules."""
    try:
        file = msgspec.convert(tomllib.loads(text), _File)
        base = _charge_rules(file.charges, "charges")
        services = {name: _charge_rules(file.charges | own, name) for name, own in file.services.items()}
    except (tomllib.TOMLDecodeError, msgspec.ValidationError) as error:
        raise errors.BadRules(reason=str(error)) from error
    return Rules(file.batch, file.residents, base, services)


def _charge_rules(section: Mapping[str, Any], name: str) -> ChargeRules:
    try:
        rules = msgspec.convert(dict(section), ChargeRules)
    except msgspec.ValidationError as error:
        raise errors.BadRules(reason=f"[{name}] {error}") from error
    for setting in ("times", "building_times", "total_times"):
        if 0 < getattr(rules, setting) <= 1:
            raise errors.BadRules(reason=f"[{name}] {setting} is above 1, or 0 for off")
    try:
        parse_amount(rules.floor)
    except BadAmount as error:
        raise errors.BadRules(reason=f"[{name}] floor is an amount like 30000.00") from error
    return rules


def months_compared(period: str, usual: Usual) -> list[int]:
    """The months of the year, 1 to 12, whose newest sums say what is usual in `period`."""
    month = int(period[5:])
    if usual == "year":
        return list(range(1, 13))
    return [(month + shift - 1) % 12 + 1 for shift in (-1, 0, 1)]


def periods_compared(period: str) -> list[str]:
    """The months whose totals say what is usual in `period`: the last one, and a year ago with its neighbours."""
    index = int(period[:4]) * 12 + int(period[5:]) - 1
    return [f"{(index - back) // 12:04d}-{(index - back) % 12 + 1:02d}" for back in (1, 11, 12, 13)]


class Tariff(NamedTuple):
    """A declared price of a service; of tiers the first one's."""

    group: str
    effective_from: str
    price: float


def rise(tariffs: Iterable[Tariff], period: str) -> float:
    """How much dearer the service became within a year before `period` ends, by what was declared; never below 1."""
    groups: defaultdict[str, list[Tariff]] = defaultdict(list)
    for tariff in sorted(tariffs, key=lambda t: t.effective_from):
        groups[tariff.group].append(tariff)
    end, start = f"{period}-31", f"{int(period[:4]) - 1:04d}{period[4:]}-01"
    most = 1.0
    for declared in groups.values():
        known = [t for t in declared if t.effective_from <= end]
        before = [t.price for t in known if t.effective_from <= start] or [t.price for t in known]
        lowest = (
            min(
                [
                    before[-1] if known[0].effective_from <= start else before[0],
                    *(t.price for t in known if t.effective_from > start),
                ]
            )
            if known
            else 0
        )
        if known and lowest > 0:
            most = max(most, known[-1].price / lowest)
    return most


class Charges(NamedTuple):
    """The charges of a batch for one service and month: references, account ids and sums, row by row."""

    service: str
    period: str
    references: list[str]
    accounts: list[str]
    tenge: list[int]


class Odd(NamedTuple):
    """A row that may be odd: its place in Charges and the usual sum in tenge; None was never connected."""

    row: int
    usual: int | None


Suspects = dict[str, Refusal]


def lowest_times(rules: ChargeRules) -> float:
    """Rows below so many times the usual need not be looked at."""
    return min((times for times in (rules.times, rules.building_times) if times), default=0)


def far(charges: Charges, odd: Sequence[Odd], rules: ChargeRules, dearer: float) -> Suspects:
    """Rows far from the account's own history, and those of services never connected."""
    found: Suspects = {}
    for row, usual in odd:
        if usual is None:
            found[charges.references[row]] = errors.NeverConnected("/service", service=charges.service)
        elif rules.times and _above(charges.tenge[row], usual, rules.times * dearer, rules.floor_tenge):
            found[charges.references[row]] = errors.FarFromHistory(
                "/amount", usual=format_amount(usual * 100), service=charges.service
            )
    return found


def _above(tenge: int, usual: int, times: float, floor: int) -> bool:
    return tenge > usual * times and tenge - usual > floor


def jumped(charges: Charges, odd: Sequence[Odd], rules: ChargeRules, dearer: float) -> list[Odd]:
    """Rows that may belong to a building that jumps; empty when they are too few for any building."""
    if not rules.building_times:
        return []
    times = rules.building_times * dearer
    rows = [o for o in odd if o.usual is not None and charges.tenge[o.row] > o.usual * times]
    return rows if len(rows) >= rules.building_flats else []


def buildings_jumped(charges: Charges, rows: Sequence[Odd], rules: ChargeRules, homes: Mapping[str, str]) -> Suspects:
    """The rows of buildings where half of the flats charged, and enough, jumped; `homes`: account → building."""
    charged: defaultdict[str, int] = defaultdict(int)
    for account in charges.accounts:
        if account in homes:
            charged[homes[account]] += 1
    up: defaultdict[str, list[Odd]] = defaultdict(list)
    for row in rows:
        building = homes.get(charges.accounts[row.row])
        if building is not None:
            up[building].append(row)
    return {
        charges.references[row.row]: errors.BuildingJump("/amount", building=building, flats=len(flats))
        for building, flats in up.items()
        if len(flats) >= rules.building_flats and 2 * len(flats) >= charged[building]
        for row in flats
    }


def total_far(so_far: int, batch: int, compared: Sequence[int], rules: ChargeRules, dearer: float) -> bool:
    """Whether the month's charges with this batch are far above the months compared; all in tiyn."""
    usual = max(compared, default=0)
    return bool(rules.total_times) and usual > 0 and so_far + batch > usual * rules.total_times * dearer


def residents_jump(before: int | None, after: int, rules: ResidentRules) -> Refusal | None:
    """Why a new number of residents is odd, or None."""
    if before is None or not rules.times or abs(after - before) < rules.more:
        return None
    low, high = sorted((max(before, 1), max(after, 1)))
    return errors.ResidentsJump("/residents", before=before, after=after) if high >= low * rules.times else None


def is_one_decision(suspects: Collection[str], rows: int, rules: BatchRules) -> bool:
    """Whether so many rows are odd that the batch as a whole is."""
    return rows >= rules.rows and len(suspects) > rules.share * rows
