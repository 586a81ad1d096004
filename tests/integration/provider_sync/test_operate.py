"""The operators' command line against a real database: tables for people, JSON for programs, refusals with status 1."""

import json
from typing import Any

import pytest
from typer.testing import CliRunner

from common.period import Period
from provider_sync.__main__ import cli
from tests.integration.provider_sync.town import Town, charge, ndjson, payment


def run(town: Town, *words: str) -> tuple[int, str]:
    """Exit status and everything printed."""
    settings = {"DATABASE_URL": town.url, "TOPIC_PREFIX": town.base.topic_prefix, "OPERATOR_KEY": town.operator}
    found = CliRunner().invoke(cli, [*words], env=settings)
    return found.exit_code, found.output


def read(town: Town, *words: str) -> Any:
    """What a command prints as JSON."""
    status, output = run(town, *words, "--json")
    assert status == 0, output
    return json.loads(output)


def test_a_sender_is_added_once_and_gets_two_keys_at_the_most(town: Town) -> None:
    """Rotation: issue the second, revoke the first."""
    add = ("providers", "add", "taza-qala", "--name-ru", "Чистый город", "--name-kk", "Таза қала")
    assert read(town, *add) == {"provider": "taza-qala", "changed": True}
    assert read(town, *add)["changed"] is False
    issue = ("keys", "issue", "--owner", "taza-qala", "--scopes", "charges,services:waste", "--label", "billing")
    first = read(town, *issue)
    assert first["key"].startswith(first["id"] + ".")
    read(town, *issue)
    assert run(town, *issue)[0] == 1
    assert run(town, "keys", "revoke", first["id"])[0] == 0
    assert run(town, *issue)[0] == 0
    listed = [key for key in read(town, "keys", "list") if key["owner"] == "taza-qala"]
    assert len(listed) == 3
    assert "hash" not in listed[0]


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        (("keys", "issue", "--owner", "nobody", "--scopes", "charges", "--label", "x"), "unknown-provider"),
        (("keys", "issue", "--owner", "centre", "--scopes", "everything", "--label", "x"), "unknown-scope"),
        (("keys", "revoke", "knone"), "not-found"),
        (("periods", "close", "2026-13"), "invalid-period"),
        (("periods", "close", "2099-01"), "close-too-early"),
        (("trace", "999"), "unknown-account"),
    ],
)
def test_a_refused_command_says_why(town: Town, words: tuple[str, ...], reason: str) -> None:
    """On standard error, with status 1."""
    status, output = run(town, *words)
    assert (status, reason in output) == (1, True), output


def test_a_take_over_key_ends_by_itself(town: Town) -> None:
    """Thirty days, unless said otherwise."""
    words = ("keys", "issue", "--owner", "centre", "--scopes", "take-over", "--label", "x")
    assert read(town, *words)["expires_at"] is not None


def test_agents_keys_travel_as_hashes(town: Town) -> None:
    """A key that asks what is due is checked by the ledger."""
    issued = read(town, "keys", "issue", "--owner", "halyk-bank", "--scopes", "payments,due", "--label", "cashier")
    run(town, "keys", "revoke", issued["id"])
    bodies = [
        json.loads(body)["data"] for (body,) in town.rows("SELECT body FROM outbox WHERE key LIKE 'agent-key/%%'")
    ]
    assert [(body["version"], body["revoked"]) for body in bodies] == [(1, False), (2, True)]
    assert len(bodies[0]["hash"]) == 64
    assert issued["key"].partition(".")[2] not in json.dumps(bodies)


def test_months_uploads_and_waiting_payments_are_shown(town: Town) -> None:
    """Each as a table and as JSON."""
    upload = town.load("almaty-heat", ndjson(charge("a"), charge("b", "999")), batch="B-1")
    town.say("halyk-bank", payment("p", "999"))
    town.close(Period("2026-10"))
    assert read(town, "periods", "status")["first_open"] == "2026-11"
    (listed,) = read(town, "uploads", "list")
    assert (listed["id"], listed["accepted"], listed["bad"], listed["sum"]) == (str(upload.id), 1, 1, "100.00")
    assert read(town, "uploads", "show", str(upload.id))["batch"] == "B-1"
    (waiting,) = read(town, "unmatched", "list")
    assert (waiting["number"], waiting["reference"], waiting["amount"]) == ("999", "p", "50.00")
    assert [s["id"] for s in read(town, "services", "list")] == ["heating", "lift"]
    assert {p["id"]: p["live_keys"] for p in read(town, "providers", "list")}["centre"] == 1
    for words in (("periods", "status"), ("uploads", "list"), ("unmatched", "list"), ("keys", "list")):
        assert run(town, *words)[0] == 0


def test_storage_tells_what_each_kind_of_row_takes(town: Town) -> None:
    """Events are counted as they are; what has no rows says nothing a row."""
    kinds = {kind["name"]: kind for kind in read(town, "storage")}
    events = town.one("SELECT count(*) FROM events")
    assert kinds["facts"]["rows"] == events
    taken = kinds["facts"]["table_bytes"] + kinds["facts"]["index_bytes"]
    assert kinds["facts"]["bytes_per_row"] == round(taken / events)
    assert kinds["held"]["bytes_per_row"] is None


def test_the_way_of_an_account_is_traced_by_any_of_its_numbers(town: Town) -> None:
    """Sequence, kind, who, month, sum, and whether it is sent."""
    town.say("almaty-heat", charge("a"))
    town.say("centre", {"kind": "account.renumbered", "reference": "n", "account": "100", "number": "200"})
    rows = read(town, "trace", "200")
    assert [(r["sequence"], r["event"], r["provider"]) for r in rows] == [
        (1, "account.opened.v1", "centre"), (2, "charge.posted.v1", "almaty-heat"),
        (3, "account.renumbered.v1", "centre"),
    ]  # fmt: skip
    assert (rows[1]["month"], rows[1]["tiyn"], rows[1]["sent"]) == ("2026-10", 10000, False)


def test_missing_settings_are_named() -> None:
    """All of them, without a trace."""
    found = CliRunner().invoke(cli, ["periods", "status"], env={"DATABASE_URL": ""})
    assert found.exit_code == 1
    assert "DATABASE_URL" in found.output
