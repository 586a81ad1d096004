""" "That was all for the month": totals that agree, totals that do not, and what is theirs and ours."""

from typing import Any

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from provider_sync.handlers import access, unmatched
from tests.integration.provider_sync.town import ASEL, Town, charge, ndjson, payment

_MONTH = "/v1/periods/2026-10"


def submit(http: FlaskClient, town: Town, sender: str, **body: Any) -> TestResponse:
    """A sender's statement."""
    return http.post(f"{_MONTH}/submissions", json=body, headers=bearer(town, sender))


def bearer(town: Town, sender: str) -> dict[str, str]:
    """A sender's key."""
    return {"Authorization": f"Bearer {town.keys[sender].bearer}", "Accept-Language": "en"}


def heating(count: int, total: str) -> list[dict[str, Any]]:
    """A statement about one service."""
    return [{"service": "heating", "count": count, "sum": total}]


def test_totals_that_agree_are_taken(http: FlaskClient, town: Town) -> None:
    """Pushed facts and files count together, reversed ones do not, adjustments belong to the sum."""
    town.load("almaty-heat", ndjson(charge("a"), charge("b"), charge("c", "999")))
    adjusted = {"kind": "charge.adjusted", "reference": "d", "account": "100", "amount": "-10.00"}
    undone = {"kind": "charge.reversed", "reference": "e", "account": "100", "reverses": {"reference": "b"}}
    town.say("almaty-heat", charge("f", "101", amount="25.50"), undone,
             adjusted | {"corrects": {"reference": "a"}, "reason_code": "quality"})  # fmt: skip
    answer = submit(http, town, "almaty-heat", services=heating(2, "115.50"))
    assert answer.status_code == 200, answer.get_json()
    (line,) = answer.get_json()["lines"]
    assert (line["service"], line["ours"], line["different"]) == (
        "heating", {"count": 2, "sum": "115.50"}, {"count": 0, "sum": "0.00"},
    )  # fmt: skip
    assert line["parts"]["charge.posted"] == {"count": 3, "sum": "225.50"}


def test_a_difference_is_refused_with_the_difference(http: FlaskClient, town: Town) -> None:
    """And shows in the reconciliation until the missing fact came and the totals are stated anew."""
    town.say("almaty-heat", charge("a"))
    answer = submit(http, town, "almaty-heat", services=heating(2, "150.00"))
    assert (answer.status_code, answer.get_json()["code"]) == (409, "submission-differs")
    (error,) = answer.get_json()["errors"]
    assert (error["difference_count"], error["difference_sum"], error["here_sum"]) == ("1", "50.00", "100.00")
    assert (error["pointer"], "difference 1 of 50.00" in error["detail"]) == ("/services/0", True)
    shown = http.get(f"{_MONTH}/reconciliation", headers=bearer(town, "almaty-heat")).get_json()
    assert (shown["agrees"], shown["lines"][0]["theirs"]["agreed"]) == (False, False)
    assert shown["lines"][0]["different"] == {"count": 1, "sum": "50.00"}
    town.say("almaty-heat", charge("b", "101", amount="50.00"))
    assert submit(http, town, "almaty-heat", services=heating(2, "150.00")).status_code == 200
    shown = http.get(f"{_MONTH}/reconciliation", headers=bearer(town, "almaty-heat")).get_json()
    assert (shown["agrees"], shown["lines"][0]["theirs"]["agreed"]) == (True, True)


def test_a_banks_payments_count_with_those_that_wait_for_their_account(http: FlaskClient, town: Town) -> None:
    """Money that was taken is money, matched or not."""
    town.say("halyk-bank", payment("p"), payment("q", "999"), payment("r", paid_at="2026-11-01T00:30:00+05:00"))
    answer = submit(http, town, "halyk-bank", payments={"count": 2, "sum": "100.00"})
    assert answer.status_code == 200, answer.get_json()
    (line,) = answer.get_json()["lines"]
    assert (line["service"], line["waiting"]) == (None, {"count": 1, "sum": "50.00"})
    town.say("centre", {"kind": "account.opened", "reference": "o", "account": "999", "building": "b-12",
                        "premises": "flat"})  # fmt: skip
    answer = submit(http, town, "halyk-bank", payments={"count": 2, "sum": "100.00"})
    assert answer.status_code == 200, answer.get_json()


def test_money_given_back_or_taken_back_is_no_money_of_the_bank(http: FlaskClient, town: Town) -> None:
    """What the centre gave back to its payer is told apart; what the bank itself took back is as if it had not come."""
    undone = {"kind": "payment.reversed", "reference": "u", "account": "999", "reverses": {"reference": "r"}}
    town.say("halyk-bank", payment("p"), payment("q", "999"), payment("r", "999"), undone | {"reason": "by mistake"})
    unmatched.give_back(town.base, "halyk-bank", "q", ASEL)
    answer = submit(http, town, "halyk-bank", payments={"count": 1, "sum": "50.00"})
    assert answer.status_code == 200, answer.get_json()
    (line,) = answer.get_json()["lines"]
    assert (line["ours"], line["waiting"]["count"], line["returned"]) == (
        {"count": 1, "sum": "50.00"}, 0, {"count": 1, "sum": "50.00"},
    )  # fmt: skip


@pytest.mark.parametrize(
    ("sender", "body", "status", "code"),
    [
        ("almaty-heat", {"services": [{"service": "lift", "count": 1, "sum": "1.00"}]}, 403, "foreign-service"),
        ("almaty-heat", {"services": [{"service": "no", "count": 1, "sum": "1.00"}]}, 422, "unknown-service"),
        ("almaty-heat", {"payments": {"count": 1, "sum": "1.00"}}, 403, "scope-missing"),
        ("almaty-heat", {}, 422, "invalid-parameter"),
        ("almaty-heat", {"services": [{"service": "heating", "count": 1, "sum": "1,00"}]}, 422, "invalid-request"),
        ("halyk-bank", {"services": [{"service": "heating", "count": 1, "sum": "1.00"}]}, 403, "scope-missing"),
    ],
)
def test_only_ones_own_months_are_stated(
    http: FlaskClient, town: Town, sender: str, body: dict[str, Any], status: int, code: str
) -> None:
    """Nothing is kept of the rest."""
    answer = submit(http, town, sender, **body)
    assert (answer.status_code, answer.get_json()["code"]) == (status, code)
    assert town.one("SELECT count(*) FROM submissions") == 0


def test_nobody_sees_the_months_of_others(http: FlaskClient, town: Town) -> None:
    """Another utility, and a key that is for another service of the same one."""
    town.say("almaty-heat", charge("a"))
    assert http.get(f"{_MONTH}/reconciliation", headers=bearer(town, "almaty-lift")).get_json()["lines"] == []
    narrow = access.issue(town.base, ASEL, "almaty-heat", ["charges", "services:lift"], "narrow", None)
    answer = http.get(f"{_MONTH}/reconciliation", headers={"Authorization": f"Bearer {narrow.bearer}"})
    assert answer.get_json()["lines"] == []
    assert http.get("/v1/periods/2026-13/reconciliation", headers=bearer(town, "almaty-heat")).status_code == 422
