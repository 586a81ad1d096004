"""Signed acknowledgements: what they say, that they chain, and that nothing changed under them goes unnoticed."""

import json
import subprocess
import sys
from datetime import timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any

import psycopg
import pytest
from flask.testing import FlaskClient
from joserfc import jws
from joserfc.jwk import ECKey
from typer.testing import CliRunner

from provider_sync import api
from provider_sync.__main__ import cli
from provider_sync.config import Config
from provider_sync.handlers import acks
from tests.integration.provider_sync.town import Town, charge, ndjson, opened, payment

ROOT = Path(__file__).parents[3]


@pytest.fixture
def keyed(town: Town, tmp_path: Path) -> FlaskClient:
    """The API with a signing key of the test's own."""
    config = Config(town.url, ack_key_file=tmp_path / "ack.pem")
    return api.create(town.base, town.spool, config).test_client()


def bearer(town: Town, sender: str) -> dict[str, str]:
    """A sender's key."""
    return {"Authorization": f"Bearer {town.keys[sender].bearer}"}


def push(http: FlaskClient, town: Town, sender: str, *rows: dict[str, Any], mode: str = "continue") -> Any:
    """A push's answer."""
    return http.post("/v1/facts", json={"mode": mode, "facts": rows}, headers=bearer(town, sender)).get_json()


def said(http: FlaskClient, token: str) -> dict[str, Any]:
    """What an acknowledgement says, its signature checked as anybody would."""
    keys = {key["kid"]: key for key in http.get("/.well-known/acknowledgement-keys.json").get_json()["keys"]}
    key = ECKey.import_key(keys[jws.extract_compact(token.encode()).headers()["kid"]])
    body: dict[str, Any] = json.loads(jws.deserialize_compact(token, key, algorithms=["ES256"]).payload)
    return body


def ack(http: FlaskClient, town: Town, sender: str, name: object) -> str:
    """An acknowledgement as downloaded."""
    answer = http.get(f"/v1/acknowledgements/{name}", headers=bearer(town, sender))
    assert answer.status_code == 200, answer.get_json()
    assert answer.content_type == "application/jose"
    return answer.text.strip()


def test_an_upload_is_acknowledged_with_its_counts_and_sums(keyed: FlaskClient, town: Town) -> None:
    """Also what was refused, repeated, and the digest of the file as it was sent."""
    town.say("almaty-heat", charge("a"))
    file = ndjson(charge("a"), charge("b", "101"), charge("c", "102", period="2026-11"), charge("d", "999"))
    upload = town.load("almaty-heat", file, batch="B-1")
    body = said(keyed, ack(keyed, town, "almaty-heat", upload.id))
    (batch,) = body["batches"]
    assert (batch["id"], batch["key"], batch["sha256"]) == (str(upload.id), "B-1", sha256(file).hexdigest())
    assert {n: c for n, c in batch["rows"].items() if c} == {"accepted": 2, "duplicate": 1, "rejected": 1}
    sums = [(s["service"], s["period"], s["count"], s["sum"]) for s in body["sums"]]
    assert sums == [("heating", "2026-10", 1, "100.00"), ("heating", "2026-11", 1, "100.00")]
    assert [entry["events"] for entry in body["entries"]] == [2]


def test_acknowledgements_of_a_sender_follow_each_other(keyed: FlaskClient, town: Town) -> None:
    """Each names the digest of the one before; another sender has a chain of their own."""
    batches = [push(keyed, town, "almaty-heat", charge(name))["batch"] for name in ("a", "b", "c")]
    push(keyed, town, "halyk-bank", payment("p"))
    tokens = [ack(keyed, town, "almaty-heat", batch) for batch in batches]
    bodies = [said(keyed, token) for token in tokens]
    assert [body["number"] for body in bodies] == [1, 2, 3]
    payloads = [jws.extract_compact(token.encode()).payload for token in tokens]
    assert [body["previous"] for body in bodies] == [None, *(sha256(p).hexdigest() for p in payloads[:2])]
    assert acks.seal_due(town.base, timedelta(0)) > 0
    listed = keyed.get("/v1/acknowledgements?limit=2", headers=bearer(town, "almaty-heat")).get_json()
    assert [link["batches"] for link in listed["acknowledgements"]] == [[batches[0]], [batches[1]]]
    assert listed["next"] == 2
    assert said(keyed, ack(keyed, town, "halyk-bank", 1))["sums"][0]["kind"] == "payment.received"
    assert said(keyed, ack(keyed, town, "almaty-heat", batches[0]))["number"] == 1


