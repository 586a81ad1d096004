"""Acts have a name behind them: operators' keys, the first of them, and the audit."""

import json
from pathlib import Path

import psycopg
import pytest
from flask.testing import FlaskClient
from typer.testing import CliRunner

from provider_sync import errors
from provider_sync.__main__ import cli
from provider_sync.handlers import access, operators
from provider_sync.handlers.base import Base
from tests.conftest import MakeDatabase
from tests.integration.provider_sync.test_operate import read, run
from tests.integration.provider_sync.town import ASEL, Town
from tests.support.waiting import until

_PROVIDER = ("providers", "add", "taza-qala", "--name-ru", "Чистый город", "--name-kk", "Таза қала")


def test_only_the_first_operator_needs_no_key(database: MakeDatabase, tmp_path: Path) -> None:
    """It goes into the file that is named; the second is issued by the first."""
    file = tmp_path / "keys" / "operator.key"
    settings = {"DATABASE_URL": database("provider_sync"), "OPERATOR_KEY_FILE": str(file)}

    def command(*words: str) -> tuple[int, str]:
        found = CliRunner().invoke(cli, [*words], env=settings)
        return found.exit_code, found.output

    status, output = command(*_PROVIDER)
    assert (status, "operator-key-required" in output) == (1, True), output
    assert command("operators", "issue", "asel", "--save")[0] == 0
    assert file.stat().st_mode & 0o077 == 0
    assert command(*_PROVIDER)[0] == 0
    assert command("operators", "issue", "dana", "--json")[0] == 0
    settings["OPERATOR_KEY_FILE"] = str(tmp_path / "nothing")
    status, output = command("operators", "issue", "mallory")
    assert (status, "operator-key-required" in output) == (1, True), output


def test_every_act_is_kept_with_who_when_and_why(town: Town) -> None:
    """Found again by operator, act and subject; never edited."""
    run(town, *_PROVIDER, "--reason", "contract 17")
    issued = read(town, "keys", "issue", "--owner", "taza-qala", "--scopes", "charges,services:waste", "--label", "b")
    run(town, "keys", "revoke", issued["id"], "--reason", "leaked")
    acts = read(town, "audit", "list", "--who", "asel", "--limit", "3")
    assert [(a["act"], a["subject"], a["why"]) for a in acts] == [
        ("keys.revoke", issued["id"], "leaked"), ("keys.issue", issued["id"], ""),
        ("providers.add", "taza-qala", "contract 17"),
    ]  # fmt: skip
    assert {a["who"] for a in acts} == {"operator/asel"}
    assert [a["act"] for a in read(town, "audit", "list", "--subject", issued["id"], "--act", "keys.r")] == [
        "keys.revoke"
    ]
    with psycopg.connect(town.url) as conn, pytest.raises(psycopg.errors.RaiseException, match="append-only"):
        conn.execute("UPDATE audit SET who = 'operator/mallory'")


def test_an_operators_key_opens_no_call_and_a_senders_key_no_command(town: Town, http: FlaskClient) -> None:
    """Two doors, two kinds of key."""
    answer = http.get("/v1/facts/a", headers={"Authorization": f"Bearer {town.operator}"})
    assert answer.status_code == 401
    for key in (town.keys["centre"].bearer, town.operator[:-1], "", "nothing"):
        with pytest.raises(errors.BadOperatorKey):
            operators.named(town.base, key)


def test_a_revoked_operator_acts_no_more(town: Town) -> None:
    """And the hash that travels says so."""
    dana = read(town, "operators", "issue", "dana")
    assert operators.named(town.base, dana["key"]).who == "operator/dana"
    assert run(town, "operators", "revoke", dana["id"], "--reason", "left")[0] == 0
    with pytest.raises(errors.BadOperatorKey):
        operators.named(town.base, dana["key"])
    rows = town.rows("SELECT body FROM outbox WHERE key = %s ORDER BY position", f"operator-key/{dana['id']}")
    bodies = [json.loads(body)["data"] for (body,) in rows]
    assert [(b["version"], b["revoked"], b["scopes"]) for b in bodies] == [
        (1, False, ["operator"]), (2, True, ["operator"]),
    ]  # fmt: skip
    assert dana["key"].partition(".")[2] not in json.dumps(bodies)
    assert [k["owner"] for k in read(town, "operators", "list")] == ["operator/asel", "operator/dana"]


def test_a_rotated_key_lives_beside_the_new_one_until_its_overlap_ends(town: Town) -> None:
    """Without an overlap until it is revoked; a third one is refused meanwhile."""
    old = town.key("almaty-heat")
    new = read(town, "keys", "rotate", old.id)
    assert (new["owner"], new["scopes"]) == ("almaty-heat", old.scopes)
    for bearer in (town.keys["almaty-heat"].bearer, new["key"]):
        assert access.authenticate(town.base, f"Bearer {bearer}").owner == "almaty-heat"
    assert "too-many-live-keys" in run(town, "keys", "rotate", old.id)[1]
    bank = town.key("halyk-bank")
    read(town, "keys", "rotate", bank.id, "--overlap-hours", "0")
    with pytest.raises(errors.BadKey):
        access.authenticate(town.base, f"Bearer {town.keys['halyk-bank'].bearer}")


def test_a_revoked_key_is_dead_in_every_process_within_five_seconds(town: Town, database: MakeDatabase) -> None:
    """Bad input 24: another process with a pool of its own may have looked it up just before; this one at once."""
    from common.postgres import open_pool

    bearer = f"Bearer {town.keys['almaty-lift'].bearer}"
    with open_pool(town.url, "another", size=1) as pool:
        another = Base(pool)
        assert access.authenticate(another, bearer).owner == "almaty-lift"
        access.revoke(town.base, ASEL, town.key("almaty-lift").id)
        assert is_dead(town.base, bearer)
        until(lambda: is_dead(another, bearer), "the other process refuses the key", 5)


def is_dead(base: Base, bearer: str) -> bool:
    """Whether a key opens nothing."""
    try:
        access.authenticate(base, bearer)
    except errors.BadKey:
        return True
    return False
