"""Payments without split, given splits and reversals, from the topic to the allocations."""

from tests.integration.ledger.conftest import Ledger
from tests.support.facts import Log, barriers


def splits(ledger: Ledger) -> list[dict[str, int]]:
    """The shares of each allocation, in the order they were said."""
    return [{s["service"]: s["amount"] for s in a["split"]} for a in ledger.said("payment.allocated")]


def test_a_payment_without_split_covers_the_oldest_month_first(running_ledger: Ledger) -> None:
    """Across batches and a close: September's lift before October's heating, then the order of the directory."""
    log = Log("100000123")
    log.open()
    log.charge("lift", 300, "2026-09")
    running_ledger.hear([*log.events, *barriers("2026-09", "2026-10-05T13:00:00Z")])
    running_ledger.closed("2026-09")
    log.charge("water", 500)
    log.charge("heating", 1000)
    log.pay(1500)
    running_ledger.hear(log.events[2:])
    running_ledger.applied(log)
    assert splits(running_ledger) == [{"lift": 300, "heating": 1000, "water": 200}]
    (allocated,) = running_ledger.said("payment.allocated")
    assert (allocated["rule"], allocated["day"]) == (1, "2026-10-16")
    assert {s["provider"] for s in allocated["split"]} == {"almaty-heat"}


def test_a_reversal_undoes_the_stored_split(running_ledger: Ledger) -> None:
    """Whether the payment stands in an earlier batch or in the same one."""
    log = Log("100000123")
    log.open()
    log.charge("heating", 1000)
    first = log.pay(1200)
    running_ledger.hear(log.events)
    running_ledger.applied(log)
    log.take_back(first)
    second = log.pay(700, split={"heating": 600, "lift": 100})
    log.take_back(second)
    running_ledger.hear(log.events[3:])
    running_ledger.applied(log)
    assert sorted(map(str, splits(running_ledger))) == sorted(
        map(
            str,
            [
                {"heating": 1000, "advance": 200},
                {"heating": -1000, "advance": -200},
                {"heating": 600, "lift": 100},
                {"heating": -600, "lift": -100},
            ],
        )
    )
    sums = running_ledger.query("SELECT sum(amount) FROM entries WHERE part = 'paid'")
    assert sums == [(0,)]


def test_an_applied_advance_is_published_with_the_close(running_ledger: Ledger) -> None:
    """Signed: to the service, from the advance, named after the close."""
    log = Log("100000123")
    log.open()
    log.pay(500)
    log.charge("heating", 300)
    running_ledger.hear([*log.events, *barriers("2026-10")])
    running_ledger.closed("2026-10")
    assert splits(running_ledger) == [{"advance": 500}, {"heating": 300, "advance": -300}]
    assert running_ledger.said("payment.allocated")[1]["payment"]["reference"] == "close/2026-10"
