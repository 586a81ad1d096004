"""Facts of the ledger, as narrowly as they are read here: unknown fields are ignored, amounts are integer tiyn."""

from datetime import date, datetime

from msgspec import Struct

ALLOCATIONS = "ledger.allocations.v1"


class Payment(Struct, frozen=True):
    """The payment whose money went somewhere: who took it, and its reference."""

    provider: str
    reference: str


class Part(Struct, frozen=True):
    """A signed part of it for a service; `provider` is empty while the directory does not know the service."""

    service: str
    amount: int
    provider: str = ""


class PaymentAllocated(Struct, frozen=True):
    """How a payment, its reversal or an applied advance went to the services, on a day in Almaty."""

    payment: Payment
    account: str
    split: list[Part]
    day: date


class AccountParked(Struct, frozen=True):
    """The account stands still since a moment: what has a sequence above `position` does not count yet."""

    account: str
    since: datetime
    reason: str
    position: int


class AccountResumed(Struct, frozen=True):
    """The account that was parked since that moment goes on."""

    account: str
    since: datetime
