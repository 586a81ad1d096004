"""An account that stands still is never silent: it is said to be parked, and said to go on."""

from tests.integration.ledger.conftest import Ledger
from tests.support.facts import Log
from tests.support.waiting import until

ACCOUNT = "100000123"


def test_a_parked_account_is_said_once_with_its_cause(running_ledger: Ledger) -> None:
    """account.parked names the fact that is the cause and the place the account stands at."""
    log = Log(ACCOUNT)
    log.open()
    log.charge("heating", 1000)
    log.say("charge.posted", posting_period="2026-10", service="water", amount="12.50", reference="H-9")
    log.charge("water", 7)
    running_ledger.hear(log.events)
    until(lambda: len(running_ledger.said("account.parked")) == 1, "the account is said to be parked")
    other = Log("100000124")
    other.open()
    running_ledger.hear(other.events)
    running_ledger.applied(other)
    (parked,) = running_ledger.said("account.parked")
    assert (parked["account"], parked["reason"], parked["position"]) == (ACCOUNT, "unappliable", 2)
    assert (parked["fact"]["sequence"], parked["fact"]["reference"]) == (3, "H-9")
    assert parked["since"]
    assert running_ledger.said("account.resumed") == []


def test_a_gap_is_said_after_a_minute_and_its_end_at_once(running_ledger: Ledger) -> None:
    """A gap that is young is the channel's way; one that stays is news."""
    log = Log(ACCOUNT)
    log.open()
    log.charge("heating", 1000)
    log.charge("water", 7)
    running_ledger.hear([log.events[0], log.events[2]])
    until(lambda: running_ledger.query("SELECT reason FROM stream_heads WHERE reason = 'gap'") != [], "there is a gap")
    assert running_ledger.said("account.parked") == []
    running_ledger.execute("UPDATE stream_heads SET parked_at = now() - interval '2 minutes' WHERE reason = 'gap'")
    until(lambda: len(running_ledger.said("account.parked")) == 1, "the gap is said")
    running_ledger.hear([log.events[1]])
    until(lambda: len(running_ledger.said("account.resumed")) == 1, "its end is said")
    (resumed,) = running_ledger.said("account.resumed")
    assert (resumed["account"], resumed["position"]) == (ACCOUNT, 3)
