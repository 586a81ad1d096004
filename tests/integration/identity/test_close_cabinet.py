"""A closed cabinet is forgotten (P19, identity's part): nothing of the person is left in any table."""

from typing import Any

import pyotp
import pytest

from identity.store import people
from tests.integration.identity.town import PASSWORD, Town, code_of, json_of
from tests.support.canaries import hidden_in, tables

CANARIES = {
    "name": "Қанарея-Canary",
    "email": "qanareya.canary+tag@example.kz",
    "new_email": "second.canary@example.kz",
    "nickname": "әжемнің канареясы",
    "device": "CanaryBrowser/7.7",
}
KEY = "canary-key-1234"


@pytest.fixture
def town(shared_town: Town) -> Town:
    """The file's town."""
    return shared_town


def found(town: Town) -> set[str]:
    """The canaries that stand somewhere in the database."""
    dump = b"\n".join(rows for _, rows in tables(town.desk.config.database_url))
    return hidden_in(dump, CANARIES)


def full_life(town: Town) -> dict[str, str]:
    """A resident who used everything there is."""
    town.account("9301")
    town.account("9302", tenge=7_000)
    who = town.resident(CANARIES["name"], "9301", email=CANARIES["email"])
    town.call(
        "POST",
        "/v1/sessions",
        {"login": CANARIES["name"], "password": PASSWORD},
        User_Agent=CANARIES["device"],
    )
    town.adds(who, "9302", "7000,00", key=KEY, nickname=CANARIES["nickname"])
    town.call("PATCH", "/v1/me", {"notices": {"receipt_ready": True}}, **who)
    setup = json_of(town.call("POST", "/v1/me/second-factor", {"current_password": PASSWORD}, **who))
    town.call("POST", "/v1/me/second-factor/confirm", {"code": pyotp.TOTP(setup["secret"]).now()}, **who)
    town.call("PUT", "/v1/me/email", {"current_password": PASSWORD, "email": CANARIES["new_email"]}, **who)
    token = town.token(CANARIES["new_email"])
    assert town.call("POST", "/v1/email-changes/confirm", {"token": token}).status_code == 200
    return who


def close(town: Town, who: dict[str, str], password: str = PASSWORD) -> Any:
    """Closes the cabinet."""
    return town.call("DELETE", "/v1/me", {"current_password": password}, **who)


def test_nothing_of_a_closed_cabinet_is_left(town: Town) -> None:
    """Found everywhere before, nowhere after; the last letter still arrives, and goes too; the events stay."""
    who = full_life(town)
    assert found(town) == set(CANARIES)
    assert code_of(close(town, who, "wrong")) == "wrong-password"
    position = json_of(close(town, who))["position"]
    assert found(town) == {"new_email"}  # the letter that is still to be sent
    letter = town.letters(CANARIES["new_email"])[-1]
    assert letter["Subject"] == "Жеке кабинет жабылды"
    assert found(town) == set()
    user, _, version = position.removeprefix("user/").partition("@")
    told = town.rows("SELECT type FROM events WHERE stream_id = %s ORDER BY version", user)
    assert len(told) == int(version)
    assert told[-1][0].endswith("user.closed.v1")
    assert town.rows("SELECT count(*) FROM links WHERE user_id = %s", user) == [(0,)]


def test_a_closed_cabinet_answers_like_none(town: Town) -> None:
    """Tokens, sign-in, links of letters; and the name is free again."""
    who = town.resident("closed2", town.account("9303"))
    tokens = json_of(town.signs_in("closed2"))
    undo = town.token("closed2@example.kz")
    assert close(town, who).status_code == 200
    assert town.call("GET", "/v1/me", **who).status_code == 401
    assert town.call("POST", "/v1/sessions/refresh", {"refresh_token": tokens["refresh_token"]}).status_code == 401
    assert code_of(town.signs_in("closed2")) == "sign-in-failed"
    assert town.call("POST", "/v1/registrations/confirm", {"token": undo}).status_code == 400
    assert close(town, who).status_code == 401
    assert town.registers("closed2", "9303").status_code == 202


def test_a_body_on_delete_is_read_as_strictly_as_any(town: Town) -> None:
    """No password, no JSON, another type: refused."""
    who = town.resident("closed3", town.account("9304"))
    assert town.call("DELETE", "/v1/me", **who).status_code in (400, 415, 422)
    assert town.call("DELETE", "/v1/me", {"current_password": PASSWORD, "all": True}, **who).status_code == 422
    with town.app.test_client() as client:
        assert client.delete("/v1/me", data=b"{", content_type="application/json", headers=who).status_code == 400
        assert client.delete("/v1/me", data=b"{}", content_type="text/plain", headers=who).status_code == 415


def test_erasing_names_only_tables_that_are_there(town: Town) -> None:
    """Each statement is complete by itself."""
    assert all(query.startswith("DELETE FROM ") for query in people._ERASE)
    with town.desk.pool.connection() as conn, conn.transaction():
        people.erase(conn, "nobody")
