"""What remains of a service's debts: together it is what its debts by age add up to."""

from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from ledger.domain.split import ADVANCE, PARTS, Dues, Opening

posted = st.tuples(
    st.sampled_from(["2026-08", "2026-09", "2026-10"]),
    st.sampled_from(["heating", "gas", ADVANCE]),
    st.sampled_from(sorted(PARTS)),
    st.integers(-50_000, 50_000),
)


@given(postings=st.lists(posted, max_size=20), opening=st.integers(-50_000, 50_000).filter(bool))
def test_owed_is_the_sum_of_what_is_outstanding(postings: list[tuple[str, str, str, int]], opening: int) -> None:
    """Whatever was accrued, paid, taken back or brought in, in whichever months."""
    dues = Dues()
    dues.open_with("2026-08", "gas", Opening(opening, {"2026-07": opening} if opening > 0 else {}))
    for posting in postings:
        dues.post(*posting)
    by_age = Counter[str]()
    for due in [*dues.all_outstanding(), *dues.outstanding(ADVANCE)]:
        by_age[due.service] += due.amount
    assert dues.owed() == by_age
