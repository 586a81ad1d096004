"""What provider-sync says: the shape of each event's data with one example, the source of schemas and samples.

Intake writes the data as text (domain/decide.py), for speed; tests hold that text against these classes. Amounts are
integer tiyn, quantities decimal texts, days `YYYY-MM-DD`, months `YYYY-MM`; what is absent is an absent key.
"""

from typing import Annotated, Literal

from msgspec import Meta, Struct

from common.eventtypes import Register

SAYS = Register("provider-sync")
ACCOUNTS = "provider-sync.accounts.v1"
HOLDERS = "provider-sync.holders.v1"
DIRECTORY = "provider-sync.directory.v1"
OUTBOX = "providers.{provider}.outbox.v1"

Day = Annotated[str, Meta(pattern=r"^\d{4}-\d{2}-\d{2}$")]
Month = Annotated[str, Meta(pattern=r"^\d{4}-\d{2}$")]
Quantity = Annotated[str, Meta(pattern=r"^-?[0-9]{1,9}(\.[0-9]{1,6})?$")]

_OWN = {"provider": "almaty-heat", "reference": "H-2026-10-000123"}
_HEAT = _OWN | {"posting_period": "2026-10", "service": "heating", "period": "2026-10"}
_UNDOES = {"provider": "almaty-heat", "reference": "H-2026-09-000123"}


class Said(Struct, frozen=True, omit_defaults=True, kw_only=True):
    """What every fact has: who said it, and under which reference."""

    provider: str
    reference: str


class Posted(Said, frozen=True, omit_defaults=True, kw_only=True):
    """A fact about money: the open month it counts in, and the closed one it is late for."""

    posting_period: Month
    late_for: Month | None = None
    warnings: list[str] = []


class Named(Struct, frozen=True):
    """The fact that a correction names."""

    reference: str
    provider: str


@SAYS.says(
    "account.opened",
    ACCOUNTS,
    lambda cls: cls(
        **_OWN, building="b-12", flat="7", premises="flat", area_total="54.10", area_heated="51.00", residents=3
    ),
)
class AccountOpened(Said, frozen=True, omit_defaults=True, kw_only=True):
    """A flat has a personal account."""

    building: str
    flat: str | None = None
    premises: Literal["flat", "house", "non-residential"]
    area_total: Quantity | None = None
    area_heated: Quantity | None = None
    residents: int | None = None


@SAYS.says("account.closed", ACCOUNTS, lambda cls: cls(**_OWN, reason="demolished"))
class AccountClosed(Said, frozen=True, omit_defaults=True, kw_only=True):
    """No more charges; payments, adjustments and reversals still come."""

    reason: str | None = None


@SAYS.says("account.renumbered", ACCOUNTS, lambda cls: cls(**_OWN, number="200000123"))
class AccountRenumbered(Said, frozen=True, omit_defaults=True, kw_only=True):
    """The account has one more number; its id stays."""

    number: str


@SAYS.says("account.residents-changed", ACCOUNTS, lambda cls: cls(**_OWN, residents=4, effective_from="2026-10-01"))
class AccountResidentsChanged(Said, frozen=True, omit_defaults=True, kw_only=True):
    """Another number of residents counts from a day on."""

    residents: int
    effective_from: Day
    document: str | None = None


@SAYS.says("account.area-changed", ACCOUNTS, lambda cls: cls(**_OWN, area_total="60.40", effective_from="2026-10-01"))
class AccountAreaChanged(Said, frozen=True, omit_defaults=True, kw_only=True):
    """Another area counts from a day on."""

    area_total: Quantity
    area_heated: Quantity | None = None
    effective_from: Day
    document: str | None = None


