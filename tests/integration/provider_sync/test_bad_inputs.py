"""Bad inputs of the HTTP door that concern facts, and repeats however they come (P8)."""

import time
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier

import pytest
from flask.testing import FlaskClient

from common import clock
from provider_sync import api
from provider_sync.config import Config
from provider_sync.handlers import access
from tests.integration.provider_sync.test_push_facts import JSON, bearer, push, results
from tests.integration.provider_sync.town import ASEL, SCOPES, Town, charge, payment

WRONG = (12.5, 12, "1e3", "NaN", "12,50", "12.345", "1234", "12345678901.00", "", " 1.00", "+1.00", "١.٠٠", None)


def test_an_amount_is_a_decimal_string_with_two_digits_and_a_payment_above_zero(http: FlaskClient, town: Town) -> None:
    """Bad input 1: each is its own row's refusal, with the field named."""
    charges = results(push(http, town, "almaty-heat", *(charge(f"c{n}", amount=a) for n, a in enumerate(WRONG))))
    paid = results(push(http, town, "halyk-bank", payment("p1", amount="0.00"), payment("p2", amount="-5.00")))
    assert {(found["status"], found["field"]) for found in charges + paid} == {("rejected", "/amount")}
    assert {found["code"] for found in charges} <= {"invalid-amount", "invalid-field"}
    assert {found["code"] for found in paid} == {"invalid-amount"}


def test_the_largest_amount_is_kept_exactly(http: FlaskClient, town: Town) -> None:
    """Bad input 2."""
    results(push(http, town, "almaty-heat", charge("a", amount="9999999999.99")))
    assert town.one("SELECT data::json ->> 'amount' FROM events WHERE version = 2") == "999999999999"


def test_deep_nesting_and_huge_numbers_are_told_at_once(http: FlaskClient, town: Town) -> None:
    """Bad input 4: no recursion error, no long arithmetic."""
    headers = JSON | bearer(town, "almaty-heat")
    for value in (b"[" * 10_000 + b"]" * 10_000, b"1" * 150_000):
        begun = time.monotonic()
        answer = http.post("/v1/facts", data=b'{"facts":[{"reference":"a","x":' + value + b"}]}", headers=headers)
        assert answer.status_code in (200, 400)
        assert answer.status_code == 400 or results(answer)[0]["status"] == "rejected"
        assert time.monotonic() - begun < 2


def test_a_key_of_no_shape_is_no_key(http: FlaskClient) -> None:
    """Bad input 13: the answer says nothing of why."""
    for token in ("k" * 300, "k.\u0007", "k." + "s" * 300, ".", "k..s"):
        answer = http.get("/v1/facts/a", headers={"Authorization": f"Bearer {token}"})
        assert (answer.status_code, answer.get_json()["code"]) == (401, "invalid-api-key")


@pytest.mark.parametrize("reference", ["r" * 300, "a\tb", "a\u001bb", "", None, 7])
def test_a_reference_of_no_shape_is_refused_by_name(http: FlaskClient, town: Town, reference: object) -> None:
    """Bad input 13: the reference is what makes a repeat safe, so a fact has one, or is refused for it alone."""
    found = results(push(http, town, "almaty-heat", charge("x") | {"reference": reference}, charge("good")))
    assert [(row["status"], row.get("field")) for row in found] == [("rejected", "/reference"), ("accepted", None)]
    missing = {name: value for name, value in charge("x").items() if name != "reference"}
    (found_missing,) = results(push(http, town, "almaty-heat", missing))
    assert (found_missing["status"], "reference" in found_missing["detail"]) == ("rejected", True)


@pytest.mark.parametrize("key", ["k" * 300, "", "a b"])
def test_an_idempotency_key_of_no_shape_is_refused(http: FlaskClient, town: Town, key: str) -> None:
    """Bad input 13: facts need none; one that is sent all the same must be one."""
    headers = JSON | bearer(town, "almaty-heat") | {"Idempotency-Key": key}
    answer = http.post("/v1/facts", json={"facts": [charge("a")]}, headers=headers)
    assert (answer.status_code, answer.get_json()["code"]) == (400, "idempotency-key-required")
    assert town.one("SELECT count(*) FROM said WHERE reference = 'a'") == 0
    headers["Idempotency-Key"] = "k-1"
    assert http.post("/v1/facts", json={"facts": [charge("a")]}, headers=headers).status_code == 200


