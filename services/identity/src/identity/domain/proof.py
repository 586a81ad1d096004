"""Does a typed amount prove that somebody holds an account's papers? A function of the account's payments."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import groupby
from typing import NamedTuple

from common.money import Tiyn
from identity.events import ProofKind

FRESH = timedelta(days=3)


class Payment(NamedTuple):
    """A payment as the accounts topic told it; `day` is Almaty's, `arrived_at` when the centre recorded it."""

    sequence: int
    day: date
    amount: Tiyn
    arrived_at: datetime
    reversed: bool = False


class Handover(NamedTuple):
    """The account's last sale or inheritance: what was heard or paid before it proves nothing any more."""

    sequence: int
    day: date


class Proof(NamedTuple):
    """What a link stands on: the oldest payment that took part, or a code; a later handover can void it."""

    sequence: int
    day: date
    kind: ProofKind = "last-payment"


@dataclass(frozen=True)
class Claim:
    """What a resident typed, and under which conditions it is judged; `code` stands instead of all else."""

    amount: Tiyn | None = None
    day: date | None = None
    day_needed: bool = False
    code: str | None = None


def prove(
    claim: Claim, payments: Iterable[Payment], handover: Handover | None, minimum: Tiyn, now: datetime
) -> Proof | None:
    """The proof that the claim makes, or None; the same work is done whatever is wrong."""
    counting = [p for p in payments if _counts(p, handover, minimum)]
    for day in _days_asked(counting, now):
        proof = _match(claim, day)
        if proof is not None:
            return proof
    return None


def is_void(proof: Proof, handover: Handover | None) -> bool:
    """Whether the account was handed over since the proof was paid."""
    return handover is not None and (proof.sequence < handover.sequence or proof.day < handover.day)


def _counts(payment: Payment, handover: Handover | None, minimum: Tiyn) -> bool:
    if payment.reversed or payment.amount < minimum:
        return False
    return not is_void(Proof(payment.sequence, payment.day), handover)


def _days_asked(counting: Sequence[Payment], now: datetime) -> Iterator[list[Payment]]:
    """The payments of the latest day; those of the day before too while the latest may be news to the payer."""
    newest_first = sorted(counting, key=lambda p: (p.day, p.sequence), reverse=True)
    days = [list(group) for _, group in groupby(newest_first, key=lambda p: p.day)]
    yield from days[:1]
    if days and any(now - p.arrived_at < FRESH for p in days[0]):
        yield from days[1:2]


def _match(claim: Claim, paid: Sequence[Payment]) -> Proof | None:
    """Payments of one day count singly and summed."""
    day = paid[0].day
    if claim.day_needed and claim.day != day:
        return None
    for payment in paid:
        if payment.amount == claim.amount:
            return Proof(payment.sequence, day)
    if sum(p.amount for p in paid) == claim.amount:
        return Proof(min(p.sequence for p in paid), day)
    return None
