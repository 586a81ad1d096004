"""References: for ever, bound to the content, whatever order rows come in."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from provider_sync.domain import facts
from tests.unit.provider_sync.counter import CENTRE, HEAT, codes, decide, fact, refusal, statuses, world


def test_the_same_fact_again_gets_the_first_answer() -> None:
    """Key order and omitted defaults are no content."""
    known, row = world(), fact("charge.posted", "a")
    first = decide(HEAT, row, within=known)
    again = decide(HEAT, dict(reversed(row.items())), within=known)
    assert statuses(again) == ["duplicate"]
    assert again.outcomes[0].position == first.outcomes[0].position == "account/100@2"
    assert (again.events, again.claims) == ([], [])


@pytest.mark.parametrize(
    "changed", [{"amount": "7840.87"}, {"unit": "m3"}, {"period": "2026-09"}, {"at": "2026-10-30T00:00:00Z"}]
)
def test_another_content_under_the_same_reference_is_a_conflict(changed: dict[str, str]) -> None:
    """The answer says where the first one stands."""
    known = world()
    decide(HEAT, fact("charge.posted", "a"), within=known)
    found = refusal(decide(HEAT, fact("charge.posted", "a", **changed), within=known))
    assert (found.code, found.status, found.params["position"]) == ("reference-conflict", 409, "account/100@2")


def test_another_account_is_another_content() -> None:
    """Also when the kind is the same."""
    known = world()
    decide(HEAT, fact("charge.posted", "a"), within=known)
    assert refusal(decide(HEAT, fact("charge.posted", "a", "101"), within=known)).code == "reference-conflict"


def test_a_refused_row_leaves_its_reference_free() -> None:
    """Corrected, it may be sent again under the same reference."""
    rows = (fact("charge.posted", "a", amount="1.0"), fact("charge.posted", "a", "777"), fact("charge.posted", "a"))
    assert codes(decide(HEAT, *rows)) == ["invalid-amount", "unknown-account", None]


def test_a_repeat_of_a_fact_whose_account_has_closed_since_is_a_duplicate() -> None:
    """Identity comes before the rules."""
    rows = (fact("charge.posted", "a"), fact("account.closed", "b"), fact("charge.posted", "a"))
    assert statuses(decide(HEAT, *rows)) == ["accepted", "accepted", "duplicate"]


@pytest.mark.parametrize("reference", ["a\u0007b", "a\nb", "\u200b", "x" * 101, ""])
def test_a_reference_is_printable_and_short(reference: str) -> None:
    """It stands in answers and logs for ever."""
    assert refusal(decide(HEAT, fact("charge.posted", reference))).code in ("invalid-reference", "invalid-field")


@given(st.lists(st.tuples(st.sampled_from("abcd"), st.integers(1, 3)), max_size=30))
def test_each_reference_is_taken_once_and_all_others_are_told_apart(sent: list[tuple[str, int]]) -> None:
    """First content wins; equal content is a duplicate, other content a conflict; sequences have no gap."""
    decided = decide(HEAT, *(fact("charge.posted", reference, amount=f"{tiyn}.00") for reference, tiyn in sent))
    first: dict[str, int] = {}
    for (reference, tiyn), status in zip(sent, statuses(decided), strict=True):
        expected = "accepted" if reference not in first else "duplicate" if first[reference] == tiyn else "conflict"
        assert status == expected
        first.setdefault(reference, tiyn)
    assert [event.version for event in decided.events] == list(range(2, 2 + len(first)))


def test_reference_data_has_versions_and_repeats_like_facts() -> None:
    """The position is the entry's version; the last statement in a batch is what is published."""
    rows = (
        fact("directory.building", "a", None), fact("directory.building", "b", None, address_ru="Абая, 13а"),
        fact("directory.building", "a", None),
    )  # fmt: skip
    decided = decide(CENTRE, *rows)
    assert statuses(decided) == ["accepted", "accepted", "duplicate"]
    assert [o.position for o in decided.outcomes] == [f"directory/building/b-13@{n}" for n in (1, 2, 1)]
    ((version, stated),) = decided.stated.values()
    assert isinstance(stated, facts.BuildingStated)
    assert (version, stated.address_ru) == (2, "Абая, 13а")


@pytest.mark.parametrize(
    ("kind", "changed", "code"),
    [
        ("directory.service", {"provider": "nobody"}, "unknown-provider"),
        ("directory.tariff", {"service": "cinema"}, "unknown-service"),
        ("directory.building", {"id": "Дом 1"}, "invalid-field"),
        ("directory.tariff", {"price": None}, "tariff-without-price"),
        ("directory.tariff", {"effective_from": "9999-01-01"}, "date-too-far"),
        ("directory.provider", {"succeeds": ["nobody"]}, "unknown-provider"),
        ("directory.provider", {"succeeds": ["almaty-heat"]}, "unknown-provider"),
    ],
)
def test_reference_data_names_what_exists(kind: str, changed: dict[str, str], code: str) -> None:
    """A service has a provider, a tariff a service, an id its form."""
    assert refusal(decide(CENTRE, fact(kind, "d", None, **changed))).code == code


def test_a_holder_belongs_to_an_account_and_says_no_event() -> None:
    """Names never enter the log."""
    name = {"name": "Әбдіғаппарова Қарлығаш", "address_ru": "Абая, 12", "address_kk": "Абай, 12"}
    decided = decide(CENTRE, fact("holder", "h", "100", **name), fact("holder", "i", "777", **name))
    assert codes(decided) == [None, "unknown-account"]
    assert decided.outcomes[0].position == "holder/100@1"
    assert decided.events == []