@SAYS.says(
    "account.holder-changed",
    ACCOUNTS,
    lambda cls: cls(**_OWN, holder="h-7f3a", effective_from="2026-10-12", reason="sold"),
)
class AccountHolderChanged(Said, frozen=True, omit_defaults=True, kw_only=True):
    """The account is in another person's name; an opaque id, never a name."""

    holder: str
    effective_from: Day
    reason: Literal["sold", "inherited", "name-corrected"]


@SAYS.says(
    "service.connected",
    ACCOUNTS,
    lambda cls: cls(**_OWN, service_provider="almaty-heat", service="heating", effective_from="2026-08-01"),
)
class ServiceConnected(Said, frozen=True, omit_defaults=True, kw_only=True):
    """A provider serves the account."""

    service_provider: str
    service: str
    tariff_group: str | None = None
    effective_from: Day


@SAYS.says(
    "service.disconnected",
    ACCOUNTS,
    lambda cls: cls(**_OWN, service_provider="almaty-heat", service="heating", effective_from="2026-10-01"),
)
class ServiceDisconnected(Said, frozen=True, omit_defaults=True, kw_only=True):
    """A provider serves the account no more."""

    service_provider: str
    service: str
    tariff_group: str | None = None
    effective_from: Day


@SAYS.says(
    "meter.installed",
    ACCOUNTS,
    lambda cls: cls(
        **_OWN,
        meter="HW-20198834",
        service="hot-water",
        digits=5,
        coefficient="1",
        verified_until="2028-04-01",
        effective_from="2024-04-01",
    ),
)
class MeterInstalled(Said, frozen=True, omit_defaults=True, kw_only=True):
    """A meter counts a service of the account."""

    meter: str
    service: str
    digits: int | None = None
    coefficient: Quantity | None = None
    verified_until: Day | None = None
    replacement_planned: Day | None = None
    effective_from: Day


@SAYS.says("meter.removed", ACCOUNTS, lambda cls: cls(**_OWN, meter="HW-20198834", effective_from="2026-10-15"))
class MeterRemoved(Said, frozen=True, omit_defaults=True, kw_only=True):
    """A meter counts no more."""

    meter: str
    effective_from: Day


@SAYS.says(
    "meter.replacement-planned", ACCOUNTS, lambda cls: cls(**_OWN, meter="HW-20198834", planned_for="2027-02-01")
)
class MeterReplacementPlanned(Said, frozen=True, omit_defaults=True, kw_only=True):
    """When the meter is to be replaced."""

    meter: str
    planned_for: Day


@SAYS.says(
    "meter.read",
    ACCOUNTS,
    lambda cls: cls(**_OWN, meter="HW-20198834", value="316.550", taken_on="2026-10-25", source="by-resident"),
)
class MeterRead(Said, frozen=True, omit_defaults=True, kw_only=True):
    """A reading, measured or estimated, never mixed; `rolled_over` when the dial passed its end since the last one."""

    meter: str
    value: Quantity
    taken_on: Day
    source: Literal["measured", "estimated", "by-resident"]
    rolled_over: bool | None = None
    warnings: list[str] = []


class Tier(Struct, frozen=True):
    """One step of a tiered tariff as charged."""

    volume: Quantity
    price: Quantity
    amount: int


@SAYS.says(
    "charge.posted",
    ACCOUNTS,
    lambda cls: cls(
        **_HEAT,
        from_="2026-09-01",
        to="2026-09-30",
        volume="1.204",
        unit="Gcal",
        tariff="6512.34",
        amount=784086,
        basis="area",
    ),
)
class ChargePosted(Posted, frozen=True, omit_defaults=True, kw_only=True, rename={"from_": "from"}):
    """A charge for a service and a month of the bill; the service period may be another, or absent."""

    service: str
    period: Month
    from_: Day | None = None
    to: Day | None = None
    volume: Quantity | None = None
    unit: str | None = None
    tariff: Quantity | None = None
    tiers: list[Tier] = []
    amount: int
    basis: Literal["meter", "norm", "area", "people", "average", "fixed", "estimate"]
    reading_previous: Quantity | None = None
    reading_current: Quantity | None = None
    formula_ru: str | None = None
    formula_kk: str | None = None


