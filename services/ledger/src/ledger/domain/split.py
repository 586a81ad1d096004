"""Who gets a payment that names no services: dues by age, the versioned rule, and the advance that remains.

Dues are a function of sums per service and posting period, never of how the facts were batched.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

ADVANCE = "advance"
BY_PAYER = 0


class Part(NamedTuple):
    """A column of the balance and its sign in closing = opening + charged + adjusted − benefit + penalty − paid."""

    name: str
    sign: int


OPENING, CHARGED, ADJUSTED = Part("opening", 1), Part("charged", 1), Part("adjusted", 1)
BENEFIT, PENALTY, PAID = Part("benefit", -1), Part("penalty", 1), Part("paid", -1)
PARTS = {part.name: part for part in (OPENING, CHARGED, ADJUSTED, BENEFIT, PENALTY, PAID)}


class SplitRule(NamedTuple):
    """A version of the rule, in force for payments posted from a period on; `order` is the place of each service."""

    version: int
    effective_from: str
    order: Mapping[str, int]

    def place(self, service: str) -> tuple[int, str]:
        """Services the rule does not know come last, by their id."""
        return self.order.get(service, 1 << 30), service


class Due(NamedTuple):
    """What remains of a service's debt of one posting period, in tiyn, always positive."""

    period: str
    service: str
    amount: int


class Opening(NamedTuple):
    """What a service brings into a month; `aged` says of which posting periods a debt is made."""

    amount: int
    aged: Mapping[str, int]


@dataclass
class Dues:
    """What one account owes: per service and posting period the sum of what was accrued and of what was paid."""

    accrued: dict[str, dict[str, int]] = field(default_factory=dict)
    paid: dict[str, dict[str, int]] = field(default_factory=dict)

    def open_with(self, period: str, service: str, opening: Opening) -> None:
        """Takes over a closed month: a debt with its ages, an advance as money paid."""
        if opening.amount < 0:
            self.post(period, service, PAID.name, -opening.amount)
        for month, amount in opening.aged.items():
            self.post(month, service, OPENING.name, amount)

    def post(self, period: str, service: str, part: str, amount: int) -> None:
        """Adds one posting."""
        sums = self.paid if part == PAID.name else self.accrued
        of_service = sums.setdefault(service, {})
        signed = amount if part == PAID.name else PARTS[part].sign * amount
        of_service[period] = of_service.get(period, 0) + signed

    def outstanding(self, service: str) -> list[Due]:
        """The debts not yet covered, oldest first: every credit covers the oldest debt.

        A month whose sum is below zero is a credit; money taken back is a debt of the month it was taken back in.
        """
        accrued, paid = self.accrued.get(service, {}), self.paid.get(service, {})
        debits: dict[str, int] = {}
        credit = 0
        for period, amount in (*accrued.items(), *((month, -sum_) for month, sum_ in paid.items())):
            if amount > 0:
                debits[period] = debits.get(period, 0) + amount
            else:
                credit -= amount
        return list(_uncovered(service, debits, credit))

    def all_outstanding(self) -> list[Due]:
        """The debts of every service; the advance is none."""
        services = self.accrued.keys() | self.paid.keys()
        return [due for service in services if service != ADVANCE for due in self.outstanding(service)]

    def advance(self) -> int:
        """The money kept for no service yet; below zero when more of it was taken back than was left."""
        return sum(self.paid.get(ADVANCE, {}).values()) - sum(self.accrued.get(ADVANCE, {}).values())


def _uncovered(service: str, debits: Mapping[str, int], credit: int) -> Iterable[Due]:
    for period in sorted(debits):
        used = min(credit, debits[period])
        credit -= used
        if debits[period] > used:
            yield Due(period, service, debits[period] - used)


def split(amount: int, dues: Iterable[Due], rule: SplitRule) -> dict[str, int]:
    """Oldest posting period first, then the rule's order of services, only what is due; the rest is advance."""
    shares: dict[str, int] = {}
    for due in sorted(dues, key=lambda due: (due.period, rule.place(due.service))):
        share = min(amount, due.amount)
        if share:
            shares[due.service] = shares.get(due.service, 0) + share
            amount -= share
    if amount:
        shares[ADVANCE] = amount
    return shares


def apply_advance(dues: Dues, rule: SplitRule) -> dict[str, int]:
    """Signed shares that move the kept advance to what is due, in the order of the rule; empty when nothing moves."""
    available = dues.advance()
    if available <= 0:
        return {}
    shares = split(available, dues.all_outstanding(), rule)
    shares.pop(ADVANCE, None)
    moved = sum(shares.values())
    return {**shares, ADVANCE: -moved} if moved else {}


def rule_for(rules: Iterable[SplitRule], period: str) -> SplitRule:
    """The newest version in force for payments posted in `period`."""
    return max((rule for rule in rules if rule.effective_from <= period), key=lambda rule: rule.version)


def undone(stored: Mapping[str, int]) -> dict[str, int]:
    """The shares that take back a stored split."""
    return {service: -amount for service, amount in stored.items()}
