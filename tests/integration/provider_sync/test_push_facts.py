"""The HTTP door: keys, single facts, uploads, and every wrong way to call it."""

import gzip
import json
from typing import Any

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from provider_sync.handlers import access
from tests.integration.provider_sync.town import ASEL, Town, charge, ndjson, opened, payment
from tests.support.waiting import until

JSON = {"Content-Type": "application/json"}


def push(http: FlaskClient, town: Town, sender: str, *rows: dict[str, Any], **body: Any) -> TestResponse:
    """POST /v1/facts."""
    sent = json.dumps({"facts": [*rows]} | body, ensure_ascii=False)
    return http.post("/v1/facts", data=sent.encode(), headers=JSON | bearer(town, sender))


def bearer(town: Town, sender: str) -> dict[str, str]:
    """The header of a sender."""
    return {"Authorization": f"Bearer {town.keys[sender].bearer}"}


def results(answer: TestResponse) -> list[dict[str, Any]]:
    """The results of a push that was answered."""
    assert answer.status_code == 200, answer.text
    found: list[dict[str, Any]] = answer.get_json()["results"]
    return found


def test_each_fact_gets_its_own_answer(http: FlaskClient, town: Town) -> None:
    """In order, with positions and reasons in the reader's language."""
    answer = push(http, town, "almaty-heat", charge("a"), charge("b", "999"), charge("a"), charge("a", amount="1.00"))
    found = results(answer)
    assert [row["status"] for row in found] == ["accepted", "rejected", "duplicate", "conflict"]
    assert [row.get("position") for row in found] == ["account/100@2", None, "account/100@2", "account/100@2"]
    assert (found[1]["code"], found[1]["field"]) == ("unknown-account", "/account")
    assert found[1]["detail"] == "The account 999 was never opened."


def test_a_bad_fact_is_answered_under_its_own_reference(http: FlaskClient, town: Town) -> None:
    """As far as it can be read."""
    rows = [charge("a", amount=1), {"reference": "b"}, 5]
    found = results(push(http, town, "almaty-heat", *rows))  # type: ignore[arg-type]  # a number is no row
    assert [row["reference"] for row in found] == ["a", "b", None]
    assert {row["status"] for row in found} == {"rejected"}


@pytest.mark.parametrize("mode", ["atomic", "dry-run"])
def test_modes_hold_for_pushes_too(http: FlaskClient, town: Town, mode: str) -> None:
    """Atomic refuses the good with the bad; a dry run stores nothing."""
    answer = push(http, town, "almaty-heat", charge("a"), charge("b", "999"), mode=mode)
    assert [row["status"] for row in results(answer)] == (
        ["rejected", "rejected"] if mode == "atomic" else ["accepted", "rejected"]
    )
    assert town.one("SELECT count(*) FROM events WHERE type LIKE '%%charge%%'") == 0


def test_a_call_for_anothers_service_is_forbidden_and_on_record(http: FlaskClient, town: Town) -> None:
    """Bad input 23; among good rows it is its own row's answer."""
    answer = push(http, town, "almaty-lift", charge("a"))
    assert (answer.status_code, answer.get_json()["code"]) == (403, "foreign-service")
    assert town.rows("SELECT who, subject FROM audit WHERE act = 'facts.forbidden'") == [
        (town.key("almaty-lift").id, "almaty-lift")
    ]
    mixed = push(http, town, "almaty-lift", charge("a"), charge("b", service="lift"))
    assert [row["status"] for row in results(mixed)] == ["rejected", "accepted"]


def test_only_a_live_key_opens_the_door(http: FlaskClient, town: Town) -> None:
    """Bad inputs 14 and 24: missing, wrong, another's id, revoked, expired, all alike."""
    good = town.keys["almaty-heat"].bearer
    ident, _, secret = good.partition(".")
    for token in (None, "", good[:-1], f"{ident}.", f"knobody.{secret}", f"{town.key('halyk-bank').id}.{secret}"):
        headers = {"Authorization": f"Bearer {token}"} if token is not None else {}
        answer = http.get("/v1/facts/a", headers=headers)
        assert (answer.status_code, answer.get_json()["code"]) == (401, "invalid-api-key")
    assert http.get("/v1/facts/a", headers=bearer(town, "almaty-heat")).status_code == 404
    access.revoke(town.base, ASEL, ident)
    assert http.get("/v1/facts/a", headers=bearer(town, "almaty-heat")).status_code == 401
    with town.base.pool.connection() as conn:
        conn.execute("UPDATE api_keys SET expires_at = now() WHERE owner = 'halyk-bank'")
    until(lambda: http.get("/v1/facts/a", headers=bearer(town, "halyk-bank")).status_code == 401, "it has expired", 5)


def test_the_secret_is_nowhere_in_the_database(town: Town) -> None:
    """Only its SHA-256 is."""
    secret = town.keys["centre"].secret
    kept = town.rows("SELECT hash, id, label, scopes FROM api_keys")
    assert all(secret not in repr(row) and len(row[0]) == 32 for row in kept)


