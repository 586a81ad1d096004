"""Adjustments and reversals name what they correct: own, on the same account, of the right kind, undone once."""

from typing import Any

import pytest

from provider_sync.domain.sender import Sender
from provider_sync.domain.world import Corrected, World
from tests.unit.provider_sync.counter import BANK, HEAT, codes, data, decide, fact, refusal, statuses, world

CHARGE = Corrected("100", "charge.posted", "heating", "2026-09", "2026-09", 784086)


def known_charge(**changed: Any) -> World:
    """A world that knows the charge `charge`."""
    found = world()
    values = {name: getattr(CHARGE, name) for name in CHARGE.__slots__} | changed
    found.corrected["charge"] = Corrected(**values)
    return found


def test_an_adjustment_brings_what_readers_would_look_up() -> None:
    """Service, its provider and the month come from the charge."""
    decided = decide(HEAT, fact("charge.adjusted"), within=known_charge())
    found = data(decided)[0]
    assert found["corrects"] == {"reference": "charge", "provider": "almaty-heat"}
    assert (found["service"], found["service_provider"], found["period"]) == ("heating", "almaty-heat", "2026-09")
    assert found["amount"] == -14130


def test_a_charge_earlier_in_the_same_batch_can_be_corrected() -> None:
    """A file may correct itself."""
    rows = (fact("charge.posted", "charge"), fact("charge.adjusted", "b"), fact("charge.reversed", "c"))
    decided = decide(HEAT, *rows)
    assert statuses(decided) == ["accepted"] * 3
    assert data(decided)[2] | {"reverses": None} == {
        "provider": "almaty-heat", "posting_period": "2026-11", "service": "heating", "period": "2026-10",
        "amount": 784086, "reference": "c", "reverses": None, "reason": "ошибка",
    }  # fmt: skip


def test_a_correction_before_its_charge_is_refused() -> None:
    """Order within a file counts."""
    rows = (fact("charge.adjusted", "b"), fact("charge.posted", "charge"))
    assert codes(decide(HEAT, *rows)) == ["corrected-fact-unknown", None]


@pytest.mark.parametrize(
    ("changed", "code"),
    [
        ({"account": "101"}, "corrected-fact-of-another-account"),
        ({"kind": "benefit.granted"}, "corrected-fact-of-another-kind"),
        ({"undone": True}, "already-reversed"),
        ({"waiting": True}, "corrected-fact-unknown"),
    ],
)
@pytest.mark.parametrize("kind", ["charge.adjusted", "charge.reversed"])
def test_a_correction_must_fit_what_it_names(kind: str, changed: dict[str, object], code: str) -> None:
    """Each mismatch has its own code."""
    assert refusal(decide(HEAT, fact(kind), within=known_charge(**changed))).code == code


def test_another_providers_fact_is_not_corrected() -> None:
    """Own facts only."""
    row = fact("charge.reversed", reverses={"reference": "charge", "provider": "almaty-lift"})
    found = refusal(decide(HEAT, row, within=known_charge()))
    assert (found.code, found.status) == ("corrected-fact-foreign", 403)


def inherited(**changed: Any) -> World:
    """A world where the heat utility took over almaty-old-heat, which had charged."""
    found = known_charge()
    found.predecessors = frozenset({"almaty-old-heat"})
    found.inherited["almaty-old-heat", "old"] = Corrected(
        **({name: getattr(CHARGE, name) for name in CHARGE.__slots__} | changed)
    )
    return found


def test_a_recorded_successor_corrects_and_undoes_the_facts_it_took_over() -> None:
    """The event names the fact under the provider who said it; undone is undone for both."""
    old = {"reference": "old", "provider": "almaty-old-heat"}
    rows = (
        fact("charge.adjusted", "a", corrects=old), fact("charge.reversed", "b", reverses=old),
        fact("charge.reversed", "c", reverses=old),
    )  # fmt: skip
    decided = decide(HEAT, *rows, within=inherited())
    assert codes(decided) == [None, None, "already-reversed"]
    assert [found["corrects"] for found in data(decided)[:1]] == [old]
    assert decided.undone == [("almaty-old-heat", "old")]


