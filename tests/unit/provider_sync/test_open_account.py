"""Accounts: opened before anything else, closed for charges, known by aliases for ever."""

import pytest

from tests.unit.provider_sync.counter import CENTRE, HEAT, codes, data, decide, fact, refusal, statuses, world


def test_an_account_opens_once() -> None:
    """The second opening of a number is refused, in the same batch too."""
    decided = decide(CENTRE, fact("account.opened", "a", "300"), fact("account.opened", "b", "300"))
    assert codes(decided) == [None, "account-number-taken"]
    assert decided.outcomes[0].position == "account/300@1"


def test_the_number_of_payments_without_one_is_never_opened() -> None:
    """All money whose payer named no account would be its."""
    opened = fact("account.opened", "a", "no-number")
    renumbered = fact("account.renumbered", "b", "100", number="no-number")
    assert codes(decide(CENTRE, opened, renumbered)) == ["invalid-account-number", "invalid-account-number"]


@pytest.mark.parametrize(
    "kind",
    [
        "account.closed", "account.residents-changed", "account.area-changed", "account.holder-changed",
        "service.connected", "meter.installed", "meter.read", "charge.posted", "benefit.granted", "penalty.accrued",
    ],
)  # fmt: skip
def test_nothing_is_said_of_an_account_before_it_is_opened(kind: str) -> None:
    """Whatever the kind, an unknown account is refused by name."""
    assert refusal(decide(HEAT, fact(kind, "r", "777"))).code == "unknown-account"
    assert refusal(decide(HEAT, fact(kind, "r", "300"))).code == "unknown-account"


@pytest.mark.parametrize("kind", ["charge.posted", "benefit.granted", "penalty.accrued", "account.residents-changed"])
def test_a_closed_account_takes_no_new_charges(kind: str) -> None:
    """Its debt stays payable, nothing is added to it."""
    assert refusal(decide(HEAT, fact(kind, "r", "109"))).code == "closed-account"


def test_an_account_that_closes_in_the_batch_takes_no_later_charge() -> None:
    """Order within a file counts."""
    rows = (fact("charge.posted", "a"), fact("account.closed", "b"), fact("charge.posted", "c"))
    assert codes(decide(HEAT, *rows)) == [None, None, "closed-account"]


def test_a_building_outside_the_register_needs_the_take_over() -> None:
    """Estates that bill but stand in no register are opened only by who takes over."""
    rows = fact("account.opened", "a", "300", building="b-99")
    assert refusal(decide(HEAT, rows)).code == "unknown-building"
    assert statuses(decide(CENTRE, rows)) == ["accepted"]


def test_an_alias_leads_to_the_same_stream() -> None:
    """Facts under the new number are events of the first one."""
    known = world()
    decided = decide(
        HEAT, fact("account.renumbered", "a", number="300"), fact("charge.posted", "b", "300"), within=known
    )
    assert statuses(decided) == ["accepted", "accepted"]
    assert [(e.account, e.version) for e in decided.events] == [("100", 2), ("100", 3)]
    assert decided.aliases == {"300": "100"}


@pytest.mark.parametrize(("number", "code"), [("101", "account-number-taken"), ("б/н", "invalid-account-number")])
def test_an_alias_must_be_free_and_well_formed(number: str, code: str) -> None:
    """No number belongs to two accounts."""
    assert refusal(decide(HEAT, fact("account.renumbered", number=number))).code == code


@pytest.mark.parametrize("number", ["1" * 21, "10 0", "сто", "1/2"])
def test_an_account_number_has_its_form(number: str) -> None:
    """A number that could never be opened is told so."""
    assert refusal(decide(HEAT, fact("charge.posted", "r", number))).code == "invalid-account-number"


def test_a_change_happens_at_midnight_in_almaty_of_its_day() -> None:
    """effective_from is a day of Almaty, also before the clocks changed."""
    known = decide(
        HEAT, fact("account.residents-changed"), fact("account.residents-changed", "s", at="2026-10-05T08:00:00Z")
    )
    assert [e.occurred_at for e in known.events] == ["2026-10-01T00:00:00+05:00", "2026-10-05T08:00:00+00:00"]
    early = decide(HEAT, fact("account.residents-changed", effective_from="2023-10-01"))
    assert early.events[0].occurred_at == "2023-10-01T00:00:00+06:00"


@pytest.mark.parametrize("at", ["1970-01-01T00:00:00Z", "9999-01-01T00:00:00Z", "2026-11-04T00:00:00Z"])
def test_an_instant_that_cannot_be_meant_is_refused(at: str) -> None:
    """Neither the epoch nor the future."""
    assert refusal(decide(HEAT, fact("charge.posted", at=at))).code == "invalid-date"


def test_base_data_has_no_month_of_account() -> None:
    """Only money counts in a month."""
    assert "posting_period" not in data(decide(HEAT, fact("account.residents-changed")))[0]
