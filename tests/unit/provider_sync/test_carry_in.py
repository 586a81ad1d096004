"""Opening balances at take-over, meters and services: what must be known before."""

import pytest

from tests.unit.provider_sync.counter import CENTRE, HEAT, codes, data, decide, fact, refusal, statuses, world


def test_a_balance_is_carried_in_before_the_services_first_money() -> None:
    """Once per service, not after a charge, in the batch too."""
    known = world()
    assert statuses(decide(CENTRE, fact("balance.carried-in", "a"), within=known)) == ["accepted"]
    assert refusal(decide(CENTRE, fact("balance.carried-in", "b"), within=known)).code == "carried-in-too-late"
    other = fact("balance.carried-in", "c", service="lift")
    assert data(decide(CENTRE, other, within=known))[0]["posting_period"] == "2026-10"


def test_a_balance_needs_the_take_over() -> None:
    """An ordinary key carries nothing in."""
    assert refusal(decide(HEAT, fact("balance.carried-in"))).code == "scope-missing"


def test_a_balance_does_not_enter_a_closed_month() -> None:
    """Opening balances of closed months are history."""
    assert refusal(decide(CENTRE, fact("balance.carried-in"), within=world("2026-10"))).code == "period-closed"


def test_a_meter_is_installed_before_it_is_read_and_once() -> None:
    """Removed, it may be installed again."""
    known = world()
    rows = (
        fact("meter.read", "a"), fact("meter.installed", "b"), fact("meter.installed", "c"), fact("meter.read", "d"),
        fact("meter.replacement-planned", "e"), fact("meter.removed", "f"), fact("meter.read", "g"),
        fact("meter.installed", "h", effective_from="2026-10-15"),
    )  # fmt: skip
    assert codes(decide(HEAT, *rows, within=known)) == [
        "unknown-meter", None, "meter-already-installed", None, None, None, "meter-not-there", None,
    ]  # fmt: skip


def test_a_reading_is_not_taken_in_the_future() -> None:
    """Tomorrow is tolerated, the day after is not."""
    installed = fact("meter.installed", "m")
    rows = [fact("meter.read", day, taken_on=day) for day in ("2026-11-03", "2026-11-04")]
    assert codes(decide(HEAT, installed, *rows)) == [None, None, "invalid-date"]


def test_a_service_is_connected_before_it_is_disconnected() -> None:
    """The event names the utility, whoever said it."""
    rows = (fact("service.disconnected", "a"), fact("service.connected", "b"), fact("service.disconnected", "c"))
    decided = decide(CENTRE, *rows)
    assert codes(decided) == ["service-not-connected", None, None]
    assert data(decided)[0]["service_provider"] == "almaty-heat"


@pytest.mark.parametrize("kind", ["benefit.granted", "penalty.accrued"])
def test_benefits_and_penalties_are_above_zero(kind: str) -> None:
    """Their signs are in their kinds; a penalty is for a debt."""
    if kind == "penalty.accrued":
        assert refusal(decide(HEAT, fact(kind, debt="0.00"))).field == "/debt"
    assert refusal(decide(HEAT, fact(kind, amount="0.00"))).code == "invalid-amount"
