"""The operators' command line: every act has a name and a reason, and residents see what concerns them."""

import json
from datetime import date
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from identity import commands
from identity.app.desk import build_desk
from identity.events import HolderChanged
from identity.store import holdings, people
from tests.integration.identity.town import Town, code_of, json_of, payment

DANA = ("--operator", "Дана Серікқызы", "--reason", "қоңырау № 17")


@pytest.fixture
def town(shared_town: Town) -> Town:
    """The file's town, called from an address of the test's own."""
    shared_town.source = f"198.51.100.{next(shared_town.numbers) % 250}"
    return shared_town


def run(town: Town, *words: str, code: int = 0) -> Result:
    """One command as the operator types it."""
    app = commands.build(lambda: build_desk(town.desk.config, "test-operator", pool_size=1))
    done = CliRunner().invoke(app, list(words), env={"COLUMNS": "200"})
    assert done.exit_code == code, done.output
    return done


def told(town: Town, *words: str) -> Any:
    """What a command answers as JSON."""
    return json.loads(run(town, *words).stdout)


def test_a_look_is_recorded_and_shown_to_the_resident(town: Town) -> None:
    """Who, why and when; the operator sees what is needed to help."""
    aigul = town.resident("op1", town.account("8001"))
    (found,) = told(town, "residents", "find", "8001", *DANA, "--json")
    assert (found["user_name"], found["email"], found["masked_until"]) == ("op1", "op1@example.kz", None)
    newest = json_of(town.call("GET", "/v1/me/activity?limit=1", **aigul))["entries"][0]
    assert (newest["kind"], newest["account"], newest["operator"]) == ("operator-looked", "8001", DANA[1])
    assert newest["reason"] == DANA[3]
    (act,) = told(town, "accounts", "acts", "8001", "--json")
    assert (act["act"], act["operator"], act["reason"]) == ("find", DANA[1], DANA[3])


def test_no_act_without_name_and_reason(town: Town) -> None:
    """Both are asked for, in one line; nothing is done otherwise."""
    town.account("8002")
    assert "--reason" in run(town, "residents", "find", "8002", "--operator", "Dana", code=2).output
    for operator, reason in (("", "why"), ("Dana", "  "), ("Dana", "two\nlines")):
        run(town, "accounts", "freeze", "8002", "--operator", operator, "--reason", reason, code=1)
    assert told(town, "accounts", "acts", "8002", "--json") == []
    assert "No account has this number" in run(town, "residents", "find", "0000", *DANA, code=1).output


def test_frozen_accounts_take_no_new_links_until_unfrozen(town: Town) -> None:
    """The holder sees both acts."""
    aigul = town.resident("op3", town.account("8003"))
    assert "frozen" in run(town, "accounts", "freeze", "8003", *DANA).output
    assert "8003" in [row["account"] for row in told(town, "accounts", "frozen", "--json")]
    assert code_of(town.registers("op3b", "8003")) == "proof-failed"
    assert "possible again" in run(town, "accounts", "unfreeze", "8003", *DANA).output
    assert town.registers("op3b", "8003").status_code == 202
    assert town.activity(aigul)[:2] == [("account-unfrozen", "8003"), ("account-frozen", "8003")]


def test_an_operator_ends_access_by_a_fact(town: Town) -> None:
    """The other services hear it, a letter tells it; what is not there cannot be ended."""
    aigul = town.resident("op4", town.account("8004"))
    (found,) = told(town, "residents", "find", "8004", *DANA, "--json")
    run(town, "accounts", "revoke", "8004", found["user"], *DANA)
    assert town.accounts(aigul) == []
    query = "SELECT data::json FROM events WHERE type LIKE '%%access.revoked%%' AND data::json->>'account' = '8004'"
    assert town.rows(query)[0][0]["reason"] == "operator"
    letter = town.letters("op4@example.kz")[-1].get_body(("plain",))
    assert letter is not None
    assert "қызметкері 8004 дербес шотын" in letter.get_content()
    run(town, "accounts", "revoke", "8004", found["user"], *DANA, code=1)


def test_a_one_time_code_links_an_account_without_payments(town: Town) -> None:
    """However it is typed, once, though strangers spent the account's tries."""
    town.account("8005", tenge=1)
    aigul = town.resident("op5", town.account("8006"))
    for guess in range(6):
        town.registers(f"op5g{guess}", "8005", f"{guess},00")
    assert code_of(town.adds(aigul, "8005", "1,00")) == "proof-failed"
    (made,) = told(town, "accounts", "code", "8005", *DANA, "--json")
    typed = made["code"].lower().replace("-", " ").replace("0", "o")
    key = "k-code"
    added = town.call(
        "POST", "/v1/me/accounts", {"account": "8005", "one_time_code": typed}, Idempotency_Key=key, **aigul
    )
    assert added.status_code == 201, added.text
    assert town.rows("SELECT proof_kind FROM links WHERE account = '8005'") == [("one-time-code",)]
    again = town.registers("op5h", "8005", None, one_time_code=made["code"])
    assert code_of(again) == "proof-failed"
    assert made["code"] not in str(town.rows("SELECT * FROM one_time_codes"))


