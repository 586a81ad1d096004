"""Shapes of requests and answers; amounts are decimal strings, instants RFC 3339 in UTC."""

from typing import Annotated, Any, Literal

from pydantic import AwareDatetime, ConfigDict, Field, StringConstraints

from common.web import Model

NUMBER, MONTH = r"[0-9A-Za-z-]{1,20}", r"(19|20)\d{2}-(0[1-9]|1[0-2])"
Number = Annotated[str, StringConstraints(pattern=f"^{NUMBER}$")]
Month = Annotated[str, StringConstraints(pattern=f"^{MONTH}$")]
Amount = Annotated[str, StringConstraints(pattern=r"^-?\d{1,13}\.\d{2}$")]
Name = Annotated[str, StringConstraints(pattern=r"^[a-z0-9-]{1,40}$")]
PAGE = 50
Limit = Annotated[int, Field(ge=1, le=200)]
Cursor = Annotated[str, StringConstraints(min_length=1, max_length=100)]


class AccountPath(Model):
    """An account by any of its numbers."""

    number: Number


class MeterPath(AccountPath):
    """A meter of an account."""

    meter: Annotated[str, StringConstraints(min_length=1, max_length=40)]


class StatementQuery(Model):
    """Which month; `as-of` asks how it stood at a moment, `version` for one of the issued versions."""

    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=False)
    period: Month
    as_of: AwareDatetime | None = Field(None, alias="as-of")
    version: Annotated[int, Field(ge=1, le=1000)] | None = None


class ExplanationQuery(Model):
    """Which month, and which one it is compared with: by default the month before; `as-of` asks how both stood then."""

    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=False)
    period: Month
    as_of: AwareDatetime | None = Field(None, alias="as-of")
    against: Month | None = None


class PageQuery(Model):
    """A page: how many, and where the one before ended."""

    limit: Limit = PAGE
    after: Cursor | None = None


class EntriesQuery(PageQuery):
    """Which facts about money."""

    service: Name | None = None
    period: Month | None = None
    kind: Annotated[str, StringConstraints(pattern=r"^[a-z]+\.[a-z-]+$", max_length=40)] | None = None


class ExportQuery(Model):
    """In which form."""

    format: Literal["csv"] = "csv"


class DueRowView(Model):
    """What is due now for one service."""

    service: str
    name_ru: str
    name_kk: str
    provider: str
    amount: Amount


class DueData(Model):
    """What is due now, and as much of the holder as a cashier may see: initials, and the street without the house.

    `cut_off` is that of the last closed month; everything applied since, through `position`, is counted.
    """

    account: str
    holder: str | None = None
    street_ru: str | None = None
    street_kk: str | None = None
    currency: str
    total: Amount
    rows: list[DueRowView]
    cut_off: str | None = None
    position: str
    stale_since: str | None = None


class Mine(Model):
    """One of the caller's accounts."""

    account: str
    holder: str | None = None
    address_ru: str | None = None
    address_kk: str | None = None
    masked: bool = False
    due_now: Amount
    currency: str
    position: str
    stale_since: str | None = None


class MineList(Model):
    """The caller's accounts."""

    accounts: list[Mine]


class Stated(Model):
    """When something was recorded, and who said so and can change it."""

    recorded_at: str
    provider: str
    name_ru: str | None = None
    name_kk: str | None = None
    phone: str | None = None
    address_ru: str | None = None
    address_kk: str | None = None
    hours: str | None = None


class ServiceView(Model):
    """A service that is provided."""

    service: str
    name_ru: str
    name_kk: str
    since: str
    tariff: dict[str, Any] | None = None
    stated: Stated


class ReadingView(Model):
    """A meter reading."""

    value: str
    taken_on: str
    source: str
    recorded_at: str
    provider: str | None = None


class MeterView(Model):
    """A meter with its last reading."""

    meter: str
    service: str
    coefficient: str | None = None
    verified_until: str | None = None
    replacement_planned: str | None = None
    digits: int | None = None
    installed_on: str | None = None
    last_reading: ReadingView | None = None
    stated: Stated


