"""Facts heard on the accounts topic, sorted into the rows they become. Order and repetition do not matter."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import NamedTuple

from common.clock import from_wire
from common.period import day_at
from identity.events import AccountClosed, AccountRenumbered, Heard, HolderChanged, PaymentReceived, PaymentReversed


class Fact(NamedTuple):
    """One heard event with its place in the account's stream and when the centre recorded it."""

    account: str
    sequence: int
    recorded_at: datetime
    event: Heard


@dataclass
class Rows:
    """A batch of facts as rows; `numbers` holds each account's own id as its first number."""

    accounts: set[str] = field(default_factory=set)
    closed: set[str] = field(default_factory=set)
    numbers: list[tuple[str, str, int]] = field(default_factory=list)
    handovers: list[tuple[str, int, str]] = field(default_factory=list)
    payments: list[tuple[str, int, str, str, str, int, str]] = field(default_factory=list)
    reversals: list[tuple[str, str, str]] = field(default_factory=list)


def rows_of(facts: Iterable[Fact]) -> Rows:
    """The rows of a batch."""
    rows = Rows()
    for fact in facts:
        _add(rows, fact)
    rows.numbers += [(account, account, 0) for account in rows.accounts]
    return rows


def _add(rows: Rows, fact: Fact) -> None:
    account, sequence, recorded_at, event = fact
    rows.accounts.add(account)
    match event:
        case AccountClosed():
            rows.closed.add(account)
        case AccountRenumbered(number=number):
            rows.numbers.append((number, account, sequence))
        case HolderChanged(effective_from=day) if event.hands_over:
            rows.handovers.append((account, sequence, day.isoformat()))
        case PaymentReceived(provider=provider, reference=reference, paid_at=paid_at, amount=amount):
            day = day_at(from_wire(paid_at))
            arrived = recorded_at.isoformat()
            rows.payments.append((account, sequence, provider, reference, day.isoformat(), amount, arrived))
        case PaymentReversed(reverses=payment):
            rows.reversals.append((account, payment.provider, payment.reference))
