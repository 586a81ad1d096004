"""Charges: whose service, which month, and what is odd but no reason to lose money."""

import pytest

from provider_sync.domain.sender import Sender
from tests.unit.provider_sync.counter import HEAT, codes, data, decide, fact, refusal, statuses, world


def test_a_charge_says_what_was_sent_and_its_month() -> None:
    """Amounts become tiyn, all else stays as written."""
    decided = decide(HEAT, fact("charge.posted", "H-1"))
    assert data(decided) == [
        {
            "provider": "almaty-heat", "posting_period": "2026-10", "reference": "H-1", "service": "heating",
            "period": "2026-10", "from": "2026-09-01", "to": "2026-09-30", "volume": "1.204000", "unit": "Gcal",
            "tariff": "6512.34", "amount": 784086, "basis": "area",
        }
    ]  # fmt: skip
    assert decided.outcomes[0].position == "account/100@2"


@pytest.mark.parametrize(
    ("service", "code", "status"),
    [("lift", "foreign-service", 403), ("cinema", "unknown-service", 422)],
)
def test_a_charge_is_for_ones_own_service(service: str, code: str, status: int) -> None:
    """Another's service is forbidden, an invented one unknown."""
    found = refusal(decide(HEAT, fact("charge.posted", service=service)))
    assert (found.code, found.status, found.field) == (code, status, "/service")


def test_a_key_for_one_service_does_not_charge_for_another_of_the_same_provider() -> None:
    """Scopes name services."""
    narrow = Sender.of("almaty-heat", ["charges", "services:heating"])
    assert refusal(decide(narrow, fact("charge.posted", service="hot-water"))).code == "foreign-service"


def test_a_key_without_the_scope_sends_no_charges() -> None:
    """Kinds of fact are scopes."""
    found = refusal(decide(Sender.of("almaty-heat", ["meters", "services:*"]), fact("charge.posted")))
    assert (found.code, found.status) == ("scope-missing", 403)


@pytest.mark.parametrize(
    ("changed", "warnings"),
    [
        ({"from": None, "to": None}, ["service-period-absent"]),
        ({"from": None}, ["service-period-absent"]),
        ({"from": "2026-10-31", "to": "2026-10-01"}, ["service-period-inverted"]),
        ({"from": "2020-01-01", "to": "2026-09-30"}, ["service-period-long"]),
        ({"from": "2014-01-01", "to": "2014-01-31"}, ["service-period-far"]),
        ({"from": "31.09.2026"}, ["service-period-unreadable"]),
        ({"to": "2026-09-31"}, ["service-period-unreadable"]),
    ],
)
def test_an_odd_service_period_is_a_warning_and_never_a_loss(changed: dict[str, str], warnings: list[str]) -> None:
    """Money is never rejected for a date."""
    decided = decide(HEAT, fact("charge.posted", **changed))
    assert statuses(decided) == ["accepted"]
    assert data(decided)[0]["warnings"] == warnings


def test_an_unreadable_date_is_left_out_of_the_event_and_still_repeats_as_a_duplicate() -> None:
    """Readers need not doubt dates; the sender's content keeps its identity."""
    known, row = world(), fact("charge.posted", to="2026-09-31")
    first, again = decide(HEAT, row, within=known), decide(HEAT, row, within=known)
    assert "to" not in data(first)[0]
    assert data(first)[0]["from"] == "2026-09-01"
    assert statuses(again) == ["duplicate"]


def test_charges_may_be_negative() -> None:
    """A credit is a charge below zero."""
    assert data(decide(HEAT, fact("charge.posted", amount="-12.05")))[0]["amount"] == -1205


def test_the_largest_amount_passes_exactly() -> None:
    """Ten digits before the point."""
    assert data(decide(HEAT, fact("charge.posted", amount="9999999999.99")))[0]["amount"] == 999999999999


def test_tiers_keep_their_amounts_in_tiyn() -> None:
    """Up to three steps with volume and price each."""
    tiers = [{"volume": "60", "price": "21.50", "amount": "1290.00"}, {"volume": "1", "price": "28", "amount": "28.00"}]
    decided = decide(HEAT, fact("charge.posted", tiers=tiers))
    assert [tier["amount"] for tier in data(decided)[0]["tiers"]] == [129000, 2800]


def test_tiers_that_do_not_add_up_are_a_warning() -> None:
    """A printed bill shows it; money is not lost for it."""
    tiers = [{"volume": "60", "price": "21.50", "amount": "1290.00"}]
    decided = decide(HEAT, fact("charge.posted", tiers=tiers, amount="1290.01"))
    assert data(decided)[0]["warnings"] == ["tiers-differ"]
    assert "to" in data(decided)[0]


@pytest.mark.parametrize(
    ("period", "code"),
    [("2027-01", "period-too-far"), ("1989-12", "period-too-old"), ("2026-13", "invalid-period"), ("2026-12", None)],
)
def test_a_month_is_the_next_at_the_most(period: str, code: str | None) -> None:
    """And not one in which nothing can have been billed: the first month posted is the first that must be closed."""
    assert codes(decide(HEAT, fact("charge.posted", period=period))) == [code]


def test_a_bad_row_harms_no_neighbour() -> None:
    """Per row, in order."""
    rows = (fact("charge.posted", "a"), fact("charge.posted", "b", "777"), fact("charge.posted", "c"))
    decided = decide(HEAT, *rows)
    assert codes(decided) == [None, "unknown-account", None]
    assert [e.version for e in decided.events] == [2, 3]