def test_a_thousand_rows_with_a_bad_one_are_taken_once_whatever_is_repeated(http: FlaskClient, town: Town) -> None:
    """Bad input 15: the good ones exactly once, the corrected one then."""
    rows = [charge(f"c{n}", str(100 + n % 20), amount="1.00") for n in range(1000)]
    rows[500] |= {"account": "999"}
    big = api.create(town.base, town.spool, Config(town.url)).test_client()
    first = results(push(big, town, "almaty-heat", *rows))
    assert [n for n, row in enumerate(first) if row["status"] != "accepted"] == [500]
    rows[500] |= {"account": "100"}
    second = results(push(big, town, "almaty-heat", *rows))
    assert [n for n, row in enumerate(second) if row["status"] != "duplicate"] == [500]
    assert town.one("SELECT count(*) FROM events WHERE type LIKE '%%charge%%'") == 1000


def test_the_month_of_a_payment_is_almatys_whatever_its_zone(http: FlaskClient, town: Town) -> None:
    """Bad input 16: half past eleven at night in London is the next month in Almaty; an instant can be meant."""
    odd = ("1970-01-01T00:00:00Z", "9999-12-31T00:00:00Z", "2026-10-12T25:00:00Z", "2026-10-12T10:00:00", 1760000000)
    found = results(push(http, town, "halyk-bank", *(payment(f"p{n}", paid_at=at) for n, at in enumerate(odd))))
    assert [row["code"] for row in found] == ["invalid-date"] * 2 + ["invalid-field"] * 3
    assert {row["field"] for row in found} == {"/paid_at"}
    rows = [payment("a", paid_at="2026-09-30T23:30:00+01:00"), payment("b", paid_at="2026-10-01T04:59:59+05:00")]
    rows.append(payment("c", paid_at="2026-09-30T18:59:59Z"))
    results(push(http, town, "halyk-bank", *rows))
    months = town.rows("SELECT data::json ->> 'posting_period' FROM events WHERE version > 1 ORDER BY version")
    assert [month for (month,) in months] == ["2026-10", "2026-10", "2026-09"]


def test_another_content_under_a_reference_is_a_conflict_on_record(http: FlaskClient, town: Town) -> None:
    """Bad inputs 10 and 11."""
    push(http, town, "almaty-heat", charge("a"))
    found = results(push(http, town, "almaty-heat", charge("a"), charge("a", amount="1.00")))
    assert [row["status"] for row in found] == ["duplicate", "conflict"]
    assert town.rows("SELECT who, act, detail ->> 'rows' FROM audit WHERE act LIKE 'facts.%%'") == [
        (town.key("almaty-heat").id, "facts.conflict", "1")
    ]


def test_a_hundred_identical_posts_at_once_are_one_fact(town: Town) -> None:
    """P8: each is answered 200 with the same position."""
    app = api.create(town.base, town.spool, Config(town.url))
    start = Barrier(10)

    def say(_: int) -> list[tuple[str, str]]:
        start.wait()
        client = app.test_client()
        answers = [results(push(client, town, "almaty-heat", charge("same")))[0] for _ in range(10)]
        return [(answer["status"], answer["position"]) for answer in answers]

    with ThreadPoolExecutor(10) as pool:
        found = [answer for answers in pool.map(say, range(10)) for answer in answers]
    assert {position for _, position in found} == {"account/100@2"}
    assert sorted(status for status, _ in found) == ["accepted"] + ["duplicate"] * 99


def test_a_repeat_stays_a_repeat(http: FlaskClient, town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    """P8: by another process, under the sender's other key, a day later; another sender's reference is another's."""
    (first,) = results(push(http, town, "almaty-heat", charge("same")))
    anew = api.create(town.base, town.spool, Config(town.url)).test_client()
    other = access.issue(town.base, ASEL, "almaty-heat", SCOPES["almaty-heat"], "second", None)
    town.keys["almaty-heat"] = other
    later = clock.now() + timedelta(hours=25)
    monkeypatch.setattr(clock, "now", lambda: later)
    (again,) = results(push(anew, town, "almaty-heat", charge("same")))
    assert (again["status"], again["position"]) == ("duplicate", first["position"])
    (own,) = results(push(anew, town, "almaty-lift", charge("same", service="lift")))
    assert own["status"] == "accepted"
