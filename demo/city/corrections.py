"""What a utility takes back, adds or forgives: adjustments, reversals, benefits, penalties."""

from decimal import Decimal
from random import Random

from demo.city.catalogue import SERVICE, price_for
from demo.city.counting import estimate, is_estimated, usage
from demo.city.facts import Fact, Register, before, money
from demo.city.ledgerbook import Posted
from demo.city.model import Flat
from demo.city.pricing import charges

PENALTY_RATE = Decimal("0.06")  # per cent a day


def posts_wrong(flat: Flat, service: str, month: str) -> bool:
    """The charge that is posted doubled in August and reversed in September."""
    return "charge-reversed" in flat.traits and service == "upkeep" and month == "2026-08"


def write(register: Register, flat: Flat, service: str, posted: Posted) -> None:
    """All corrections of one service in one month's file."""
    for rule in (_heat, _estimate, _at_once, _before_take_over, _wrong, _benefit, _penalty):
        rule(register, flat, service, posted)


def _heat(register: Register, flat: Flat, service: str, posted: Posted) -> None:
    if "heat-adjusted" not in flat.traits or service != "heating" or register.month == "2026-08":
        return
    charge = posted.first(flat.account, service, before(register.month))
    if charge is not None:
        share = Decimal(Random(f"{flat.seed}/heat/{flat.account}/{register.month}").randrange(-180, 60)).scaleb(-3)
        _adjust(register, charge, money(Decimal(charge["amount"]) * share), "reading",
                "Перерасчёт по показаниям общедомового прибора учёта")  # fmt: skip


def _estimate(register: Register, flat: Flat, service: str, posted: Posted) -> None:
    past = before(register.month)
    charge = posted.first(flat.account, service, past)
    if flat.meter(service) is None or charge is None or not is_estimated(flat, service, past):
        return
    difference = usage(flat, service, past) - estimate(flat, service, past)
    _adjust(register, charge, money(difference * price_for(SERVICE[service], flat.group)), "reading",
            "Снято контрольное показание вместо расчётного", difference)  # fmt: skip


def _at_once(register: Register, flat: Flat, service: str, posted: Posted) -> None:
    if "adjusted-at-once" not in flat.traits or service != "electricity" or register.month != "2026-10":
        return
    charge = posted.first(flat.account, service, register.month)
    if charge is not None:
        _adjust(register, charge, Decimal("-137.05"), "quality", "Перерыв в подаче 12 октября")


def _before_take_over(register: Register, flat: Flat, service: str, posted: Posted) -> None:
    del posted
    if "adjusted-before-take-over" in flat.traits and service == "cold-water" and register.month == "2026-08":
        register.add(
            "charge.adjusted", flat.account, "A", at=_at(register), service=service, period="2026-06",
            amount=Decimal("-450.00"), reason_code="error", reason="Перерасчёт за июнь, до передачи базы",
        )  # fmt: skip


def _wrong(register: Register, flat: Flat, service: str, posted: Posted) -> None:
    past = before(register.month)
    if not posts_wrong(flat, service, past):
        return
    wrong = posted.first(flat.account, service, past)
    if wrong is None:
        return
    register.add("charge.reversed", flat.account, "S", at=_at(register), reverses={"reference": wrong["reference"]},
                 reason="Площадь учтена дважды")  # fmt: skip
    for line in charges(flat, SERVICE[service], past):
        register.add("charge.posted", flat.account, **line)


def _benefit(register: Register, flat: Flat, service: str, posted: Posted) -> None:
    if service != "electricity":
        return
    granted = posted.others.get((flat.account, "benefit"))
    if granted and register.month == "2026-09" and "benefit-reversed" in flat.traits:
        _reverse(register, "benefit.reversed", granted, "Срок удостоверения истёк")
        return
    entitled = "benefit" in flat.traits or (register.month == "2026-08" and "benefit-reversed" in flat.traits)
    charge = posted.first(flat.account, service, register.month)
    amount = money(Decimal(charge["amount"]) * Decimal("0.3")) if charge else Decimal(0)
    if entitled and amount > 0:
        posted.others[flat.account, "benefit"] = register.add(
            "benefit.granted", flat.account, "B", at=_at(register), service=service, period=register.month,
            amount=amount, reason="Жилищная помощь: 30 % оплаты электроэнергии",
        )  # fmt: skip


def _penalty(register: Register, flat: Flat, service: str, posted: Posted) -> None:
    if service != "heating" or register.month == "2026-08":
        return
    accrued = posted.others.get((flat.account, "penalty"))
    if accrued and register.month == "2026-10" and "penalty-reversed" in flat.traits:
        _reverse(register, "penalty.reversed", accrued, "Долг был оплачен в срок")
        return
    late = "debtor" in flat.traits or ("penalty-reversed" in flat.traits and register.month == "2026-09")
    debt = posted.billed(flat.account, (service,), before(register.month)).get(service, Decimal(0))
    if late and debt > 0:
        posted.others[flat.account, "penalty"] = register.add(
            "penalty.accrued", flat.account, "P", at=_at(register), service=service, period=register.month,
            amount=money(debt * PENALTY_RATE * 30 / 100), debt=debt, rate=PENALTY_RATE, days=30,
        )  # fmt: skip


def _adjust(
    register: Register, charge: Fact, amount: Decimal, code: str, reason: str, volume: Decimal | None = None
) -> None:
    register.add(
        "charge.adjusted", charge["account"], "A", at=_at(register), corrects={"reference": charge["reference"]},
        amount=amount, volume=volume, reason_code=code, reason=reason,
    )  # fmt: skip


def _reverse(register: Register, kind: str, undone: Fact, reason: str) -> None:
    register.add(
        kind, undone["account"], "S", at=_at(register), reverses={"reference": undone["reference"]}, reason=reason
    )


def _at(register: Register) -> str:
    return f"{register.month}-28T10:00:00+05:00"
