"""Canonical payments of one account, as the proof's tests use them."""

from datetime import UTC, date, datetime, timedelta

from common.money import Tiyn
from identity.domain.proof import Claim, Payment

NOW = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
LONG_AGO = NOW - timedelta(days=10)
MINIMUM = Tiyn(500_00)


def paid(sequence: int, day: str, amount: int, *, arrived: datetime = LONG_AGO, reversed: bool = False) -> Payment:
    """A payment of `amount` tenge."""
    return Payment(sequence, date.fromisoformat(day), Tiyn(amount * 100), arrived, reversed)


def claimed(amount: int, day: str | None = None, *, day_needed: bool = False) -> Claim:
    """What a resident types, in tenge."""
    return Claim(Tiyn(amount * 100), date.fromisoformat(day) if day else None, day_needed)
