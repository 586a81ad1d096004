"""Money for no known account: it waits, is assigned or given back by an operator, and nothing happens to it twice."""

import json
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from threading import Barrier
from typing import Any

import pytest
from flask.testing import FlaskClient

from common.errors import Refusal
from provider_sync.errors import NotWaiting
from provider_sync.handlers import desk, unmatched
from provider_sync.handlers.base import Act
from tests.integration.provider_sync.test_contend import assert_no_gaps
from tests.integration.provider_sync.test_push_facts import bearer
from tests.integration.provider_sync.town import Town, opened, payment

AIGUL = Act("operator/aigul", "Опечатка в номере, письмо банка 17")


def undo(reference: str, named: str, account: str = "999") -> dict[str, Any]:
    """A payment is taken back by its bank."""
    row = {"kind": "payment.reversed", "reference": reference, "account": account}
    return row | {"reverses": {"reference": named}}


def event(town: Town, reference: str) -> dict[str, Any]:
    """The data of a stored fact."""
    (found,) = town.rows("SELECT data FROM events WHERE data::json ->> 'reference' = %s", reference)
    data: dict[str, Any] = json.loads(found[0])
    return data


def test_an_assigned_payment_is_a_fact_of_its_account_that_says_who_and_why(town: Town) -> None:
    """The sender's reference finds it there; the queue is empty."""
    town.say("halyk-bank", payment("p", "999"))
    assert unmatched.assign(town.base, "halyk-bank", "p", "100", AIGUL) == "account/100@2"
    said = event(town, "p")
    assert (said["provider"], said["amount"]) == ("halyk-bank", 5000)
    assert said["assigned"] == {"number": "999", "by": "operator/aigul", "reason": AIGUL.why}
    assert desk.unmatched(town.base, 10) == []
    (repeat,) = town.say("halyk-bank", payment("p", "999"))
    assert (repeat.status, repeat.position) == ("duplicate", "account/100@2")
    assert town.rows("SELECT who, act, subject FROM audit WHERE act LIKE 'unmatched%%'") == [
        ("operator/aigul", "unmatched.assign", "halyk-bank/p")
    ]
    town.say("centre", opened("999"))
    assert town.one("SELECT version FROM numbers WHERE number = '999'") == 1
    assert_no_gaps(town)


def test_its_bank_takes_an_assigned_payment_back_under_the_number_it_knows(town: Town) -> None:
    """Whatever the account; a second time is refused."""
    town.say("halyk-bank", payment("p", "999"))
    unmatched.assign(town.base, "halyk-bank", "p", "100", AIGUL)
    (taken,) = town.say("halyk-bank", undo("r", "p"))
    assert (taken.status, taken.position) == ("accepted", "account/100@3")
    (again,) = town.say("halyk-bank", undo("r2", "p"))
    assert again.refusal is not None
    assert again.refusal.code == "already-reversed"


def test_a_payment_that_was_taken_back_is_assigned_with_its_reversal(town: Town) -> None:
    """Both become facts, so the money is zero; it cannot be given back to the payer a second time."""
    town.say("halyk-bank", payment("p", "999"), undo("r", "p"))
    assert desk.unmatched(town.base, 10)[0]["reversed"] is True
    with pytest.raises(Refusal, match="already-reversed"):
        unmatched.give_back(town.base, "halyk-bank", "p", AIGUL)
    unmatched.assign(town.base, "halyk-bank", "p", "100", AIGUL)
    assert [kind for (kind,) in town.rows("SELECT type FROM events WHERE stream_id = '100' ORDER BY version")][1:] == [
        "kz.settlement.provider-sync.payment.received.v1", "kz.settlement.provider-sync.payment.reversed.v1",
    ]  # fmt: skip


def test_a_returned_payment_matches_no_account_any_more(town: Town, http: FlaskClient) -> None:
    """Its reference stays taken, its sender can ask what became of it, and it is not taken back a second time."""
    town.say("halyk-bank", payment("p", "999"))
    unmatched.give_back(town.base, "halyk-bank", "p", AIGUL)
    town.say("centre", opened("999"))
    assert town.one("SELECT version FROM numbers WHERE number = '999'") == 1
    assert town.say("halyk-bank", payment("p", "999"))[0].status == "duplicate"
    (undone,) = town.say("halyk-bank", undo("r", "p"))
    assert undone.refusal is not None
    state = http.get("/v1/facts/p", headers=bearer(town, "halyk-bank")).get_json()
    assert (state["status"], state["position"]) == ("returned", None)
    assert town.rows("SELECT returned_by, returned_reason FROM unmatched") == [(AIGUL.who, AIGUL.why)]


def test_what_cannot_be_assigned_is_refused_and_changes_nothing(town: Town) -> None:
    """An account that is open, a payment that waits, a reason."""
    town.say("halyk-bank", payment("p", "999"), payment("accepted"))
    for reference, account, act, code in (
        ("p", "998", AIGUL, "unknown-account"), ("p", "999", AIGUL, "unknown-account"),
        ("p", "100", Act("operator/aigul", " "), "reason-missing"),
        ("accepted", "100", AIGUL, "payment-not-waiting"), ("nothing", "100", AIGUL, "payment-not-waiting"),
    ):  # fmt: skip
        with pytest.raises(Refusal, match=code):
            unmatched.assign(town.base, "halyk-bank", reference, account, act)
    assert len(desk.unmatched(town.base, 10)) == 1


def test_assigning_opening_and_returning_cannot_pass_each_other(town: Town) -> None:
    """Whoever comes first, each payment ends once: in the opened account, in the other, or with its payer."""
    numbers = [str(number) for number in range(500, 512)]
    town.say("halyk-bank", *(payment(f"p{number}", number) for number in numbers))
    start = Barrier(3)

    def act(what: Any) -> None:
        start.wait()
        for number in numbers:
            with suppress(NotWaiting):
                what(number)

    acts = (
        lambda number: town.say("centre", opened(number)),
        lambda number: unmatched.assign(town.base, "halyk-bank", f"p{number}", "100", AIGUL),
        lambda number: unmatched.give_back(town.base, "halyk-bank", f"p{number}", AIGUL),
    )
    with ThreadPoolExecutor(3) as pool:
        for done in [pool.submit(act, what) for what in acts]:
            done.result(60)
    stored = town.one("SELECT count(*) FROM events WHERE type LIKE '%%payment%%'")
    returned = town.one("SELECT count(*) FROM unmatched WHERE returned_at IS NOT NULL")
    assert (stored + returned, desk.unmatched(town.base, 100)) == (12, [])
    assert town.one("SELECT count(*) FROM unmatched WHERE returned_at IS NOT NULL AND matched_at IS NOT NULL") == 0
    assert_no_gaps(town)