def test_a_code_is_for_one_account_and_the_newest_counts(town: Town) -> None:
    """A wrong, foreign, replaced or old code is answered like every failed proof."""
    for account in ("8007", "8008"):
        town.account(account, tenge=1)
    (first,) = told(town, "accounts", "code", "8007", *DANA, "--json")
    (second,) = told(town, "accounts", "code", "8007", *DANA, "--json")
    wrong = [
        town.registers("op7", number, None, one_time_code=code)
        for number, code in (("8007", first["code"]), ("8008", second["code"]), ("8007", "x"), ("nobody", "7777"))
    ]
    assert {code_of(answer) for answer in wrong} == {"proof-failed"}
    with town.desk.pool.connection() as conn:
        conn.execute("UPDATE one_time_codes SET expires_at = expires_at - interval '31 days' WHERE account = '8007'")
    assert code_of(town.registers("op7", "8007", None, one_time_code=second["code"])) == "proof-failed"


def test_a_sale_voids_a_code_and_what_it_linked(town: Town) -> None:
    """A code stands on what was known when it was made."""
    town.account("8009", tenge=1)
    (used,) = told(town, "accounts", "code", "8009", *DANA, "--json")
    aigul = town.resident("op9", "8009", None, one_time_code=used["code"])
    (waiting,) = told(town, "accounts", "code", "8009", *DANA, "--json")
    town.hears("8009", HolderChanged(date(2026, 11, 15), "sold"), first=9)
    assert town.accounts(aigul) == []
    assert code_of(town.registers("op9b", "8009", None, one_time_code=waiting["code"])) == "proof-failed"
    town.hears("8009", payment("P-new", 7_000, "2026-11-20"), first=10)
    assert town.registers("op9c", "8009", "7000,00").status_code == 202


def test_exactly_one_proof_is_asked_for(town: Town) -> None:
    """None or both: told at once, at no cost."""
    town.account("8010")
    for amount, more in ((None, {}), ("13500,00", {"one_time_code": "7K3M"})):
        assert code_of(town.registers("op10", "8010", amount, **more)) == "proof-missing"
    assert town.rows("SELECT * FROM budgets WHERE key = '8010'") == []


def test_an_export_holds_everything_but_secrets(town: Town) -> None:
    """Every table that has rows of the person is in it; the person sees that it was taken."""
    aigul = town.resident("op11", town.account("8011"), language="ru")
    town.adds(aigul, town.account("8012"), nickname="дача")
    user = json_of(town.call("GET", "/v1/me", **aigul))["user"]
    held = told(town, "residents", "export", user, *DANA)
    assert held["person"][0]["email"] == "op11@example.kz"
    assert [row["nickname"] for row in held["accounts"]] == [None, "дача"]
    assert "argon2id$" not in json.dumps(held)
    assert town.activity(aigul)[0] == ("operator-exported", None)
    assert held["operators_acts"][0]["act"] == "export"


def test_an_operator_closes_a_cabinet_for_who_cannot_sign_in(town: Town) -> None:
    """Like its owner would: nothing is left but the act; a second time there is nothing to close."""
    aigul = town.resident("op14", town.account("8015"))
    user = json_of(town.call("GET", "/v1/me", **aigul))["user"]
    run(town, "residents", "close", user, *DANA)
    assert town.letters("op14@example.kz")[-1]["Subject"] == "Жеке кабинет жабылды"
    assert town.call("GET", "/v1/me", **aigul).status_code == 401
    assert town.rows("SELECT count(*) FROM people WHERE user_id = %s", user) == [(0,)]
    assert town.rows("SELECT act FROM operator_acts WHERE user_id = %s", user) == [("close",)]
    run(town, "residents", "close", user, *DANA, code=1)


def test_export_and_erasure_know_every_table_about_people(town: Town) -> None:
    """A table that a later migration adds must be exported and erased, too."""
    referring = {
        table
        for (table,) in town.rows(
            "SELECT conrelid::regclass::text FROM pg_constraint WHERE contype = 'f' AND confrelid = 'users'::regclass"
        )
    }
    exported, erased = " ".join(" ".join(holdings._HELD.values()).split()), " ".join(people._ERASE)
    assert {table for table in referring if f"FROM {table} " not in f"{exported} "} == set()
    # Links go with the event that ends them.
    assert {table for table in referring if f"FROM {table} " not in f"{erased} "} == {"links"}


def test_verify_finds_and_rebuild_mends_what_differs_from_the_events(town: Town) -> None:
    """Rows changed, lost and invented by hand; nicknames survive."""
    aigul = town.resident("op13", town.account("8013"))
    town.call("PATCH", "/v1/me/accounts/8013", {"nickname": "үй"}, **aigul)
    town.adds(aigul, town.account("8014", tenge=2_000), "2000,00")
    user = json_of(town.call("GET", "/v1/me", **aigul))["user"]
    before = town.rows("SELECT * FROM links ORDER BY user_id, account"), town.rows("SELECT * FROM users ORDER BY id")
    assert told(town, "verify")["different"] == []
    with town.desk.pool.connection() as conn:
        conn.execute("UPDATE users SET version = 99, language = 'ru', confirmed = false WHERE id = %s", (user,))
        conn.execute("DELETE FROM links WHERE account = '8014'")
        conn.execute("UPDATE links SET proof_sequence = 77, masked_until = now() WHERE account = '8013'")
        conn.execute(
            "INSERT INTO links (user_id, account, linked_at, proof_sequence, proof_day)"
            " VALUES (%s, 'invented', now(), 1, '2026-01-01')",
            (user,),
        )
    assert json.loads(run(town, "verify", code=1).stdout)["different"] == [user]
    assert told(town, "rebuild")["mended"] == [user]
    assert told(town, "verify")["different"] == []
    after = town.rows("SELECT * FROM links ORDER BY user_id, account"), town.rows("SELECT * FROM users ORDER BY id")
    assert after == before
