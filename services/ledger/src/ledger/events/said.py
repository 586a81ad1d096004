"""What the ledger says: statements, drafts, allocations. Amounts are integer tiyn; absent values are absent keys."""

import hashlib
from typing import TypeVar

import msgspec
from msgspec import Struct

from common.eventtypes import Register
from ledger.events.heard import Named, Provider, Tier

STATEMENTS = "ledger.statements.v1"
DRAFTS = "ledger.drafts.v1"
ALLOCATIONS = "ledger.allocations.v1"

LEDGER = Register("ledger")


_canonical = msgspec.json.Encoder(order="sorted")
Shown = TypeVar("Shown", bound="StatementIssued")


def sealed(statement: Shown) -> Shown:
    """The statement with the SHA-256 of its canonical JSON (sorted keys, without `hash`)."""
    bare = msgspec.structs.replace(statement, hash="")
    return msgspec.structs.replace(statement, hash=hashlib.sha256(_canonical.encode(bare)).hexdigest())


class Base(Struct, frozen=True, omit_defaults=True):
    """The account's base data as of the last day of the month; `number` is the newest one it is known by."""

    building: str | None = None
    flat: str | None = None
    premises: str | None = None
    residents: int | None = None
    area_total: str | None = None
    area_heated: str | None = None
    number: str | None = None
    closed: bool = False


class Line(Struct, frozen=True, omit_defaults=True, rename={"from_": "from"}):
    """One charge."""

    reference: str
    amount: int
    from_: str | None = None
    to: str | None = None
    volume: str | None = None
    unit: str | None = None
    unit_ru: str | None = None
    unit_kk: str | None = None
    tariff: str | None = None
    tiers: list[Tier] = []
    basis: str | None = None
    reading_previous: str | None = None
    reading_current: str | None = None
    formula_ru: str | None = None
    formula_kk: str | None = None
    warnings: list[str] = []


class Adjustment(Struct, frozen=True, omit_defaults=True, rename={"from_": "from"}):
    """A correction, a reversal or a late fact; `for_period` is the month it speaks of.

    `kind` is charge.adjusted, charge.reversed or late, `fact` what a late one was. `corrects` is the reference of the
    charge that is corrected or reversed; volume, unit and tariff are those of the correction or of the late charge.
    """

    reference: str
    amount: int
    kind: str
    reason_code: str | None = None
    reason: str | None = None
    for_period: str | None = None
    fact: str | None = None
    corrects: str | None = None
    from_: str | None = None
    to: str | None = None
    volume: str | None = None
    unit: str | None = None
    unit_ru: str | None = None
    unit_kk: str | None = None
    tariff: str | None = None


class Benefit(Struct, frozen=True, omit_defaults=True):
    """A benefit, negative when one was taken back."""

    amount: int
    reason: str | None = None
    reference: str = ""
    for_period: str | None = None


class Penalty(Struct, frozen=True, omit_defaults=True):
    """A penalty with its formula (debt in tiyn, per cent a day, days), negative when one was taken back."""

    amount: int
    debt: int | None = None
    rate: str | None = None
    days: int | None = None
    reference: str = ""
    for_period: str | None = None


class Row(Struct, frozen=True, omit_defaults=True):
    """One service: closing = opening + charged + adjusted − benefit + penalty − paid.

    Whom to ask stands under `provider` in the statement's `providers`. `tariff_group` is the account's, `decision` what
    the tariff of the directory rests on, both on the last day of the month.
    """

    service: str
    name_ru: str
    name_kk: str
    order: int
    provider: str
    opening: int
    lines: list[Line]
    charged: int
    adjusted: int
    adjustments: list[Adjustment]
    benefit: int
    benefits: list[Benefit]
    penalty: int
    penalties: list[Penalty]
    paid: int
    closing: int
    tariff_group: str | None = None
    decision: str | None = None


class Reading(Struct, frozen=True):
    """A meter reading as it is printed; `source` tells measured, estimated and by-resident apart."""

    value: str
    on: str
    source: str


class Meter(Struct, frozen=True, omit_defaults=True):
    """A meter with its last two readings; one that was removed within the month is shown a last time.

    `usage` is (current − previous) × coefficient, over the roll-over of the digits, when the current reading is of this
    month. `expired` when the verification ran out before the month's end.
    """

    meter: str
    service: str
    coefficient: str | None = None
    verified_until: str | None = None
    replacement_planned: str | None = None
    previous: Reading | None = None
    current: Reading | None = None
    digits: int | None = None
    installed_on: str | None = None
    removed_on: str | None = None
    usage: str | None = None
    expired: bool = False