def test_a_push_of_which_nothing_was_taken_is_acknowledged_too(keyed: FlaskClient, town: Town) -> None:
    """A dry run is not: nothing came of it."""
    refused = push(keyed, town, "almaty-heat", charge("a"), charge("b", "999"), mode="atomic")
    body = said(keyed, ack(keyed, town, "almaty-heat", refused["batch"]))
    assert (body["batches"][0]["rows"]["rejected"], body["entries"]) == (2, [])
    assert push(keyed, town, "almaty-heat", charge("a"), mode="dry-run")["batch"] is None


def test_the_digests_follow_from_the_stored_rows(keyed: FlaskClient, town: Town) -> None:
    """Anybody can compute them from what is downloaded: sequences, ids, data."""
    batch = push(keyed, town, "almaty-heat", charge("a"), charge("b"), charge("c", at="2026-10-03T10:00:00.5+05:00"))[
        "batch"
    ]
    body = said(keyed, ack(keyed, town, "almaty-heat", batch))
    answer = keyed.get(f"/v1/acknowledgements/{batch}/rows", headers=bearer(town, "almaty-heat"))
    rows = [json.loads(line) for line in answer.text.splitlines()]
    leaves = sorted(
        sha256(
            "\t".join(str(r[n]) for n in ("account", "sequence", "id", "type", "occurred", "data")).encode()
        ).digest()
        for r in rows
    )
    assert body["entries"][0]["sha256"] == sha256(b"".join(leaves)).hexdigest()
    assert [r["sequence"] for r in rows] == [2, 3, 4]


def test_a_matched_payment_is_acknowledged_to_its_bank(keyed: FlaskClient, town: Town) -> None:
    """Not to the one who opened the account: nobody sees the facts of others."""
    town.say("halyk-bank", payment("p", "999"))
    upload = town.load("centre", ndjson(opened("999")))
    body = said(keyed, ack(keyed, town, "centre", upload.id))
    assert ([e["events"] for e in body["entries"]], body["sums"]) == ([1], [])
    acks.seal_due(town.base, timedelta(0))
    body = said(keyed, ack(keyed, town, "halyk-bank", 1))
    assert [(s["kind"], s["count"]) for s in body["sums"]] == [("payment.received", 1)]


def test_acknowledgements_of_others_are_not_found(keyed: FlaskClient, town: Town) -> None:
    """Nor is one of an upload that still runs, nor a number that was not reached."""
    batch = push(keyed, town, "almaty-heat", charge("a"))["batch"]
    for name in (batch, "1", "01890000-0000-7000-8000-000000000000"):
        assert keyed.get(f"/v1/acknowledgements/{name}", headers=bearer(town, "almaty-lift")).status_code == 404
    waiting = town.send("almaty-heat", ndjson(charge("b")))
    answer = keyed.get(f"/v1/acknowledgements/{waiting}", headers=bearer(town, "almaty-heat"))
    assert (answer.status_code, answer.get_json()["code"]) == (409, "not-ended")
    assert keyed.get("/v1/acknowledgements/x", headers=bearer(town, "almaty-heat")).status_code == 422


def verified(town: Town) -> tuple[int, list[str]]:
    """Exit status and findings of `verify`."""
    found = CliRunner().invoke(cli, ["verify", "--json"], env={"DATABASE_URL": town.url})
    return found.exit_code, json.loads(found.stdout)["findings"]


