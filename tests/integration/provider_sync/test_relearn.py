"""What the gate knows is the fold of the events: lost or spoiled, it is made anew."""

import pytest

from tests.integration.provider_sync.test_operate import read, run
from tests.integration.provider_sync.town import Town, charge

KNOWN = "SELECT * FROM history ORDER BY service, account", "SELECT * FROM homes ORDER BY account"


@pytest.fixture
def charged(emptied: Town) -> Town:
    """Two years of October, a correction and a charge that was taken back; one account changed its residents."""
    emptied.say("almaty-heat", charge("old", period="2025-10"), charge("last", period="2025-11"))
    emptied.say("almaty-heat", charge("a", amount="300.00"), charge("b", "101"), charge("c", "102"))
    named = {"account": "101", "reference": "d", "amount": "-10.00", "corrects": {"reference": "b"}}
    emptied.say("almaty-heat", {"kind": "charge.adjusted", "reason_code": "quality"} | named)
    undone = {"kind": "charge.reversed", "reference": "e", "account": "102", "reverses": {"reference": "c"}}
    changed = {"kind": "account.residents-changed", "reference": "f", "account": "100", "residents": 3}
    (reversed_, moved) = emptied.say("almaty-heat", undone, changed | {"effective_from": "2026-10-01"})
    assert (reversed_.status, moved.status) == ("accepted", "accepted")
    return emptied


def test_the_gate_learns_anew_what_it_knew(charged: Town) -> None:
    """Whatever its tables say by then; the act has a name and a reason."""
    before = [charged.rows(query) for query in KNOWN]
    charged.change(
        "UPDATE history SET m10 = 7; DELETE FROM homes WHERE account > '105'; DELETE FROM history WHERE m11 > 0"
    )
    assert [charged.rows(query) for query in KNOWN] != before
    assert read(charged, "gate", "relearn", "--reason", "a drill") == {"accounts": 20}
    assert [charged.rows(query) for query in KNOWN] == before
    assert charged.rows("SELECT who, why FROM audit WHERE act = 'gate.relearn'") == [("operator/asel", "a drill")]


def test_nobody_relearns_without_a_reason(charged: Town) -> None:
    """And nothing is done."""
    status, output = run(charged, "gate", "relearn")
    assert (status, "reason" in output) == (1, True)
    assert charged.rows("SELECT FROM audit WHERE act = 'gate.relearn'") == []
