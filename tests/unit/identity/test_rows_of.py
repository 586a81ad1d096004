"""Heard facts become rows; order and repetition change nothing."""

from datetime import UTC, date, datetime

from identity.events import (
    AccountClosed,
    AccountOpened,
    AccountRenumbered,
    HolderChanged,
    PaymentReceived,
    PaymentReversed,
    Reference,
)
from identity.projections import Fact, rows_of

AT = datetime(2026, 11, 8, 20, 0, tzinfo=UTC)


def test_a_payment_lies_on_almatys_day() -> None:
    """Half past eleven in the evening in London is the next morning in Almaty."""
    rows = rows_of([Fact("100", 4, AT, PaymentReceived("bank", "P-1", "2026-11-08T19:30:00Z", 500_00))])
    assert rows.payments == [("100", 4, "bank", "P-1", "2026-11-09", 500_00, AT.isoformat())]


def test_every_account_is_its_own_first_number() -> None:
    """Whatever is heard of it first, its id leads to it; an alias comes beside."""
    rows = rows_of([Fact("100", 2, AT, AccountRenumbered("N-100")), Fact("200", 1, AT, AccountOpened())])
    assert sorted(rows.numbers) == [("100", "100", 0), ("200", "200", 0), ("N-100", "100", 2)]


def test_only_sale_and_inheritance_hand_over() -> None:
    """A corrected name is the same holder."""
    day = date(2026, 11, 1)
    facts = [
        Fact("100", n, AT, HolderChanged(day, r)) for n, r in enumerate(("sold", "inherited", "name-corrected"), 1)
    ]
    assert rows_of(facts).handovers == [("100", 1, "2026-11-01"), ("100", 2, "2026-11-01")]


def test_a_reversal_names_the_payment() -> None:
    """By provider and reference, so it may even come before the payment."""
    rows = rows_of([Fact("100", 5, AT, PaymentReversed(Reference("bank", "P-1")))])
    assert rows.reversals == [("100", "bank", "P-1")]


def test_a_closed_account_stays() -> None:
    """Its debt does too."""
    assert rows_of([Fact("100", 9, AT, AccountClosed())]).closed == {"100"}