@SAYS.says(
    "charge.adjusted",
    ACCOUNTS,
    lambda cls: cls(
        **_HEAT,
        service_provider="almaty-heat",
        corrects=Named(**_UNDOES),
        amount=-14130,
        reason_code="quality",
        reason="12–14 сентября",
    ),
)
class ChargeAdjusted(Posted, frozen=True, omit_defaults=True, kw_only=True):
    """A correction by `amount`; it names the charge it corrects, or (before the take-over) service and month."""

    service: str
    service_provider: str
    period: Month
    corrects: Named | None = None
    amount: int
    volume: Quantity | None = None
    reason_code: str
    reason: str | None = None


class _Reversal(Posted, frozen=True, omit_defaults=True, kw_only=True):
    service: str
    period: Month
    amount: int
    reverses: Named
    reason: str | None = None


@SAYS.says("charge.reversed", ACCOUNTS, lambda cls: cls(**_HEAT, amount=784086, reverses=Named(**_UNDOES)))
class ChargeReversed(_Reversal, frozen=True, omit_defaults=True, kw_only=True):
    """Undoes one charge; `amount` is what was charged."""


@SAYS.says("benefit.granted", ACCOUNTS, lambda cls: cls(**_HEAT, amount=45985, reason="ветеран труда, 10 %"))
class BenefitGranted(Posted, frozen=True, omit_defaults=True, kw_only=True):
    """A benefit, above zero."""

    service: str
    period: Month
    amount: int
    reason: str


@SAYS.says("benefit.reversed", ACCOUNTS, lambda cls: cls(**_HEAT, amount=45985, reverses=Named(**_UNDOES)))
class BenefitReversed(_Reversal, frozen=True, omit_defaults=True, kw_only=True):
    """Undoes one benefit."""


@SAYS.says("penalty.accrued", ACCOUNTS, lambda cls: cls(**_HEAT, amount=1905, debt=254010, rate="0.03", days=25))
class PenaltyAccrued(Posted, frozen=True, omit_defaults=True, kw_only=True):
    """A penalty for a debt: `rate` in per cent a day, `days` of delay."""

    service: str
    period: Month
    amount: int
    debt: int
    rate: Quantity
    days: int


@SAYS.says("penalty.reversed", ACCOUNTS, lambda cls: cls(**_HEAT, amount=1905, reverses=Named(**_UNDOES)))
class PenaltyReversed(_Reversal, frozen=True, omit_defaults=True, kw_only=True):
    """Undoes one penalty."""


class Part(Struct, frozen=True):
    """A payment's part for one service."""

    service: str
    amount: int


class Assigned(Struct, frozen=True):
    """How a payment for an unknown number found its account: the number it was sent under, who decided, and why."""

    number: str
    by: str
    reason: str


_PAID = {"provider": "halyk-bank", "posting_period": "2026-10", "paid_at": "2026-10-12T06:30:00+00:00"}


@SAYS.says(
    "payment.received",
    ACCOUNTS,
    lambda cls: cls(
        **_PAID,
        reference="HB-77120045",
        amount=1500000,
        channel="bank",
        split=[Part(service="heating", amount=1000000), Part(service="lift", amount=500000)],
    ),
)
class PaymentReceived(Posted, frozen=True, omit_defaults=True, kw_only=True):
    """Money received; without a split the ledger splits it."""

    paid_at: str
    amount: int
    channel: Literal["bank", "terminal", "app", "cash"]
    split: list[Part] = []
    assigned: Assigned | None = None


@SAYS.says(
    "payment.reversed",
    ACCOUNTS,
    lambda cls: cls(
        **_PAID,
        reference="HB-77120045-R",
        amount=1500000,
        reverses=Named(provider="halyk-bank", reference="HB-77120045"),
    ),
)
class PaymentReversed(Posted, frozen=True, omit_defaults=True, kw_only=True):
    """Undoes one payment with the split it had."""

    paid_at: str
    amount: int
    reverses: Named
    reason: str | None = None


