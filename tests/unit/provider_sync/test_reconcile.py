"""Theirs beside ours: what counts, with which sign."""

from provider_sync.domain.reconcile import NOTHING, PAYMENTS, Ours, different
from provider_sync.domain.tally import Counted


def test_reversed_charges_do_not_stand_and_adjustments_belong_to_the_sum() -> None:
    """A corrected file that was taken as differences has the totals of the corrected file."""
    parts = {
        "charge.posted": Counted(10, 1000), "charge.reversed": Counted(1, 100), "charge.adjusted": Counted(2, 50),
        "benefit.granted": Counted(3, 77),
    }  # fmt: skip
    ours = Ours("heating", parts, held=Counted(1, 60))
    assert ours.standing == Counted(9, 950)
    assert different(Counted(10, 1010), ours) == NOTHING
    assert different(Counted(9, 950), ours) == Counted(-1, -60)


def test_waiting_payments_are_money_that_came() -> None:
    """Taken, though nobody opened the account yet."""
    ours = Ours(
        PAYMENTS, {"payment.received": Counted(5, 500), "payment.reversed": Counted(1, 100)}, waiting=Counted(1, 7)
    )
    assert ours.standing == Counted(5, 407)