_LAST_GONE = """
DELETE FROM facts WHERE stream_id = '102' AND version = 2; UPDATE numbers SET version = 1 WHERE number = '102';
"""
_HURTS: dict[str, tuple[str, str]] = {
    "an amount is changed": (
        "UPDATE facts SET data = replace(data, '10000', '10001') WHERE stream_id = '100'",
        "some were changed",
    ),
    "the time is changed": (
        "UPDATE facts SET occurred_at = occurred_at + interval '1 microsecond' WHERE stream_id = '100'",
        "some were changed",
    ),
    "an event is removed": ("DELETE FROM facts WHERE stream_id = '100' AND version = 2", "1 of 2 events were removed"),
    "the last event of an account is removed with its head": (_LAST_GONE, "1 of 1 events were removed"),
    "an event is invented": (
        """
        INSERT INTO events SELECT stream_id, 3, gen_random_uuid(), type, occurred_at, recorded_at - interval '1 ms',
            source, correlation_id, data FROM events WHERE stream_id = '102' AND version = 2
        """,
        "1 events that the journal does not know",
    ),
    "an event is invented for a time to come": (
        """
        INSERT INTO events SELECT stream_id, 3, gen_random_uuid(), type, occurred_at, recorded_at + interval '1 day',
            source, correlation_id, data FROM events WHERE stream_id = '102' AND version = 2
        """,
        "1 events that the journal does not know",
    ),
    "event and journal are removed": (
        f"{_LAST_GONE} DELETE FROM journal WHERE recorded_at = (SELECT max(recorded_at) FROM journal)",
        "acknowledgement 2 of almaty-heat: the journal was changed",
    ),
    "an acknowledgement is changed": (
        "UPDATE seals SET body = replace(body, '\"accepted\":2', '\"accepted\":3') WHERE no = 1",
        "acknowledgement 2 of almaty-heat: it does not follow the one before",
    ),
}


@pytest.mark.parametrize("hurt", sorted(_HURTS))
def test_what_is_changed_or_removed_is_found(keyed: FlaskClient, town: Town, hurt: str) -> None:
    """By somebody with every right in the database."""
    ack(keyed, town, "almaty-heat", push(keyed, town, "almaty-heat", charge("a"), charge("b", "101"))["batch"])
    ack(keyed, town, "almaty-heat", push(keyed, town, "almaty-heat", charge("c", "102"))["batch"])
    acks.seal_due(town.base, timedelta(0))
    assert verified(town) == (0, [])
    query, finding = _HURTS[hurt]
    with psycopg.connect(town.url) as conn:
        conn.execute("ALTER TABLE facts DISABLE TRIGGER ALL; ALTER TABLE seals DISABLE TRIGGER ALL")
        conn.execute(query.encode())
    status, findings = verified(town)
    assert status == 4
    assert any(finding in sentence for sentence in findings), findings


def test_an_acknowledgement_in_a_senders_hands_outlives_a_chain_written_anew(
    keyed: FlaskClient, town: Town, tmp_path: Path
) -> None:
    """Whoever changes store, journal and chain together still cannot change what was downloaded."""
    token = ack(keyed, town, "almaty-heat", push(keyed, town, "almaty-heat", charge("a"))["batch"])
    file = tmp_path / "ack.jws"
    file.write_text(token, "utf-8")

    def command() -> int:
        return CliRunner().invoke(cli, ["ack", "verify", str(file)], env={"DATABASE_URL": town.url}).exit_code

    assert command() == 0
    with psycopg.connect(town.url) as conn:
        conn.execute("ALTER TABLE seals DISABLE TRIGGER ALL")
        conn.execute("UPDATE seals SET body = replace(body, '100.00', '999.00')")
    assert command() == 4
    file.write_text(token[:-8] + "AAAAAAAA", "utf-8")
    assert command() == 4


def test_the_script_of_the_documentation_checks_an_acknowledgement(
    keyed: FlaskClient, town: Town, tmp_path: Path
) -> None:
    """As it is printed there; it knows nothing of us but the public key."""
    text = (ROOT / "docs" / "acknowledgements.md").read_text("utf-8")
    script = text.partition("```python\n")[2].partition("```")[0]
    (tmp_path / "check.py").write_text(script, "utf-8")
    tokens = [ack(keyed, town, "almaty-heat", push(keyed, town, "almaty-heat", charge(n))["batch"]) for n in ("a", "b")]
    (tmp_path / "keys.json").write_text(keyed.get("/.well-known/acknowledgement-keys.json").text, "utf-8")
    files = [tmp_path / "1.jws", tmp_path / "2.jws"]
    for file, token in zip(files, tokens, strict=True):
        file.write_text(token, "utf-8")

    def check() -> subprocess.CompletedProcess[str]:
        words = [sys.executable, str(tmp_path / "check.py"), str(tmp_path / "keys.json"), *map(str, files)]
        return subprocess.run(words, capture_output=True, text=True, timeout=60)

    done = check()
    assert (done.returncode, done.stdout.count("in order")) == (0, 2), done.stderr
    files[0].write_text(tokens[1], "utf-8")
    assert check().returncode != 0
