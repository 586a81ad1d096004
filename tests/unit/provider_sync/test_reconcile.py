"""Theirs beside ours: what counts, with which sign."""

from provider_sync.domain.decided import Appended
from provider_sync.domain.reconcile import NOTHING, PAYMENTS, Ours, different
from provider_sync.domain.tally import Counted, Place, tally


def appended(kind: str, data: str) -> Appended:
    """An event of the heat utility."""
    return Appended("100", 0, 1, kind, "heat", "2026-10-01T00:00:00+00:00", data)


def test_facts_are_counted_by_service_and_month_of_the_bill() -> None:
    """Payments by the month they were paid in, even when they count later; base data not at all."""
    charge = '{"reference":"a","service":"heating","period":"2026-10","posting_period":"2026-11","amount":%d}'
    paid = '{"reference":"p","posting_period":"2026-11","late_for":"2026-10","amount":500}'
    events = [
        appended("charge.posted", charge % 100), appended("charge.posted", charge % -30),
        appended("payment.received", paid), appended("account.closed", '{"reference":"c"}'),
    ]  # fmt: skip
    assert tally(events) == {
        Place("heat", "charge.posted", "heating", "2026-10"): Counted(2, 70),
        Place("heat", "payment.received", "", "2026-10"): Counted(1, 500),
    }


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
