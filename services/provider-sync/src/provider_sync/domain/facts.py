"""Facts as a sender writes them, one class per kind: NDJSON line, CSV row and body of the event in one shape.

`account` and `at` stand before `reference`, so that the event's data is the encoded fact from `"reference"` on.
Amounts are decimal strings outside and integer tiyn in events; the hooks translate.
"""

from collections.abc import Callable
from datetime import date, datetime
from typing import Annotated, Any, Literal

import msgspec
from msgspec import UNSET, Meta, Struct, UnsetType

from common.money import BadAmount, Tiyn, parse_amount

_REFERENCE = "The sender's own name of the fact, bound to its content for ever: the same again counts once."
_ACCOUNT = "Any number of the account."
_AT = "When it happened, with a zone; without it the day of the fact, or now."
_PERIOD = "A month, `2026-10`."
Reference = Annotated[str, Meta(min_length=1, max_length=100, description=_REFERENCE)]
Number = Annotated[str, Meta(description=_ACCOUNT)]
Month = Annotated[str, Meta(description=_PERIOD)]
ServiceId = Annotated[str, Meta(description="A service of the directory.")]
Id = Annotated[str, Meta(pattern=r"^[a-z0-9-]{1,40}$")]
QUANTITY = r"-?[0-9]{1,9}(\.[0-9]{1,6})?"
Quantity = Annotated[str, Meta(pattern=f"^{QUANTITY}$")]
Size = Annotated[str, Meta(pattern=r"^[0-9]{1,9}(\.[0-9]{1,6})?$")]
Text = Annotated[str, Meta(max_length=200)]
LongText = Annotated[str, Meta(max_length=500)]
Reason = Annotated[str, Meta(min_length=1, max_length=500)]
Name = Annotated[str, Meta(min_length=1, max_length=200)]
Meter = Annotated[str, Meta(min_length=1, max_length=40)]
Instant = Annotated[datetime, Meta(tz=True)]
Basis = Literal["meter", "norm", "area", "people", "average", "fixed", "estimate"]
Count = Annotated[int, Meta(ge=0, le=1000)]


class Amount(int):
    """Tiyn; its own class so that msgspec asks the hooks."""


class Fact(Struct, tag_field="kind", forbid_unknown_fields=True, omit_defaults=True, kw_only=True, gc=False):
    """What every fact of an account has."""

    account: Number
    at: Annotated[Instant | UnsetType, Meta(description=_AT)] = UNSET
    reference: Reference


class AccountOpened(Fact, tag="account.opened", kw_only=True):
    """A flat or house gets a personal account: before anything else is said of it. Areas in square metres."""

    building: Id
    flat: Text | UnsetType = UNSET
    premises: Literal["flat", "house", "non-residential"]
    area_total: Size | UnsetType = UNSET
    area_heated: Size | UnsetType = UNSET
    residents: Count | UnsetType = UNSET


class AccountClosed(Fact, tag="account.closed", kw_only=True):
    """No more charges; payments, adjustments and reversals are still taken."""

    reason: Text | UnsetType = UNSET


class AccountRenumbered(Fact, tag="account.renumbered", kw_only=True):
    """The account has one more number, for ever; all its numbers lead to the same account."""

    number: str


class ResidentsChanged(Fact, tag="account.residents-changed", kw_only=True):
    """Another number of residents counts from a day on; with the paper that says so."""

    residents: Count
    effective_from: date
    document: Text | UnsetType = UNSET


class AreaChanged(Fact, tag="account.area-changed", kw_only=True):
    """Another area in square metres counts from a day on."""

    area_total: Size
    area_heated: Size | UnsetType = UNSET
    effective_from: date
    document: Text | UnsetType = UNSET


class HolderChanged(Fact, tag="account.holder-changed", kw_only=True):
    """The account is in another person's name: an opaque id of yours, never a name (names are said by `holder`)."""

    holder: Text
    effective_from: date
    reason: Literal["sold", "inherited", "name-corrected"]


class ServiceConnected(Fact, tag="service.connected", kw_only=True):
    """A service is provided on the account from a day on, in a tariff group; said again, the group changes."""

    service: ServiceId
    tariff_group: Text | UnsetType = UNSET
    effective_from: date


class ServiceDisconnected(Fact, tag="service.disconnected", kw_only=True):
    """A service is provided no more from a day on, which is not before it was connected."""

    service: ServiceId
    tariff_group: Text | UnsetType = UNSET
    effective_from: date


class MeterInstalled(Fact, tag="meter.installed", kw_only=True):
    """A meter counts a service from a day on. `digits` are those of its dial before the point."""

    meter: Meter
    service: ServiceId
    digits: Annotated[int, Meta(ge=1, le=12)] | UnsetType = UNSET
    coefficient: Size | UnsetType = UNSET
    verified_until: date | UnsetType = UNSET
    replacement_planned: date | UnsetType = UNSET
    effective_from: date