class AccountData(Model):
    """The account's data as it is today; `stated` tells of each group who said it and when it was recorded."""

    account: str
    numbers: list[str]
    holder: str | None = None
    address_ru: str | None = None
    address_kk: str | None = None
    masked: bool = False
    building: str | None = None
    flat: str | None = None
    premises: str | None = None
    residents: int | None = None
    area_total: str | None = None
    area_heated: str | None = None
    closed: bool
    services: list[ServiceView]
    meters: list[MeterView]
    stated: dict[str, Stated]
    position: str
    stale_since: str | None = None


class MonthView(Model):
    """A month with its totals."""

    period: str
    state: str
    version: int
    opening: Amount
    charged: Amount
    adjusted: Amount
    benefit: Amount
    penalty: Amount
    paid: Amount
    closing: Amount
    to_pay: Amount


class MonthList(Model):
    """Months, newest first."""

    account: str
    periods: list[MonthView]
    stale_since: str | None = None


class Totals(Model):
    """Sums over the rows."""

    opening: Amount
    charged: Amount
    adjusted: Amount
    benefit: Amount
    penalty: Amount
    paid: Amount
    closing: Amount
    to_pay: Amount
    advances: Amount


class RowView(Model):
    """A service's row: closing = opening + charged + adjusted − benefit + penalty − paid."""

    service: str
    name_ru: str
    name_kk: str
    order: int
    provider: str
    opening: Amount
    lines: list[dict[str, Any]]
    charged: Amount
    adjusted: Amount
    adjustments: list[dict[str, Any]]
    benefit: Amount
    benefits: list[dict[str, Any]]
    penalty: Amount
    penalties: list[dict[str, Any]]
    paid: Amount
    closing: Amount
    tariff_group: str | None = None
    decision: str | None = None


class StatementData(Model):
    """A month's statement, issued or open; `since` and `due_now` tell what came after the last close."""

    account: str
    period: str
    state: str
    version: int
    statement: str | None = None
    position: int
    cut_off: str
    due_date: str
    currency: str
    base: dict[str, Any]
    rows: list[RowView]
    meters: list[dict[str, Any]]
    payments: list[dict[str, Any]]
    totals: Totals
    providers: dict[str, dict[str, Any]]
    explanation: dict[str, Any] | None = None
    hash: str
    reissue: dict[str, Any] | None = None
    since: dict[str, Any]
    due_now: dict[str, Any]
    stale_since: str | None = None


class FactName(Model):
    """A fact, found again by its sender and reference."""

    provider: str
    reference: str


class CausePart(Model):
    """A part of a difference: its cause, its signed amount, the facts behind it."""

    cause: Literal[
        "period-length", "residents", "area", "volume", "tariff", "began", "ended", "adjustment", "benefit", "penalty"
    ]
    amount: Amount
    facts: list[FactName]


class ChangedService(Model):
    """Why a service's own sum of the month differs; the parts add up to `difference` = `now` − `before`."""

    service: str
    before: Amount
    now: Amount
    difference: Amount
    main: str
    ru: str
    kk: str
    parts: list[CausePart]


class ExplanationData(Model):
    """Why a month differs from another; only services that differ. What is compared is charged + adjusted − benefit
    + penalty, not the balance."""

    account: str
    period: str
    against: str
    before: Amount
    now: Amount
    difference: Amount
    services: list[ChangedService]


class Share(Model):
    """A payment's part for one service."""

    service: str
    amount: Amount


class EntryView(Model):
    """One fact about money; a payment with its split."""

    kind: str
    counted_in: str
    period: str
    for_period: str | None = None
    service: str | None = None
    amount: Amount
    provider: str
    reference: str
    happened_at: str
    recorded_at: str
    split: list[Share] | None = None
    detail: dict[str, Any]


class Named(Model):
    """A service that a page mentions, by its names today; it need not be provided any more."""

    service: str
    name_ru: str
    name_kk: str


class EntryPage(Model):
    """A page of facts about money, newest first."""

    entries: list[EntryView]
    services: list[Named]
    next: str | None = None


class ReadingPage(Model):
    """A page of readings, oldest first."""

    readings: list[ReadingView]
    next: str | None = None


class ChangeView(Model):
    """What a provider said of the account's base data."""

    kind: str
    holds_from: str
    recorded_at: str
    said: dict[str, Any]
    stated: Stated


class ChangePage(Model):
    """A page of changes, newest first."""

    changes: list[ChangeView]
    services: list[Named]
    next: str | None = None