def test_a_successor_needs_the_service_too() -> None:
    """What passed to a third provider is the third's to correct."""
    row = fact("charge.reversed", reverses={"reference": "old", "provider": "almaty-old-heat"})
    assert refusal(decide(HEAT, row, within=inherited(service="lift"))).code == "foreign-service"


def test_a_narrow_key_corrects_only_its_services() -> None:
    """As it charges only for them."""
    narrow = Sender.of("almaty-heat", ["charges", "services:hot-water"])
    assert refusal(decide(narrow, fact("charge.reversed"), within=known_charge())).code == "foreign-service"


def test_one_corrects_ones_own_charge_after_the_service_has_passed_to_another() -> None:
    """Who said it may take it back."""
    known = known_charge()
    known.services["heating"] = "almaty-new-heat"
    assert statuses(decide(HEAT, fact("charge.reversed"), within=known)) == ["accepted"]


def test_a_fact_is_undone_once() -> None:
    """Also when both reversals stand in one batch."""
    decided = decide(HEAT, fact("charge.reversed", "a"), fact("charge.reversed", "b"), within=known_charge())
    assert codes(decided) == [None, "already-reversed"]
    assert decided.undone == [("almaty-heat", "charge")]


def test_a_closed_account_still_takes_adjustments_and_reversals() -> None:
    """What was wrong is put right even then."""
    for kind in ("charge.adjusted", "charge.reversed"):
        decided = decide(HEAT, fact(kind, "r", "109"), within=known_charge(account="109"))
        assert statuses(decided) == ["accepted"]


def test_an_adjustment_without_a_charge_needs_its_scope() -> None:
    """For facts before the take-over: service and month instead of a reference."""
    row = fact("charge.adjusted", corrects=None, service="heating", period="2026-10")
    assert refusal(decide(HEAT, row)).code == "scope-missing"
    allowed = Sender.of("almaty-heat", ["charges", "services:*", "unnamed-adjustment"])
    assert data(decide(allowed, row))[0]["service_provider"] == "almaty-heat"


@pytest.mark.parametrize("changed", [{"corrects": None}, {"service": "heating", "period": "2026-10"}])
def test_an_adjustment_names_either_a_charge_or_a_month(changed: dict[str, str | None]) -> None:
    """Neither or both is a refusal."""
    assert (
        refusal(decide(HEAT, fact("charge.adjusted", **changed), within=known_charge())).code
        == "adjustment-names-nothing"
    )


def test_a_reversal_counts_by_its_own_date_but_not_before_what_it_undoes() -> None:
    """September's charge reversed in October counts in October; next month's charge in its own month."""
    decided = decide(HEAT, fact("charge.reversed", at="2026-10-20T00:00:00Z"), within=known_charge())
    assert data(decided)[0]["posting_period"] == "2026-10"
    ahead = known_charge(posting_period="2026-12")
    assert data(decide(HEAT, fact("charge.reversed"), within=ahead))[0]["posting_period"] == "2026-12"


def test_a_payments_reversal_repeats_amount_and_instant() -> None:
    """The ledger undoes the split it stored."""
    decided = decide(BANK, fact("payment.received", "payment"), fact("payment.reversed", "r"))
    found = data(decided)[1]
    assert (found["amount"], found["paid_at"]) == (1500000, "2026-10-12T06:30:00Z")
    assert found["reverses"] == {"reference": "payment", "provider": "halyk-bank"}


@pytest.mark.parametrize("noun", ["benefit", "penalty"])
def test_benefits_and_penalties_are_reversed_by_name(noun: str) -> None:
    """The amount undone is positive, as it was posted."""
    posted = {"benefit": "benefit.granted", "penalty": "penalty.accrued"}[noun]
    decided = decide(HEAT, fact(posted, noun), fact(f"{noun}.reversed", "r"))
    assert statuses(decided) == ["accepted", "accepted"]
    assert data(decided)[1]["amount"] == data(decided)[0]["amount"]
