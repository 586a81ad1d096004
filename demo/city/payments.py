"""What a bank and a network of terminals took from residents in a month."""

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import ROUND_CEILING, Decimal
from random import Random

from demo.city.catalogue import BANK, TERMINAL
from demo.city.facts import TAKE_OVER, Fact, Register, before, money
from demo.city.ledgerbook import Posted
from demo.city.model import Flat
from demo.city.takeover import carried_in

ALIAS_PREFIX = "7"
UNKNOWN_ACCOUNT = "199999999"
TOP_UP = Decimal("1234.00")


@dataclass(frozen=True, slots=True)
class Paid:
    """One payment before it has a reference."""

    account: str
    at: str
    amount: Decimal
    split: tuple[tuple[str, Decimal], ...] = ()


def bank_month(flats: list[Flat], month: str, posted: Posted) -> Register:
    """The bank's register: payments of last month's bills, most with a split; reversals; a row sent twice."""
    register = Register(BANK.id, BANK.letter, month)
    paid = [payment for flat in flats for payment in _by_bank(flat, month, posted)]
    _write(register, paid, "bank", posted)
    for flat in flats:
        _reverse(register, flat, posted)
    if register.rows:
        register.rows.append(dict(register.rows[len(flats) // 7 % len(register.rows)]))
    return register


def terminal_month(flats: list[Flat], month: str, posted: Posted) -> Register:
    """The terminals' register: round sums without split, and one mistyped account number."""
    register = Register(TERMINAL.id, TERMINAL.letter, month)
    paid = [payment for flat in flats for payment in _by_terminal(flat, month, posted)]
    paid.append(Paid(UNKNOWN_ACCOUNT, f"{month}-17T08:45:00+05:00", Decimal("3500.00")))
    _write(register, paid, "terminal", posted)
    return register


def number_paid_to(flat: Flat, month: str) -> str:
    """Who was renumbered goes on paying by the new number."""
    return ALIAS_PREFIX + flat.account if "renumbered" in flat.traits and month > "2026-08" else flat.account


def _write(register: Register, paid: list[Paid], channel: str, posted: Posted) -> None:
    for payment in sorted(paid, key=lambda one: (one.at, one.account)):
        split = [{"service": service, "amount": str(amount)} for service, amount in payment.split]
        row = register.add("payment.received", payment.account, paid_at=payment.at, amount=payment.amount,
                           channel=channel, split=split or None)  # fmt: skip
        posted.others.setdefault((payment.account, "payment"), row)


def _by_bank(flat: Flat, month: str, posted: Posted) -> Iterator[Paid]:
    if flat.traits & {"debtor", "pays-by-terminal"}:
        return
    due = _due(flat, month, posted)
    total, moment = sum(due.values(), Decimal(0)), _moment(flat, month, 1, 25)
    to = number_paid_to(flat, month)
    if "pays-at-midnight" in flat.traits and month > "2026-08":
        moment = f"{before(month)}-{'31' if month == '2026-09' else '30'}T23:57:00+05:00"
    if "pays-ahead" in flat.traits:
        yield Paid(to, moment, money(total + 4500))
    elif total and "pays-whole" in flat.traits:
        yield Paid(to, moment, total)
    elif total and "pays-twice" in flat.traits:
        yield from _in_two(to, moment, due)
    elif total:
        yield Paid(to, moment, total, tuple(due.items()))


def _in_two(account: str, moment: str, due: dict[str, Decimal]) -> Iterator[Paid]:
    split = tuple(due.items())[: len(due) // 2 + 1]
    rest = sum(due.values(), Decimal(0)) - sum((amount for _, amount in split), Decimal(0))
    yield Paid(account, moment, sum((amount for _, amount in split), Decimal(0)), split)
    if rest:
        yield Paid(account, f"{moment[:8]}26T19:05:00+05:00", rest)


def _by_terminal(flat: Flat, month: str, posted: Posted) -> Iterator[Paid]:
    to = number_paid_to(flat, month)
    total = sum(_due(flat, month, posted).values(), Decimal(0))
    if "pays-by-terminal" in flat.traits and "debtor" not in flat.traits and total:
        yield Paid(to, _moment(flat, month, 5, 27), money((total / 500).to_integral_value(ROUND_CEILING) * 500))
    if "tops-up" in flat.traits and month == "2026-10":
        yield Paid(to, _moment(flat, month, 29, 31), TOP_UP)


def _due(flat: Flat, month: str, posted: Posted) -> dict[str, Decimal]:
    """What the payer has in hand: the bill of the month before, per service, as it was charged."""
    last = before(month)
    bill = carried_in(flat) if last == TAKE_OVER else posted.billed(flat.account, flat.services, last)
    return {service: amount for service, amount in bill.items() if amount > 0}


def _moment(flat: Flat, month: str, first: int, last: int) -> str:
    random = Random(f"{flat.seed}/paid/{flat.account}/{month}/{first}")
    day, hour, minute = random.randint(first, last), random.randrange(8, 22), random.randrange(60)
    return f"{month}-{day:02d}T{hour:02d}:{minute:02d}:{random.randrange(60):02d}+05:00"


def _reverse(register: Register, flat: Flat, posted: Posted) -> None:
    first: Fact | None = posted.others.get((flat.account, "payment"))
    if first is None or "payment-reversed" not in flat.traits or register.month != "2026-10":
        return
    if first["reference"].startswith(f"{BANK.letter}-"):
        register.add("payment.reversed", flat.account, "S", at=f"{register.month}-26T11:00:00+05:00",
                     reverses={"reference": first["reference"]}, reason="Ошибочный перевод")  # fmt: skip