class PaymentShown(Struct, frozen=True, omit_defaults=True):
    """A payment of the month; a reversal is negative."""

    reference: str
    provider: str
    amount: int
    paid_at: str | None = None
    channel: str | None = None


class Totals(Struct, frozen=True):
    """Sums of the rows; `to_pay` of the positive closings, `advances` of the negative ones, turned positive."""

    opening: int
    charged: int
    adjusted: int
    benefit: int
    penalty: int
    paid: int
    closing: int
    to_pay: int
    advances: int


class SinceRow(Struct, frozen=True, omit_defaults=True):
    """What came of one service after the last closed month."""

    service: str
    charged: int = 0
    adjusted: int = 0
    benefit: int = 0
    penalty: int = 0
    paid: int = 0


class Cause(Struct, frozen=True, omit_defaults=True):
    """A part of a difference; causes: period-length, residents, area, volume, tariff, began, ended, adjustment, benefit
    and penalty.

    `facts` are named where a reader asks for them; a statement does without, for it carries them in its rows.
    """

    cause: str
    amount: int
    facts: list[Named] = []


class Changed(Struct, frozen=True):
    """Why a service's own sum of the month (charged + adjusted − benefit + penalty) differs: the parts add up to it."""

    service: str
    before: int
    now: int
    main: str
    ru: str
    kk: str
    parts: list[Cause]


class Explanation(Struct, frozen=True):
    """Why the month differs from the month `against`; only services that differ, in the order of the bill."""

    against: str
    before: int
    now: int
    services: list[Changed]


class Since(Struct, frozen=True):
    """What came after the last closed month, in all and per service."""

    cut_off: str | None
    payments: list[PaymentShown]
    paid: int
    charged: int
    adjusted: int
    benefit: int = 0
    penalty: int = 0
    rows: list[SinceRow] = []


class DueRow(Struct, frozen=True):
    """What is due now for one service."""

    service: str
    amount: int


class DueNow(Struct, frozen=True):
    """What is due as if every open month closed now, advances applied."""

    total: int
    rows: list[DueRow]


class Reissue(Struct, frozen=True, omit_defaults=True):
    """Why there is a version after the first: its money repeats version `version`, only what is shown was corrected."""

    version: int
    statement: str
    corrects: str
    reason: str
    requested_at: str
    requested_by: str | None = None


def _totals() -> Totals:
    return Totals(
        opening=0,
        charged=784086,
        adjusted=0,
        benefit=0,
        penalty=0,
        paid=500000,
        closing=284086,
        to_pay=284086,
        advances=0,
    )


def _example(cls: type["StatementIssued"]) -> "StatementIssued":
    row = Row(
        "heating", "Отопление", "Жылыту", 1, "almaty-heat", 0, [_line()], 784086, 0, [], 0, [], 0, [], 500000, 284086,
        "flat", "приказ № 12 от 01.07.2026",
    )  # fmt: skip
    return sealed(
        cls(
            statement="5f0c1c1e-7a55-5d43-9d5e-1f2f52a0f1b1",
            account="100000123",
            period="2026-10",
            version=1,
            state="issued",
            position=41,
            cut_off="2026-11-05T13:00:00Z",
            due_date="2026-11-25",
            currency="KZT",
            base=Base("b-12", "7", "flat", 3, "54.10", "51.00", "200000123"),
            rows=[row],
            meters=[_meter()],
            payments=[PaymentShown("P-1", "halyk", 500000, "2026-10-10T07:00:00Z", "bank")],
            totals=_totals(),
            providers={
                "almaty-heat": Provider(
                    "Алматинские тепловые сети",
                    "Алматы жылу желілері",
                    "970240000123",
                    "KZ12345678901234567890",
                    "HSBKKZKX",
                    "+7 727 300 00 01",
                    "Алматы, ул. Байзакова, 221",
                    "Алматы, Байзақов көшесі, 221",
                    "Пн–Пт 9:00–18:00",
                )
            },
            explanation=_explanation(),
        )
    )


def _meter() -> Meter:
    return Meter(
        "M-1",
        "cold-water",
        "1",
        "2028-04-01",
        "2028-03-01",
        Reading("10", "2026-09-20", "measured"),
        Reading("12.5", "2026-10-20", "estimated"),
        5,
        "2024-04-01",
        usage="2.5",
    )


