"""What is due now, reckoned from balances, is what debts by their age add up to once the advance went to the oldest."""

from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from ledger.domain.entry import Moved
from ledger.domain.split import ADVANCE, PAID, PARTS, Opening, SplitRule, apply_advance
from ledger.domain.statement import due_now, dues_of, owed

RULE = SplitRule(1, "", {"gas": 1, "heating": 2})
amounts = st.integers(-50_000, 50_000)
services = st.sampled_from(["heating", "gas", ADVANCE])
months = st.sampled_from(["2026-08", "2026-09", "2026-10"])
moves = st.builds(Moved, months, services, st.sampled_from(sorted(PARTS)), amounts)


def opening(amount: int) -> Opening:
    """A debt has ages, an advance has none."""
    return Opening(amount, {"2026-06": amount // 2, "2026-07": amount - amount // 2} if amount > 1 else {})


brought = st.dictionaries(services, amounts.filter(lambda amount: amount not in (0, 1)).map(opening))


@given(openings=brought, moved=st.lists(moves, max_size=20))
def test_what_is_due_does_not_depend_on_how_it_is_reckoned(openings: dict[str, Opening], moved: list[Moved]) -> None:
    """Whatever was accrued, paid, taken back or brought in, with money kept or without."""
    dues = dues_of("2026-08", openings, moved)
    for service, amount in apply_advance(dues, RULE).items():
        dues.post("", service, PAID.name, amount)
    by_age = Counter[str]()
    for due in [*dues.all_outstanding(), *dues.outstanding(ADVANCE)]:
        by_age[due.service] += due.amount
    found = due_now("2026-08", openings, moved, RULE)
    assert {row.service: row.amount for row in found.rows} == by_age
    assert found.total == by_age.total()
    assert [row.service for row in found.rows] == sorted(by_age, key=RULE.place)
    amounts_by_service = [(service, opened.amount) for service, opened in openings.items()]
    amounts_by_service += [(move.service, PARTS[move.part].sign * move.amount) for move in moved]
    assert owed(amounts_by_service) == found.total
