"""Facts of others, as narrowly as the ledger reads them: unknown fields are ignored, amounts are integer tiyn."""

from datetime import datetime
from typing import Any

from msgspec import Struct

from common.envelope import PREFIX, full_type
from common.upcasting import Upcasts

ACCOUNTS = "provider-sync.accounts.v1"
HOLDERS = "provider-sync.holders.v1"
DIRECTORY = "provider-sync.directory.v1"
USERS = "identity.users.v1"
RECEIPTS = "receipts.receipts.v1"


class Named(Struct, frozen=True, gc=False):
    """A fact of a provider, found again by (provider, reference)."""

    provider: str
    reference: str


class Money(Named, frozen=True, gc=False, kw_only=True):
    """A fact that moves money on one service; `late_for` is the closed month it was meant for."""

    posting_period: str
    service: str
    amount: int
    period: str = ""
    late_for: str | None = None


class Payment(Named, frozen=True, gc=False, kw_only=True):
    """Money received; without a split the ledger splits it by its rule."""

    posting_period: str
    amount: int
    paid_at: str
    late_for: str | None = None
    split: "list[Share] | None" = None


class Share(Struct, frozen=True, gc=False):
    """A given part of a payment."""

    service: str
    amount: int


class PaymentReversed(Named, frozen=True, gc=False, kw_only=True):
    """A payment taken back whole."""

    posting_period: str
    amount: int
    reverses: Named
    late_for: str | None = None


class Tier(Struct, frozen=True, omit_defaults=True):
    """One step of a tiered tariff as it was charged."""

    volume: str
    price: str
    amount: int | None = None


class Detail(Struct, frozen=True, omit_defaults=True, rename={"from_": "from"}):
    """What of a money fact is shown but never counted; one tolerant reader for every kind."""

    from_: str | None = None
    to: str | None = None
    volume: str | None = None
    unit: str | None = None
    tariff: str | None = None
    tiers: list[Tier] = []
    basis: str | None = None
    reading_previous: str | None = None
    reading_current: str | None = None
    formula_ru: str | None = None
    formula_kk: str | None = None
    warnings: list[str] = []
    reason_code: str | None = None
    reason: str | None = None
    debt: int | None = None
    rate: str | None = None
    days: int | None = None
    paid_at: str | None = None
    channel: str | None = None
    corrects: Named | None = None
    reverses: Named | None = None


class Change(Struct, frozen=True, omit_defaults=True):
    """What a provider said of the account's base data; every kind fills the fields it knows."""

    provider: str
    reference: str
    effective_from: str | None = None
    building: str | None = None
    flat: str | None = None
    premises: str | None = None
    residents: int | None = None
    area_total: str | None = None
    area_heated: str | None = None
    number: str | None = None
    holder: str | None = None
    reason: str | None = None
    document: str | None = None
    service: str | None = None
    service_provider: str | None = None
    tariff_group: str | None = None
    meter: str | None = None
    digits: int | None = None
    coefficient: str | int | None = None
    verified_until: str | None = None
    replacement_planned: str | None = None
    planned_for: str | None = None


class MeterRead(Named, frozen=True, gc=False, kw_only=True):
    """A reading as the provider took it."""

    meter: str
    value: str
    taken_on: str
    source: str


class ReissueRequested(Named, frozen=True, kw_only=True):
    """An operator wants an issued statement shown anew; `version` is the new one, `corrects` what was shown wrongly."""

    period: str
    version: int = 2
    corrects: str = ""
    reason: str = ""
    requested_by: str | None = None


class PeriodClosed(Struct, frozen=True):
    """The barrier: every fact of `period` in this partition stands before it."""

    period: str
    partition: int
    cut_off: str


class CulpritData(Struct, frozen=True):
    """Who said a fact that cannot be applied."""

    provider: str | None = None
    reference: str | None = None


class Culprit(Struct, frozen=True):
    """As much as can be read of an event that cannot be applied."""

    sequence: int | None = None
    type: str | None = None
    data: CulpritData = CulpritData()


class Holder(Struct, frozen=True):
    """Name and address of an account's holder, as printed."""

    version: int
    name: str = ""
    address_ru: str = ""
    address_kk: str = ""
    phone: str | None = None


class Versioned(Struct, frozen=True):
    """Any record of a compacted topic: its version decides which one stays."""

    version: int


class Service(Struct, frozen=True):
    """A service of the directory; `order` is its place on the bill."""

    provider: str = ""
    name_ru: str = ""
    name_kk: str = ""
    unit_ru: str = ""
    unit_kk: str = ""
    order: int = 999


class Provider(Struct, frozen=True, omit_defaults=True):
    """A provider of the directory with all that a bill prints of it."""

    name_ru: str = ""
    name_kk: str = ""
    bin: str = ""
    iban: str = ""
    bic: str = ""
    phone: str = ""
    address_ru: str = ""
    address_kk: str = ""
    hours: str = ""


class Tariff(Struct, frozen=True, omit_defaults=True):
    """A tariff of the directory: a price or tiers, for a service and group from a day on."""

    service: str
    tariff_group: str = ""
    price: str | None = None
    tiers: list[dict[str, str]] | None = None
    unit_ru: str = ""
    unit_kk: str = ""
    effective_from: str = ""
    decision: str = ""


class StatedKey(Struct, frozen=True):
    """A key of a payment agent or an operator; `hash` is the SHA-256 of its secret in hexadecimal."""

    owner: str
    hash: str
    scopes: list[str]
    expires_at: datetime | None = None
    revoked: bool = False


class Link(Struct, frozen=True):
    """Which user may see which account; the name stays masked until `masked_until`."""

    user: str
    account: str = ""
    masked_until: str | None = None


class DraftWanted(Struct, frozen=True):
    """The answer goes out under the id `request`, when the positions `after` are applied."""

    request: str
    after: list[str] = []


class ReceiptRequested(Struct, frozen=True):
    """Somebody wants a receipt; with `draft` the month is open and the ledger answers."""

    account: str
    period: str
    draft: DraftWanted | None = None


UPCASTS = Upcasts()
RECEIPT_REQUESTED = full_type("receipts", "receipt.requested", 2)


@UPCASTS.away_from("receipts", "receipt.requested", 1)
def _draft_in_one(old: dict[str, Any]) -> dict[str, Any]:
    """Version 1 had id and positions beside `draft`, which without an id asked for nothing."""
    asks = old.get("draft") and old.get("request")
    wanted = {"request": old["request"], "after": old.get("after", [])} if asks else None
    return {"account": old["account"], "period": old["period"], "draft": wanted}


def accounts_type(name: str) -> str:
    """`charge.posted` → the full type on the accounts topic."""
    return f"{PREFIX}.provider-sync.{name}.v1"


def users_type(name: str) -> str:
    """`account.linked` → the full type on the users topic."""
    return f"{PREFIX}.identity.{name}.v1"


USERS_SKIPPED = frozenset(
    map(users_type, ("user.registered", "user.confirmed", "language.changed", "password.changed", "email.changed"))
)


def receipts_type(name: str) -> str:
    """`receipt.requested` → the full type on the receipts topic."""
    return f"{PREFIX}.receipts.{name}.v1"
