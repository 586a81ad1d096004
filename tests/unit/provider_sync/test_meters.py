"""Meters: readings within a meter's life, dials that pass their end, two meters in one month, planned replacement."""

import pytest

from provider_sync.domain.world import World
from tests.unit.provider_sync.counter import HEAT, codes, data, decide, fact, refusal, statuses, world


def metered(**changed: object) -> World:
    """A world where HW-1 was installed on 1 April 2024, with five digits."""
    known = world()
    assert statuses(decide(HEAT, fact("meter.installed", "m", **changed), within=known)) == ["accepted"]
    return known


def test_the_last_reading_of_a_removed_meter_may_come_after_the_new_one() -> None:
    """Two meters in one month: the day decides, not the order of the facts."""
    rows = (
        fact("meter.removed", "a"), fact("meter.installed", "b", meter="HW-2", effective_from="2026-10-15"),
        fact("meter.read", "c", meter="HW-2", value="0.500", taken_on="2026-10-31"),
        fact("meter.read", "d", taken_on="2026-10-15"), fact("meter.read", "e", taken_on="2026-10-16"),
    )  # fmt: skip
    assert codes(decide(HEAT, *rows, within=metered())) == [None, None, None, None, "meter-not-there"]


def test_a_reading_before_the_meter_was_there_is_refused() -> None:
    """It is another meter's."""
    assert refusal(decide(HEAT, fact("meter.read", taken_on="2024-03-31"), within=metered())).code == "meter-not-there"


@pytest.mark.parametrize(
    ("last", "value", "digits", "said"),
    [
        ("99990", "00012.5", 5, {"rolled_over": True}),
        ("316.550", "300", 5, {"warnings": ["reading-below-previous"]}),
        ("99990", "12", None, {"warnings": ["reading-below-previous"]}),
        ("100", "100.000", 5, {}),
    ],
)
def test_a_lower_reading_is_a_dial_that_passed_its_end_or_a_warning(
    last: str, value: str, digits: int | None, said: dict[str, object]
) -> None:
    """Whichever way is the shorter; never a refusal, for the meter shows what it shows."""
    rows = (fact("meter.read", "a", value=last, taken_on="2026-09-25"), fact("meter.read", "b", value=value))
    found = data(decide(HEAT, *rows, within=metered(digits=digits)))[1]
    assert {name: found[name] for name in ("rolled_over", "warnings") if name in found} == said


def test_a_reading_for_an_earlier_day_is_compared_with_nothing() -> None:
    """Readings come late; the newest one stays the one to compare with."""
    rows = (
        fact("meter.read", "a", value="300", taken_on="2026-10-25"),
        fact("meter.read", "b", value="250", taken_on="2026-09-25"),
        fact("meter.read", "c", value="290", taken_on="2026-11-01"),
    )
    found = data(decide(HEAT, *rows, within=metered()))
    assert ["warnings" in event for event in found] == [False, False, True]


def test_a_reading_fits_the_dial() -> None:
    """Leading zeros do not count."""
    rows = (fact("meter.read", "a", value="0012345.678"), fact("meter.read", "b", value="123456"))
    assert codes(decide(HEAT, *rows, within=metered())) == [None, "reading-too-long"]


def test_a_meter_is_not_removed_before_it_was_installed_nor_installed_again_before_it_was_removed() -> None:
    """Lives do not overlap."""
    rows = (
        fact("meter.removed", "a", effective_from="2024-03-31"), fact("meter.removed", "b"),
        fact("meter.installed", "c", effective_from="2026-10-14"),
        fact("meter.installed", "d", effective_from="2026-10-15"),
    )  # fmt: skip
    assert codes(decide(HEAT, *rows, within=metered())) == ["dates-inverted", None, "dates-inverted", None]


@pytest.mark.parametrize("field", ["verified_until", "replacement_planned"])
def test_a_meters_dates_lie_within_a_life(field: str) -> None:
    """A year like 9999 is a slip."""
    far = fact("meter.installed", **{field: "9999-01-01"})
    assert refusal(decide(HEAT, far)).code == "date-too-far"
    assert statuses(decide(HEAT, fact("meter.installed", **{field: "2032-04-01"}))) == ["accepted"]


def test_a_replacement_is_planned_for_a_meter_that_counts() -> None:
    """Years ahead, but not for ever."""
    rows = (
        fact("meter.replacement-planned", "a"), fact("meter.replacement-planned", "b", planned_for="9999-01-01"),
        fact("meter.removed", "c"), fact("meter.replacement-planned", "d"),
    )  # fmt: skip
    assert codes(decide(HEAT, *rows, within=metered())) == [None, "date-too-far", None, "unknown-meter"]


def test_a_service_ends_after_it_began_and_begins_again_after_it_ended() -> None:
    """Days are compared, not the order of arrival."""
    rows = (
        fact("service.connected", "a", effective_from="2026-08-01"),
        fact("service.disconnected", "b", effective_from="2026-07-31"),
        fact("service.disconnected", "c", effective_from="2026-10-01"),
        fact("service.connected", "d", effective_from="2026-09-30"),
        fact("service.connected", "e", effective_from="2026-10-01"),
    )
    assert codes(decide(HEAT, *rows)) == [None, "dates-inverted", None, "dates-inverted", None]


@pytest.mark.parametrize(
    ("kind", "changed"),
    [
        ("account.area-changed", {"area_total": "-1"}), ("account.opened", {"area_heated": "-54.10"}),
        ("meter.read", {"value": "-1"}), ("meter.installed", {"coefficient": "-1"}),
        ("penalty.accrued", {"rate": "-0.03"}), ("account.residents-changed", {"residents": -1}),
        ("benefit.granted", {"reason": ""}), ("directory.building", {"address_kk": ""}),
    ],
)  # fmt: skip
def test_sizes_are_not_below_zero_and_texts_that_are_printed_not_empty(kind: str, changed: dict[str, object]) -> None:
    """Refused where they are read, with the field."""
    assert refusal(decide(HEAT, fact(kind, **changed))).code == "invalid-field"