def _explanation() -> Explanation:
    changed = Changed(
        "heating",
        651234,
        784086,
        "volume",
        "На 1\u00a0328,52\u00a0₸ больше, чем за 09.2026: больше объём потребления.",
        "09.2026 кезеңінен 1\u00a0328,52\u00a0₸ артық: тұтыну көлемі көбейді.",
        [Cause("volume", 132852)],
    )
    return Explanation("2026-09", 651234, 784086, [changed])


def _line() -> Line:
    return Line(
        "H-2026-10-000123",
        784086,
        "2026-09-01",
        "2026-09-30",
        "1.204000",
        "Gcal",
        "Гкал",
        "Гкал",
        "6512.34",
        basis="area",
    )


@LEDGER.says("statement.issued", STATEMENTS, _example)
class StatementIssued(Struct, frozen=True, omit_defaults=True, kw_only=True):
    """Everything that is printed of one account and month, but for the holder's name and address.

    `state` is issued, or open for a draft, which is provisional. From version 2 on `reissue` names the version before.
    """

    statement: str | None
    account: str
    period: str
    version: int
    state: str
    position: int
    cut_off: str
    due_date: str
    currency: str
    base: Base
    rows: list[Row]
    meters: list[Meter]
    payments: list[PaymentShown]
    totals: Totals
    providers: dict[str, Provider]
    explanation: Explanation | None = None
    hash: str = ""
    reissue: Reissue | None = None


def _drafted(cls: type["StatementDrafted"]) -> "StatementDrafted":
    issued = {f: getattr(_example(StatementIssued), f) for f in StatementIssued.__struct_fields__}
    since = Since("2026-10-05T13:00:00Z", issued["payments"], 500000, 784086, 0)
    opened = {"statement": None, "version": 0, "state": "open", "request": "0192-r", "since": since, "hash": ""}
    return sealed(cls(**(issued | opened), due_now=DueNow(284086, [DueRow("heating", 284086)])))


@LEDGER.says("statement.drafted", DRAFTS, _drafted)
class StatementDrafted(StatementIssued, frozen=True, omit_defaults=True, kw_only=True):
    """The same for an open month, in answer to a request."""

    request: str
    since: Since
    due_now: DueNow


@LEDGER.says("statement.draft-refused", DRAFTS, lambda cls: cls("0192-r", "100000123", "2026-10", "period-closed"))
class StatementDraftRefused(Struct, frozen=True):
    """Why there is no draft: unknown-account, period-closed, period-not-open, account-parked."""

    request: str
    account: str
    period: str
    reason: str


class PaymentRef(Struct, frozen=True):
    """The payment that is split; an advance applied at a close names the close."""

    provider: str
    reference: str


class Allocated(Struct, frozen=True, omit_defaults=True):
    """A signed part for one service and its utility."""

    service: str
    amount: int
    provider: str = ""


@LEDGER.says(
    "payment.allocated",
    ALLOCATIONS,
    lambda cls: cls(
        PaymentRef("halyk", "P-1"), "100000123", [Allocated("heating", 500000, "almaty-heat")], 1, "2026-10-10"
    ),
)
class PaymentAllocated(Struct, frozen=True):
    """How a payment, its reversal or an applied advance went to the services; `rule` 0 means the payer's own split."""

    payment: PaymentRef
    account: str
    split: list[Allocated]
    rule: int
    day: str


class ParkedFact(Struct, frozen=True, omit_defaults=True):
    """The fact that could not be applied, as far as it could be read."""

    sequence: int = 0
    type: str | None = None
    provider: str | None = None
    reference: str | None = None


@LEDGER.says(
    "account.parked",
    ALLOCATIONS,
    lambda cls: cls(
        "100000123",
        "2026-10-15T06:00:01Z",
        "unappliable",
        41,
        ParkedFact(42, "kz.settlement.provider-sync.charge.posted.v1", "almaty-heat", "H-2026-10-000123"),
    ),
)
class AccountParked(Struct, frozen=True, omit_defaults=True):
    """The account stands still since a moment: facts after `position` (a sequence of its log) wait.

    Reasons: undecodable, unappliable, diverged, gap (a sequence is missing for more than a minute).
    """

    account: str
    since: str
    reason: str
    position: int
    fact: ParkedFact | None = None


@LEDGER.says("account.resumed", ALLOCATIONS, lambda cls: cls("100000123", "2026-10-15T06:00:01Z", 44, [42]))
class AccountResumed(Struct, frozen=True, omit_defaults=True):
    """The account that was parked since `since` goes on, applied through `position`; `dismissed` were passed over."""

    account: str
    since: str
    position: int
    dismissed: list[int] = []