@pytest.mark.parametrize(
    ("body", "headers", "status", "code"),
    [
        (b'{"facts":[{"reference":"a","reference":"b"}]}', JSON, 400, "malformed-request"),
        (b'{"facts":[]} x', JSON, 400, "malformed-request"),
        (b'\xef\xbb\xbf{"facts":[]}', JSON, 400, "malformed-request"),
        (b'{"facts":["\\u0000"]}', JSON, 400, "malformed-request"),
        (b"[" * 10_000, JSON, 400, "malformed-request"),
        (b'{"facts":[]}', {"Content-Type": "text/plain"}, 415, "unsupported-media-type"),
        (b'{"facts":[]}', {"Content-Type": "application/json; charset=cp1251"}, 415, "unsupported-media-type"),
        (b'{"facts":[]}', JSON, 422, "too-many-facts"),
        (b'{"facts":[' + b",".join([b"{}"] * 1001) + b"]}", JSON, 422, "too-many-facts"),
        (b'{"facts":[],"provider":"x"}', JSON, 422, "invalid-request"),
        (b'{"facts":[],"mode":"maybe"}', JSON, 422, "invalid-request"),
        (b'{"facts":["' + b"x" * 250_000 + b'"]}', JSON, 413, "request-entity-too-large"),
    ],
)  # fmt: skip
def test_a_wrong_call_is_a_problem_document(
    http: FlaskClient, town: Town, body: bytes, headers: dict[str, str], status: int, code: str
) -> None:
    """Bad inputs 3 to 5, 8 and 9: never a 500, never a trace."""
    answer = http.post("/v1/facts", data=body, headers=headers | bearer(town, "almaty-heat"))
    assert (answer.status_code, answer.content_type) == (status, "application/problem+json")
    assert answer.get_json()["code"] == code


def test_what_became_of_a_fact_can_be_asked(http: FlaskClient, town: Town) -> None:
    """Accepted with its place, waiting, undone; another's references are unknown."""
    town.say("halyk-bank", payment("p/1"), payment("p2", "999"), payment("p3"))
    undo = {"kind": "payment.reversed", "reference": "r", "account": "100", "reverses": {"reference": "p3"}}
    town.say("halyk-bank", undo)

    def fate(reference: str, sender: str = "halyk-bank") -> Any:
        return http.get(f"/v1/facts/{reference}", headers=bearer(town, sender)).get_json()

    assert (fate("p/1")["status"], fate("p/1")["position"]) == ("accepted", "account/100@2")
    assert fate("p2")["status"] == "unmatched"
    assert fate("p3")["reversed"] is True
    assert fate("p3", "almaty-heat")["code"] == "not-found"
    town.say("centre", opened("999"))
    assert fate("p2")["position"] == "account/999@2"


def test_a_file_is_received_packed_or_plain(http: FlaskClient, town: Town) -> None:
    """202 once it is on the spool; its state names format, batch and rows."""
    body = ndjson(charge("a"), charge("b"))
    for sent, headers in ((body, {}), (gzip.compress(body), {"Content-Encoding": "gzip"})):
        answer = http.post(
            "/v1/uploads?format=ndjson&batch=B-1&count=2&sum=200.00", data=sent,
            headers=headers | bearer(town, "almaty-heat"),
        )  # fmt: skip
        assert (answer.status_code, answer.get_json()["state"]) == (202, "received")
        state = http.get(answer.headers["Location"], headers=bearer(town, "almaty-heat")).get_json()
        assert (state["state"], state["batch"], state["bytes"], state["rows"]["held"]) == (
            "received",
            "B-1",
            len(body),
            0,
        )
        assert http.get(answer.headers["Location"], headers=bearer(town, "halyk-bank")).status_code == 404


@pytest.mark.parametrize(
    ("query", "headers", "body", "status", "code"),
    [
        ("format=ndjson", {"Content-Encoding": "br"}, b"x", 415, "unsupported-encoding"),
        ("format=ndjson", {"Content-Encoding": "gzip"}, b"x", 415, "unsupported-encoding"),
        ("format=ndjson", {}, b"x" * 100_001, 413, "upload-too-large"),
        ("format=../x", {}, b"x", 422, "unknown-format"),
        ("format=ndjson&mode=never", {}, b"x", 422, "invalid-parameter"),
        ("format=ndjson&count=1e3", {}, b"x", 422, "invalid-parameter"),
        ("format=ndjson&sum=12,5", {}, b"x", 422, "invalid-parameter"),
        ("format=ndjson&owner=x", {}, b"x", 422, "invalid-request"),
        ("mode=continue", {}, b"x", 422, "invalid-request"),
    ],
)
def test_a_wrong_upload_is_refused_and_leaves_nothing(
    http: FlaskClient, town: Town, query: str, headers: dict[str, str], body: bytes, status: int, code: str
) -> None:
    """Bad inputs 5, 6 and 9."""
    answer = http.post(f"/v1/uploads?{query}", data=body, headers=headers | bearer(town, "almaty-heat"))
    assert (answer.status_code, answer.get_json()["code"]) == (status, code)
    assert town.one("SELECT count(*) FROM uploads") == 0


def test_rejected_rows_are_downloaded_in_the_readers_language(http: FlaskClient, town: Town) -> None:
    """As NDJSON for NDJSON."""
    upload = town.load("almaty-heat", ndjson(charge("a", "999")))
    headers = bearer(town, "almaty-heat") | {"Accept-Language": "ru"}
    answer = http.get(f"/v1/uploads/{upload.id}/rejected", headers=headers)
    assert answer.content_type == "application/x-ndjson"
    assert json.loads(answer.data)["detail"] == "Лицевой счёт 999 не открыт."


def test_the_documentation_knows_every_kind_of_fact(http: FlaskClient) -> None:
    """An integrator needs nothing else."""
    schemas = http.get("/openapi.json").get_json()["components"]["schemas"]
    kinds = {part["$ref"].rpartition("/")[2] for part in schemas["Fact"]["anyOf"]}
    assert {"ChargePosted", "PaymentReceived", "HolderStated", "ServiceStated"} <= kinds
    assert schemas["ChargePosted"]["properties"]["amount"]["type"] == "string"
