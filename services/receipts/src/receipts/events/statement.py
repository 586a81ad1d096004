"""The statement as heard from the ledger: only what is printed, tolerant of everything else. Amounts are tiyn."""

from datetime import date, datetime
from typing import Literal

import msgspec


class Base(msgspec.Struct, frozen=True):
    """The account as it stood: areas in square metres as decimal text; `number` is the newest it is known by."""

    building: str = ""
    flat: str = ""
    premises: str = ""
    residents: int | None = None
    area_total: str | None = None
    area_heated: str | None = None
    number: str = ""


class Tier(msgspec.Struct, frozen=True):
    """One step of a stepped tariff."""

    volume: str
    price: str
    amount: int


class Line(msgspec.Struct, frozen=True):
    """One charge: volume times tariff, or a fixed amount."""

    amount: int
    reference: str = ""
    from_: date | None = msgspec.field(default=None, name="from")
    to: date | None = None
    volume: str | None = None
    unit: str = ""
    unit_ru: str = ""
    unit_kk: str = ""
    tariff: str | None = None
    tiers: tuple[Tier, ...] = ()
    basis: str = ""
    reading_previous: str | None = None
    reading_current: str | None = None
    formula_ru: str | None = None
    formula_kk: str | None = None
    warnings: tuple[str, ...] = ()


class Adjustment(msgspec.Struct, frozen=True):
    """What was recalculated, for which month and why."""

    amount: int
    kind: str = "charge.adjusted"
    reason_code: str = ""
    reason: str = ""
    for_period: str | None = None


class Benefit(msgspec.Struct, frozen=True):
    """Money taken off by right."""

    amount: int
    reason: str = ""
    for_period: str | None = None


class Penalty(msgspec.Struct, frozen=True):
    """A charge for lateness; rate in per cent a day."""

    amount: int
    debt: int | None = None
    rate: str | None = None
    days: int | None = None
    for_period: str | None = None


class Row(msgspec.Struct, frozen=True):
    """A service in the month: closing = opening + charged + adjusted − benefit + penalty − paid."""

    service: str
    name_ru: str
    name_kk: str
    provider: str = ""
    order: int = 0
    opening: int = 0
    charged: int = 0
    adjusted: int = 0
    benefit: int = 0
    penalty: int = 0
    paid: int = 0
    closing: int = 0
    decision: str = ""
    lines: tuple[Line, ...] = ()
    adjustments: tuple[Adjustment, ...] = ()
    benefits: tuple[Benefit, ...] = ()
    penalties: tuple[Penalty, ...] = ()


class Reading(msgspec.Struct, frozen=True):
    """What a meter showed, and whether anybody looked."""

    value: str
    on: date | None = None
    source: str = "measured"


class Meter(msgspec.Struct, frozen=True):
    """A meter with its last two readings."""

    meter: str
    service: str
    coefficient: str | None = None
    verified_until: date | None = None
    replacement_planned: date | None = None
    previous: Reading | None = None
    current: Reading | None = None
    usage: str | None = None
    expired: bool = False
    installed_on: date | None = None
    removed_on: date | None = None


class Payment(msgspec.Struct, frozen=True):
    """Money received in the month."""

    amount: int
    paid_at: datetime | None = None
    reference: str = ""
    provider: str = ""
    channel: str = ""


class Totals(msgspec.Struct, frozen=True):
    """Sums over the rows; to_pay adds the positive closings only, advances the negative ones."""

    opening: int
    charged: int
    adjusted: int
    benefit: int
    penalty: int
    paid: int
    closing: int
    to_pay: int
    advances: int = 0


class Provider(msgspec.Struct, frozen=True):
    """A utility's requisites."""

    name_ru: str = ""
    name_kk: str = ""
    bin: str = ""
    iban: str = ""
    bic: str = ""
    phone: str = ""
    address_ru: str = ""
    address_kk: str = ""
    hours: str = ""


class Since(msgspec.Struct, frozen=True):
    """What came after the last month was closed."""

    cut_off: datetime | None = None
    payments: tuple[Payment, ...] = ()
    paid: int = 0
    charged: int = 0
    adjusted: int = 0
    benefit: int = 0
    penalty: int = 0


class DueRow(msgspec.Struct, frozen=True):
    """What is due now for one service."""

    service: str
    amount: int


class Due(msgspec.Struct, frozen=True):
    """What is due now, as if the month closed now."""

    total: int
    rows: tuple[DueRow, ...] = ()


class Cause(msgspec.Struct, frozen=True):
    """A part of a difference."""

    cause: str
    amount: int


class Changed(msgspec.Struct, frozen=True):
    """Why a service's own sum of the month differs; the parts add up to now − before."""

    service: str
    before: int
    now: int
    parts: tuple[Cause, ...] = ()


class Explanation(msgspec.Struct, frozen=True):
    """Why the month differs from the month `against`."""

    against: str
    services: tuple[Changed, ...] = ()


class Reissue(msgspec.Struct, frozen=True):
    """Why there is a version after the first, and which one it corrects."""

    version: int
    reason: str = ""


class Statement(msgspec.Struct, frozen=True):
    """An account's month: issued for ever, or open and provisional."""

    account: str
    period: str
    state: Literal["issued", "open"]
    cut_off: datetime
    totals: Totals
    rows: tuple[Row, ...]
    version: int = 0
    position: int = 0
    due_date: date | None = None
    currency: str = "KZT"
    base: Base = Base()
    meters: tuple[Meter, ...] = ()
    payments: tuple[Payment, ...] = ()
    providers: dict[str, Provider] = {}
    since: Since | None = None
    due_now: Due | None = None
    explanation: Explanation | None = None
    reissue: Reissue | None = None
    hash: str = ""

    @property
    def provisional(self) -> bool:
        """Whether the month is still open."""
        return self.state == "open"


_decoder = msgspec.json.Decoder(Statement)


def decode_statement(data: bytes | msgspec.Raw) -> Statement:
    """The statement in an event's data; raises msgspec.ValidationError when it is none."""
    return _decoder.decode(data)