class MeterRemoved(Fact, tag="meter.removed", kw_only=True):
    """A meter counts no more from a day on; its last reading may still be said afterwards."""

    meter: Meter
    effective_from: date


class ReplacementPlanned(Fact, tag="meter.replacement-planned", kw_only=True):
    """When a meter is to be replaced."""

    meter: Meter
    planned_for: date


class MeterRead(Fact, tag="meter.read", kw_only=True):
    """A reading in the unit of the service, taken on a day of the meter's life; a lower one is taken, too."""

    meter: Meter
    value: Size
    taken_on: date
    source: Literal["measured", "estimated", "by-resident"]


class Tier(Struct, forbid_unknown_fields=True, gc=False):
    """One step of a tariff in tiers."""

    volume: Quantity
    price: Quantity
    amount: Amount


class ChargePosted(Fact, tag="charge.posted", kw_only=True, rename={"from_": "from"}):
    """A charge for one of your own services.

    `period` is the month of the bill, `from` and `to` when it was consumed (odd or absent ones are a warning). At a
    single `tariff`, or in up to three `tiers`.
    """

    service: ServiceId
    period: Month
    from_: str | UnsetType = UNSET
    to: str | UnsetType = UNSET
    volume: Quantity | UnsetType = UNSET
    unit: Text | UnsetType = UNSET
    tariff: Quantity | UnsetType = UNSET
    tiers: Annotated[list[Tier], Meta(min_length=1, max_length=3)] | UnsetType = UNSET
    amount: Amount
    basis: Basis
    reading_previous: Quantity | UnsetType = UNSET
    reading_current: Quantity | UnsetType = UNSET
    formula_ru: LongText | UnsetType = UNSET
    formula_kk: LongText | UnsetType = UNSET


class Named(Struct, forbid_unknown_fields=True, omit_defaults=True, gc=False):
    """The fact that a correction names; without a provider one's own."""

    reference: Reference
    provider: Id | UnsetType = UNSET


class ChargeAdjusted(Fact, tag="charge.adjusted", kw_only=True):
    """A correction of a charge by `amount` and `volume`: both are differences.

    Names the charge in `corrects`; or, with the scope `unnamed-adjustment`, a `service` and `period` instead.
    """

    corrects: Named | UnsetType = UNSET
    service: str | UnsetType = UNSET
    period: str | UnsetType = UNSET
    amount: Amount
    volume: Quantity | UnsetType = UNSET
    reason_code: Id
    reason: LongText | UnsetType = UNSET


class Reversal(Fact, kw_only=True):
    """What all reversals have."""

    reverses: Named
    reason: LongText | UnsetType = UNSET


class ChargeReversed(Reversal, tag="charge.reversed", kw_only=True):
    """Undoes one charge, once, by what was charged; adjustments of it stay."""


class BenefitReversed(Reversal, tag="benefit.reversed", kw_only=True):
    """Undoes one benefit, once."""


class PenaltyReversed(Reversal, tag="penalty.reversed", kw_only=True):
    """Undoes one penalty, once."""


class PaymentReversed(Reversal, tag="payment.reversed", kw_only=True):
    """Undoes one payment, once, with the split it had. Money that goes back to its payer is another thing."""


class BenefitGranted(Fact, tag="benefit.granted", kw_only=True):
    """A benefit, above zero, with the reason that is printed."""

    service: ServiceId
    period: Month
    amount: Amount
    reason: Reason


class PenaltyAccrued(Fact, tag="penalty.accrued", kw_only=True):
    """A penalty, above zero: for a debt, at a rate in per cent a day, for so many days."""

    service: ServiceId
    period: Month
    amount: Amount
    debt: Amount
    rate: Size
    days: Annotated[int, Meta(ge=1, le=100_000)]


class Part(Struct, forbid_unknown_fields=True, gc=False):
    """A payment's part for one service."""

    service: ServiceId
    amount: Amount


class PaymentReceived(Fact, tag="payment.received", kw_only=True):
    """Money received, above zero.

    For a number that nobody opened it is kept and follows its account. `split` over services adds up to the amount;
    without it the centre splits.
    """

    paid_at: Instant
    amount: Amount
    channel: Literal["bank", "terminal", "app", "cash"]
    split: Annotated[list[Part], Meta(min_length=1, max_length=50)] | UnsetType = UNSET


class CarriedIn(Fact, tag="balance.carried-in", kw_only=True):
    """The balance of a service at the take-over, before its first charge: above zero a debt, below an advance."""

    service: ServiceId
    amount: Amount
    period: Month


