"""The month of account: stated if open, else the first open one and late; never beyond the next."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from common.period import Period, following, shifted
from provider_sync.domain.posting import Calendar
from provider_sync.errors import PeriodInvalid, PeriodTooFar
from tests.unit.provider_sync.counter import BANK, HEAT, data, decide, fact, refusal, world

TODAY = date(2026, 11, 2)


@pytest.mark.parametrize(
    ("closed", "stated", "posted", "late_for"),
    [
        (None, "2013-01", "2013-01", None),
        ("2026-09", "2026-10", "2026-10", None),
        ("2026-09", "2026-12", "2026-12", None),
        ("2026-09", "2026-09", "2026-10", "2026-09"),
        ("2026-09", "2024-02", "2026-10", "2024-02"),
        ("2026-12", "2026-10", "2027-01", "2026-10"),
    ],
)
def test_a_fact_counts_in_an_open_month(closed: Period | None, stated: str, posted: str, late_for: str | None) -> None:
    """Late facts say what for."""
    found = Calendar(TODAY, closed).post(stated)
    assert (found.period, found.late_for) == (posted, late_for)


@pytest.mark.parametrize("stated", ["2027-01", "2030-05"])
def test_a_month_beyond_the_next_is_refused(stated: str) -> None:
    """December may be billed in November, January may not."""
    with pytest.raises(PeriodTooFar):
        Calendar(TODAY).post(stated)


@pytest.mark.parametrize("stated", ["2026-13", "2026-1", "26-10", "2026-10-01", "", "0000-01", "２０２６-10"])
def test_a_month_has_its_form(stated: str) -> None:
    """YYYY-MM in ASCII digits."""
    with pytest.raises(PeriodInvalid):
        Calendar(TODAY).post(stated)


@given(st.integers(-200, 1), st.one_of(st.none(), st.integers(-200, 1)))
def test_no_fact_ever_enters_a_closed_month(stated: int, closed: int | None) -> None:
    """And late_for is set exactly when the stated month is closed."""
    month = shifted(Period("2026-11"), stated)
    through = None if closed is None else shifted(Period("2026-11"), closed)
    found = Calendar(TODAY, through).post(month)
    assert through is None or found.period > through
    assert (found.late_for is not None) == (through is not None and month <= through)
    assert found.late_for in (None, month)
    assert found.late_for is None or (through is not None and found.period == following(through))


def test_late_facts_say_so_in_their_data() -> None:
    """For charges, benefits, penalties and payments alike."""
    for sender, kind in ((HEAT, "charge.posted"), (HEAT, "benefit.granted"), (BANK, "payment.received")):
        found = data(decide(sender, fact(kind), within=world("2026-10")))[0]
        assert (found["posting_period"], found["late_for"]) == ("2026-11", "2026-10")


def test_a_correction_of_a_closed_month_counts_in_the_open_one() -> None:
    """It names the month it is for."""
    known = world("2026-10")
    decided = decide(HEAT, fact("charge.posted", "charge"), fact("charge.adjusted", "a"), within=known)
    assert [(d["posting_period"], d["late_for"]) for d in data(decided)] == [("2026-11", "2026-10")] * 2


def test_the_earliest_month_posted_is_noted() -> None:
    """A close may not pass over months that have facts."""
    rows = (fact("charge.posted", "a"), fact("charge.posted", "b", period="2026-08"))
    assert decide(HEAT, *rows).first_posted == "2026-08"


def test_a_bad_month_names_its_field() -> None:
    """JSON pointer into the row."""
    assert refusal(decide(HEAT, fact("charge.posted", period="2026-00"))).field == "/period"
