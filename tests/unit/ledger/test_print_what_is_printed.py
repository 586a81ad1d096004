"""What a statement carries for print beside the money: meters, tariffs, late facts, whom to ask."""

import msgspec
import pytest

from ledger.domain.base import Device
from ledger.domain.metering import usage
from ledger.domain.statement import Directory, OpenAccount, close_through
from ledger.events.heard import Provider, Service, Tariff
from ledger.events.said import Reading, StatementIssued
from tests.support.books import Books
from tests.support.facts import Log

ACCOUNT = "100000123"
DIRECTORY = Directory(
    {"water": Service("city-water", "Вода", "Су", "м³", "м³", 1)},
    {"city-water": Provider("Водоканал", "Су арнасы", phone="+7 727 1", hours="9–18")},
    "KZT",
    {
        "water": [
            Tariff("water", "", "1.00", effective_from="2026-01-01", decision="all"),
            Tariff("water", "flat", "2.00", effective_from="2026-09-01", decision="№ 12"),
            Tariff("water", "flat", "3.00", effective_from="2026-11-01", decision="№ 13"),
        ]
    },
)


def loaded(log: Log, readings: dict[str, list[Reading]]) -> tuple[Books, OpenAccount]:
    """The account with its readings, as the store would load it."""
    books = Books()
    books.apply(log.events)
    return books, books.open_account(log.account)._replace(readings=readings)


def closed(log: Log, readings: dict[str, list[Reading]] | None = None) -> StatementIssued:
    """October's statement."""
    books, account = loaded(log, readings or {})
    return close_through(account, "2026-10", "2026-11-05T13:00:00Z", DIRECTORY, [books.rule])[-1].statement


def flat() -> Log:
    """A flat with water."""
    log = Log(ACCOUNT)
    log.open()
    log.say("service.connected", service="water", service_provider="city-water", tariff_group="flat",
            effective_from="2026-08-01")  # fmt: skip
    return log


def test_a_row_names_the_tariffs_decision_and_whom_to_ask() -> None:
    """The tariff of the account's group in force on the month's last day; the provider with phone and hours."""
    log = flat()
    log.charge("water", 100)
    statement = closed(log)
    (row,) = statement.rows
    assert (row.provider, row.tariff_group, row.decision) == ("city-water", "flat", "№ 12")
    assert statement.providers["city-water"].hours == "9–18"


def test_a_meter_replaced_within_the_month_is_shown_beside_the_new_one() -> None:
    """Two meters of one service, the old one with the day of its removal; a month later it is gone."""
    log = flat()
    log.say("meter.installed", meter="OLD", service="water", effective_from="2024-01-01", verified_until="2026-10-01")
    log.say("meter.removed", meter="OLD", effective_from="2026-10-12")
    log.say("meter.installed", meter="NEW", service="water", digits=5, effective_from="2026-10-12")
    old = [Reading("120", "2026-10-12", "measured"), Reading("117.5", "2026-09-20", "measured")]
    new, before = closed(log, {"OLD": old}).meters
    assert (before.meter, before.removed_on, before.usage, before.expired) == ("OLD", "2026-10-12", "2.5", True)
    assert (new.meter, new.installed_on, new.removed_on, new.usage) == ("NEW", "2026-10-12", None, None)
    books, account = loaded(log, {})
    november = close_through(account, "2026-11", "2026-12-05T13:00:00Z", DIRECTORY, [books.rule])[-1].statement
    assert [meter.meter for meter in november.meters] == ["NEW"]


def test_a_late_charge_says_what_it_is_late_for() -> None:
    """It stands among the adjustments with its volume, its months and what it was."""
    log = flat()
    log.charge("water", 500, posting_period="2026-10", period="2026-08", late_for="2026-08", volume="2", unit="m3")
    ((late,),) = [row.adjustments for row in closed(log).rows]
    assert (late.kind, late.fact, late.for_period, late.volume) == ("late", "charge.posted", "2026-08", "2")
    assert late.unit_kk == "м³"


def test_an_adjustment_names_what_it_corrects() -> None:
    """The reference of the charge, the volume and the reason."""
    log = flat()
    charge = log.charge("water", 500)
    named = {"provider": "almaty-heat", "reference": charge["data"]["reference"]}
    log.say("charge.adjusted", service="water", amount=-90, period="2026-10", posting_period="2026-10", corrects=named,
            volume="-0.5", reason_code="quality", reason="ржавая вода")  # fmt: skip
    ((adjusted,),) = [row.adjustments for row in closed(log).rows]
    assert (adjusted.corrects, adjusted.volume, adjusted.reason) == (named["reference"], "-0.5", "ржавая вода")


@pytest.mark.parametrize(
    ("previous", "current", "coefficient", "digits", "wanted"),
    [
        ("10", "12.500", None, None, "2.5"),
        ("99998.5", "1.5", None, 5, "3"),
        ("10", "12", "40", None, "80"),
        ("12", "10", None, None, None),
        ("twelve", "10", None, 5, None),
    ],
)
def test_usage_is_what_was_counted(
    previous: str, current: str, coefficient: str | None, digits: int | None, wanted: str | None
) -> None:
    """Over the roll-over, with the coefficient; nothing is guessed where the meter ran backwards."""
    device = Device("M-1", "water", coefficient, None, None, "", "", digits)
    readings = (Reading(previous, "2026-09-20", "measured"), Reading(current, "2026-10-20", "measured"))
    assert usage(device, *readings) == wanted


def test_nothing_of_the_showing_is_lost_on_the_topic() -> None:
    """The statement reads back from its JSON as it was."""
    log = flat()
    log.charge("water", 100, tiers=[{"volume": "1", "price": "1.00", "amount": 100}])
    statement = closed(log)
    assert msgspec.json.decode(msgspec.json.encode(statement), type=StatementIssued) == statement
