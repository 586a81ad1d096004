"""The gate's rules by themselves: what is odd, what a declared tariff explains, and files of rules."""

import pytest

from provider_sync import errors
from provider_sync.domain import plausible
from provider_sync.domain.plausible import BatchRules, ChargeRules, Charges, Odd, ResidentRules, Tariff, rules_of
from provider_sync.gateways import own_rules

RULES = ChargeRules(times=5, floor="1000.00", building_times=2, building_flats=3)


def charges(*tenge: int, accounts: str = "") -> Charges:
    """Rows r0, r1, … of accounts a0, a1, …"""
    rows = range(len(tenge))
    return Charges("heating", "2026-10", [f"r{n}" for n in rows], [f"a{n}" for n in rows], list(tenge))


@pytest.mark.parametrize(
    ("tenge", "usual", "held"),
    [(5000, 1000, False), (5001, 1000, True), (1100, 100, False), (1101, 100, True), (80, 10, False)],
)
def test_a_charge_is_far_only_above_both_times_and_floor(tenge: int, usual: int, held: bool) -> None:
    """A small sum is never held, however many times the usual it is."""
    found = plausible.far(charges(tenge), [Odd(0, usual)], RULES, 1.0)
    assert bool(found) is held


def test_a_declared_rise_of_the_tariff_is_discounted() -> None:
    """What is eight times the usual at a doubled price is four times the use."""
    assert plausible.far(charges(8000), [Odd(0, 1000)], RULES, 1.0)
    assert not plausible.far(charges(8000), [Odd(0, 1000)], RULES, 2.0)


@pytest.mark.parametrize(
    ("tariffs", "expected"),
    [
        ([], 1.0),
        ([Tariff("", "2026-07-01", 10)], 1.0),
        ([Tariff("", "2025-01-01", 10), Tariff("", "2026-10-01", 25)], 2.5),
        ([Tariff("", "2020-01-01", 1), Tariff("", "2025-01-01", 10), Tariff("", "2026-10-01", 20)], 2.0),
        ([Tariff("", "2025-01-01", 10), Tariff("", "2026-11-01", 25)], 1.0),
        ([Tariff("", "2025-01-01", 25), Tariff("", "2026-10-01", 10)], 1.0),
        ([Tariff("shops", "2025-01-01", 10), Tariff("shops", "2026-02-01", 30), Tariff("", "2025-01-01", 10)], 3.0),
    ],
)
def test_the_rise_is_that_within_a_year_of_the_dearest_group(tariffs: list[Tariff], expected: float) -> None:
    """Older rises are in the history already; a lower price discounts nothing."""
    assert plausible.rise(tariffs, "2026-10") == expected


def test_a_service_never_connected_is_odd_without_a_history() -> None:
    """The account never had it."""
    found = plausible.far(charges(10), [Odd(0, None)], RULES, 1.0)
    assert isinstance(found["r0"], errors.NeverConnected)


def test_a_building_jumps_when_enough_of_its_flats_do() -> None:
    """Three of five above twice the usual; the two others are not held."""
    rows = charges(300, 300, 300, 100, 100)
    odd = plausible.jumped(rows, [Odd(n, 100) for n in range(3)], RULES, 1.0)
    homes = dict.fromkeys(rows.accounts, "b-1")
    found = plausible.buildings_jumped(rows, odd, RULES, homes)
    assert sorted(found) == ["r0", "r1", "r2"]
    assert found["r0"].params == {"building": "b-1", "flats": 3}


def test_a_few_flats_of_a_large_building_are_no_jump() -> None:
    """Three of seven."""
    rows = charges(300, 300, 300, 100, 100, 100, 100)
    odd = plausible.jumped(rows, [Odd(n, 100) for n in range(3)], RULES, 1.0)
    assert plausible.buildings_jumped(rows, odd, RULES, dict.fromkeys(rows.accounts, "b-1")) == {}


def test_flats_of_different_buildings_are_no_jump() -> None:
    """Each of another house."""
    rows = charges(300, 300, 300)
    odd = plausible.jumped(rows, [Odd(n, 100) for n in range(3)], RULES, 1.0)
    assert plausible.buildings_jumped(rows, odd, RULES, {"a0": "b-1", "a1": "b-2", "a2": "b-3"}) == {}


@pytest.mark.parametrize(
    ("before", "after", "held"),
    [(2, 3, False), (1, 6, False), (1, 7, True), (8, 1, True), (10, 16, False), (0, 7, True), (None, 50, False)],
)
def test_residents_jump_by_times_and_by_number(before: int | None, after: int, held: bool) -> None:
    """A birth is none; who is not known cannot jump."""
    assert (plausible.residents_jump(before, after, ResidentRules(times=3, more=6)) is not None) is held


def test_more_than_the_share_makes_a_batch_one_decision() -> None:
    """One in a hundred is not more than one in a hundred; a few rows are no batch."""
    rules = BatchRules(share=0.01, rows=100)
    assert not plausible.is_one_decision({"a"}, 100, rules)
    assert plausible.is_one_decision({"a", "b"}, 100, rules)
    assert not plausible.is_one_decision({"a", "b"}, 99, rules)


def test_a_total_is_held_against_the_largest_of_the_months_compared() -> None:
    """What came before in the same month counts; without months there is no rule."""
    assert plausible.total_far(200, 101, [100, 50], ChargeRules(total_times=3), 1.0)
    assert not plausible.total_far(200, 100, [100, 50], ChargeRules(total_times=3), 1.0)
    assert not plausible.total_far(200, 101, [100, 50], ChargeRules(total_times=3), 1.5)
    assert not plausible.total_far(10_000, 1, [], ChargeRules(total_times=3), 1.0)


def test_seasons_pass_the_turn_of_the_year() -> None:
    """December, January, February."""
    assert plausible.months_compared("2026-01", "season") == [12, 1, 2]
    assert plausible.months_compared("2026-12", "season") == [11, 12, 1]
    assert plausible.months_compared("2026-05", "year") == list(range(1, 13))
    assert plausible.periods_compared("2026-01") == ["2025-12", "2025-02", "2025-01", "2024-12"]


def test_a_service_changes_only_what_it_names() -> None:
    """The rest is that of all charges."""
    rules = rules_of('[charges]\ntimes = 6\nfloor = "10.00"\n[services.heating]\ntimes = 4\nusual = "year"\n')
    assert (rules.of("heating").times, rules.of("heating").floor_tenge) == (4, 10)
    assert (rules.of("lift").times, rules.of("lift").usual) == (6, "season")


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("[charges", "Expected"),
        ("[charge]\ntimes = 3", "charge"),
        ("[charges]\ntime = 3", "[charges]"),
        ("[charges]\ntimes = 0.5", "above 1"),
        ('[charges]\nfloor = "many"', "1000.00"),
        ("[services.lift]\nbuilding_flats = 1", "[lift]"),
        ('[charges]\nusual = "sometimes"', "[charges]"),
        ("[batch]\nshare = 2", "share"),
    ],
)
def test_a_wrong_file_of_rules_says_where(text: str, reason: str) -> None:
    """A misspelt setting is not passed over."""
    with pytest.raises(errors.BadRules) as refused:
        rules_of(text)
    assert reason.replace("1000.00", "30000.00") in str(refused.value)


def test_the_rules_that_come_with_the_service_are_those_of_the_code() -> None:
    """The file shows every setting with its own value."""
    assert own_rules() == plausible.Rules()