class HolderStated(
    Struct, tag_field="kind", tag="holder", forbid_unknown_fields=True, omit_defaults=True, kw_only=True
):
    """Name and address of an account's holder: never an event, only the compacted topic and an ordinary table."""

    account: Number
    reference: Reference
    name: Name
    address_ru: Name
    address_kk: Name
    phone: Text | UnsetType = UNSET


class Directory(Struct, tag_field="kind", forbid_unknown_fields=True, omit_defaults=True, kw_only=True):
    """What every row of reference data has."""

    reference: Reference
    id: Id


class ProviderStated(Directory, tag="directory.provider", kw_only=True):
    """A sender. `succeeds` names providers it took over: it may correct and undo their facts, too."""

    name_ru: Name
    name_kk: Name
    succeeds: Annotated[list[Id], Meta(max_length=20)] | UnsetType = UNSET
    bin: Text | UnsetType = UNSET
    iban: Text | UnsetType = UNSET
    bic: Text | UnsetType = UNSET
    phone: Text | UnsetType = UNSET
    address_ru: Text | UnsetType = UNSET
    address_kk: Text | UnsetType = UNSET
    hours: Text | UnsetType = UNSET


class ServiceStated(Directory, tag="directory.service", kw_only=True):
    """A service with its provider, its names and its place on the bill."""

    provider: Id
    name_ru: Name
    name_kk: Name
    unit_ru: Text | UnsetType = UNSET
    unit_kk: Text | UnsetType = UNSET
    order: Annotated[int, Meta(ge=0, le=1000)]


class TariffTier(Struct, forbid_unknown_fields=True, omit_defaults=True):
    """One step of a published tariff: up to this volume, this price."""

    price: Quantity
    up_to: Quantity | UnsetType = UNSET


class TariffStated(Directory, tag="directory.tariff", kw_only=True):
    """A tariff of a service and group from a day on: one price, or tiers."""

    service: ServiceId
    tariff_group: Text | UnsetType = UNSET
    price: Quantity | UnsetType = UNSET
    tiers: Annotated[list[TariffTier], Meta(min_length=1, max_length=3)] | UnsetType = UNSET
    unit_ru: Text | UnsetType = UNSET
    unit_kk: Text | UnsetType = UNSET
    effective_from: date
    decision: Text | UnsetType = UNSET


class BuildingStated(Directory, tag="directory.building", kw_only=True):
    """A building of the register, as its address is printed."""

    address_ru: Name
    address_kk: Name


Sequenced = (
    AccountOpened | AccountClosed | AccountRenumbered | ResidentsChanged | AreaChanged | HolderChanged
    | ServiceConnected | ServiceDisconnected | MeterInstalled | MeterRemoved | ReplacementPlanned
    | MeterRead | ChargePosted | ChargeAdjusted | ChargeReversed | BenefitGranted | BenefitReversed
    | PenaltyAccrued | PenaltyReversed | PaymentReceived | PaymentReversed | CarriedIn
)  # fmt: skip
Stated = HolderStated | ProviderStated | ServiceStated | TariffStated | BuildingStated
AnyFact = Sequenced | Stated


def _from_sender(kind: type[Any], value: object) -> Amount:
    """Amounts from outside are strings; a JSON number is refused."""
    try:
        return Amount(parse_amount(value))
    except BadAmount as error:
        raise ValueError("amount") from error


def _from_store(kind: type[Any], value: int) -> Amount:
    return Amount(value)


decode: Callable[[bytes], AnyFact] = msgspec.json.Decoder(AnyFact, dec_hook=_from_sender).decode
restore: Callable[[str], AnyFact] = msgspec.json.Decoder(AnyFact, dec_hook=_from_store).decode
encode: Callable[[AnyFact], bytes] = msgspec.json.Encoder(enc_hook=int).encode


def from_fields(fields: dict[str, Any]) -> AnyFact:
    """A fact from a table's row: all values are texts. Raises msgspec.ValidationError."""
    fact: AnyFact = msgspec.convert(fields, AnyFact, strict=False, dec_hook=_from_sender)
    return fact


def from_event(kind: str, account: str, at: str, data: str) -> AnyFact:
    """The fact that an event was made of; raises msgspec.ValidationError for a kind that no sender says."""
    own = data[data.index('"reference":') :]
    return restore(f'{{"kind":"{kind}","account":"{account}","at":"{at}",{own}')


def kind_of(fact: AnyFact) -> str:
    """The fact's kind as written, `charge.posted`."""
    return str(type(fact).__struct_config__.tag)


def amount_of(fact: AnyFact) -> Tiyn:
    """What the fact counts in control totals; 0 for facts without money."""
    return Tiyn(int(getattr(fact, "amount", 0)))
