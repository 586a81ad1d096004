"""Which amounts prove that somebody holds an account."""

import random
from datetime import date, timedelta

from identity.domain.proof import Claim, Handover, Payment, Proof, is_void, prove
from tests.unit.identity.payments import MINIMUM, NOW, claimed, paid

OCTOBER, NOVEMBER = paid(7, "2026-10-09", 12_000), paid(9, "2026-11-08", 13_500)


def proves(claim: Claim, *payments: Payment, handover: Handover | None = None) -> bool:
    """Whether the claim is good, in whatever order the payments are given."""
    shuffled = random.Random(7).sample(payments, len(payments))
    return prove(claim, shuffled, handover, MINIMUM, NOW) is not None


def test_the_last_payment_proves() -> None:
    """The amount of the latest payment day is the proof, and says what it stands on."""
    assert prove(claimed(13_500), [OCTOBER, NOVEMBER], None, MINIMUM, NOW) == Proof(9, date(2026, 11, 8))


def test_an_older_payment_does_not_prove() -> None:
    """Once the last payment is known for three days, the one before counts no more."""
    assert not proves(claimed(12_000), OCTOBER, NOVEMBER)


def test_any_other_amount_does_not_prove() -> None:
    """One tenge more or less is another amount."""
    assert not proves(claimed(13_501), OCTOBER, NOVEMBER)
    assert not proves(claimed(13_499), OCTOBER, NOVEMBER)


def test_an_account_that_never_had_a_payment_cannot_be_proved() -> None:
    """Nothing matches nothing, not even zero."""
    assert not proves(claimed(0))


def test_the_latest_day_counts_not_the_latest_arrival() -> None:
    """A bank's late file with an old payment displaces nothing."""
    late = paid(20, "2026-10-30", 5_000, arrived=NOW)
    assert proves(claimed(13_500), NOVEMBER, late)
    assert not proves(claimed(5_000), NOVEMBER, late)


def test_while_the_last_is_fresh_the_one_before_proves_too() -> None:
    """The payer may not know of the last one: it arrived within three days."""
    fresh = paid(11, "2026-11-19", 900, arrived=NOW - timedelta(days=2, hours=23))
    assert proves(claimed(900), OCTOBER, NOVEMBER, fresh)
    assert proves(claimed(13_500), OCTOBER, NOVEMBER, fresh)
    assert not proves(claimed(12_000), OCTOBER, NOVEMBER, fresh)


def test_after_three_days_the_one_before_proves_no_more() -> None:
    """Three days to the second."""
    settled = paid(11, "2026-11-16", 900, arrived=NOW - timedelta(days=3))
    assert not proves(claimed(13_500), NOVEMBER, settled)


def test_payments_of_one_day_count_singly_and_summed() -> None:
    """A resident may have paid in two parts and remember either or the whole."""
    parts = (paid(9, "2026-11-08", 4_000), paid(10, "2026-11-08", 9_500))
    assert all(proves(claimed(amount), OCTOBER, *parts) for amount in (4_000, 9_500, 13_500))


def test_a_summed_proof_stands_on_its_oldest_payment() -> None:
    """So that a handover between the parts voids it."""
    parts = [paid(9, "2026-11-08", 4_000), paid(12, "2026-11-08", 9_500)]
    found = prove(claimed(13_500), parts, None, MINIMUM, NOW)
    assert found == Proof(9, date(2026, 11, 8))
    assert is_void(found, Handover(10, date(2026, 11, 1)))


def test_a_small_payment_never_proves() -> None:
    """Else a stranger pays 1 tenge and registers with 1,00."""
    assert not proves(claimed(1), OCTOBER, NOVEMBER, paid(10, "2026-11-18", 1, arrived=NOW))
    assert not proves(claimed(499), paid(1, "2026-11-18", 499))
    assert proves(claimed(500), paid(1, "2026-11-18", 500))


def test_a_small_payment_never_displaces() -> None:
    """The resident's own last payment stays the proof, and a small one adds nothing to a day's sum."""
    small = paid(10, "2026-11-08", 1), paid(11, "2026-11-18", 1)
    assert proves(claimed(13_500), OCTOBER, NOVEMBER, *small)
    assert not proves(claimed(13_501), OCTOBER, NOVEMBER, *small)


def test_a_reversed_payment_never_was() -> None:
    """The one before is the last one then."""
    undone = paid(9, "2026-11-08", 13_500, reversed=True)
    assert not proves(claimed(13_500), OCTOBER, undone)
    assert proves(claimed(12_000), OCTOBER, undone)


def test_a_sale_voids_earlier_payments() -> None:
    """What was heard or paid before the handover proves nothing, also when the file came late."""
    sold = Handover(8, date(2026, 11, 1))
    assert not proves(claimed(12_000), OCTOBER, handover=sold)
    assert not proves(claimed(12_000), paid(9, "2026-10-20", 12_000), handover=sold)
    assert proves(claimed(13_500), OCTOBER, NOVEMBER, handover=sold)


def test_the_date_is_asked_only_when_needed() -> None:
    """While the city's breaker is open the amount alone is not enough, nor a wrong date."""
    assert proves(claimed(13_500, "2026-01-01"), NOVEMBER)
    assert proves(claimed(13_500, "2026-11-08", day_needed=True), NOVEMBER)
    assert not proves(claimed(13_500, "2026-11-07", day_needed=True), NOVEMBER)
    assert not proves(claimed(13_500, day_needed=True), NOVEMBER)