@SAYS.says(
    "balance.carried-in",
    ACCOUNTS,
    lambda cls: cls(**_OWN, posting_period="2026-08", service="heating", amount=-250000, period="2026-08"),
)
class BalanceCarriedIn(Posted, frozen=True, omit_defaults=True, kw_only=True):
    """The balance at take-over, before the service's first money: above zero a debt, below an advance."""

    service: str
    amount: int
    period: Month


@SAYS.says(
    "statement.reissue-requested",
    ACCOUNTS,
    lambda cls: cls(
        provider="centre",
        reference="reissue-2026-10-2",
        period="2026-10",
        version=2,
        corrects="residents",
        reason="the house office reported late",
        requested_by="operator/aigul",
    ),
)
class StatementReissueRequested(Said, frozen=True, omit_defaults=True, kw_only=True):
    """An issued statement is to be shown anew: the money of the version before; `corrects` says what was wrong."""

    period: Month
    version: int
    corrects: str
    reason: str
    requested_by: str


@SAYS.says(
    "period.closed", ACCOUNTS, lambda cls: cls(period="2026-10", partition=3, cut_off="2026-11-05T13:00:00+00:00")
)
class PeriodClosed(Struct, frozen=True):
    """The barrier in each partition: what stands before it counts in the month, what stands behind does not."""

    period: Month
    partition: int
    cut_off: str


@SAYS.says(
    "holder.stated",
    HOLDERS,
    lambda cls: cls(
        version=2,
        account="100000123",
        name="Әбдіғаппарова Қарлығаш Үмбетқызы",
        address_ru="Алматы, ул. Тимирязева, 42-7",
        address_kk="Алматы, Тимирязев көшесі, 42-7",
    ),
)
class HolderStated(Struct, frozen=True, omit_defaults=True, kw_only=True):
    """Name and address of an account's holder, on a compacted topic; a record without a value erases them."""

    version: int
    account: str
    name: str
    address_ru: str
    address_kk: str
    phone: str | None = None


@SAYS.says(
    "directory.stated",
    DIRECTORY,
    lambda cls: cls(
        version=1,
        id="heating",
        provider="almaty-heat",
        name_ru="Отопление",
        name_kk="Жылыту",
        unit_ru="Гкал",
        unit_kk="Гкал",
        order=1,
    ),
)
class DirectoryStated(Struct, frozen=True, omit_defaults=True, kw_only=True):
    """One entry of the reference data, on a compacted topic under `service/…`, `provider/…`, `tariff/…`, `building/…`.

    The sample is a service; the others have the fields of their own kind.
    """

    version: int
    id: str
    provider: str | None = None
    name_ru: str | None = None
    name_kk: str | None = None
    unit_ru: str | None = None
    unit_kk: str | None = None
    order: int | None = None
    succeeds: list[str] = []


@SAYS.says(
    "fact.answered",
    OUTBOX,
    lambda cls: cls(
        reference="H-2026-10-000123",
        status="rejected",
        code="closed-account",
        detail={"ru": "Лицевой счёт закрыт.", "kk": "Дербес шот жабылған.", "en": "The account is closed."},
        field="/account",
        partition=3,
        offset=1207,
    ),
)
class FactAnswered(Struct, frozen=True, omit_defaults=True, kw_only=True):
    """What became of a fact that came by Kafka, once per record; `partition` and `offset` are its place there."""

    reference: str | None = None
    status: Literal["accepted", "held", "duplicate", "conflict", "rejected", "unmatched", "retry"]
    position: str | None = None
    code: str | None = None
    detail: dict[str, str] | None = None
    field: str | None = None
    partition: int
    offset: int
