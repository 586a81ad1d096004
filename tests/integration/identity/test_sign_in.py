"""Signing in by name or address, and what slows a guesser without locking the owner out."""

import json
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime

import pytest
from werkzeug.test import TestResponse

from identity.api.sessions import SIGN_IN
from identity.store import budgets
from identity.store.budgets import Throttle
from tests.integration.identity.town import PASSWORD, Town, bearer, code_of, json_of


@pytest.fixture
def aigul(town: Town) -> dict[str, str]:
    """A resident who is signed in."""
    return town.resident("aigul", town.account("100"))


@pytest.mark.usefixtures("aigul")
def test_name_and_address_both_sign_in(town: Town) -> None:
    """However they are written; the second name begins with a Cyrillic letter."""
    for login in ("aigul", "аigul", "AIGUL", "aigul@example.kz", " Aigul@Example.KZ "):
        assert town.signs_in(login).status_code == 200, login


@pytest.mark.usefixtures("aigul")
def test_an_unknown_user_is_answered_like_a_wrong_password(town: Town) -> None:
    """The same status, headers and body, and the same hash computed."""
    answers = [town.signs_in("aigul", "wrong"), town.signs_in("nobody", "wrong"), town.signs_in("no@body.kz", "wrong")]
    assert [answer.status_code for answer in answers] == [401] * 3
    bodies = [json_of(answer) | {"instance": ""} for answer in answers]
    assert bodies == [bodies[0]] * 3
    assert len({answer.content_length for answer in answers}) == 1
    assert len({tuple(sorted(answer.headers.keys())) for answer in answers}) == 1


def test_an_unconfirmed_cabinet_stays_shut(town: Town) -> None:
    """Only who knows the password learns why; its address signs nobody in."""
    town.registers("aigul", town.account("100"))
    assert code_of(town.signs_in("aigul")) == "confirmation-pending"
    assert code_of(town.signs_in("aigul", "wrong")) == "sign-in-failed"
    assert code_of(town.signs_in("aigul@example.kz")) == "sign-in-failed"


@pytest.mark.usefixtures("aigul")
def test_the_short_way_answers_like_the_whole(town: Town) -> None:
    """A plain sign-in is answered before Flask; one that says its charset in capitals is not, and nobody sees which."""

    def both(**body: str) -> list[TestResponse]:
        with town.app.test_client() as client:
            given, sent = {"X-Request-Id": "the-same-one", "User-Agent": "a telephone"}, json.dumps(body)
            kinds = "application/json", "application/json; charset=UTF-8"
            return [client.post(SIGN_IN, data=sent, content_type=kind, headers=given) for kind in kinds]

    good = both(login="aigul", password=PASSWORD)
    assert len({(answer.status, *sorted(answer.headers.keys()), *sorted(json_of(answer))) for answer in good}) == 1
    devices = town.rows("SELECT device, source FROM sessions WHERE device = 'a telephone'")
    assert len(devices) == 2
    assert len(set(devices)) == 1
    for refused in both(login="aigul", password="wrong"), both(login="aigul"), both(login="", password="x", more=""):
        assert len({(answer.status, str(sorted(answer.headers)), answer.data) for answer in refused}) == 1


@pytest.mark.usefixtures("aigul")
def test_a_wrong_password_counts_once(town: Town) -> None:
    """However it is answered."""
    for tries in (1, 2, 3):
        town.signs_in("aigul", "wrong")
        assert town.rows("SELECT tries FROM sign_in_tries WHERE kind = 'here'") == [(tries,)]


@pytest.mark.usefixtures("aigul")
def test_200_parallel_guesses_are_slowed_and_the_owner_is_not(town: Town) -> None:
    """Strangers wait longer and longer, are told how long, and do not lock the owner out of a known place."""
    stranger = Town(town.desk, town.app, source="203.0.113.5")
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda n: stranger.signs_in("aigul", f"guess {n}"), range(200)))
    statuses = [answer.status_code for answer in answers]
    assert set(statuses) == {401, 429}
    assert statuses.count(401) <= 8
    assert all(int(answer.headers["Retry-After"]) >= 1 for answer in answers if answer.status_code == 429)
    assert town.signs_in("aigul").status_code == 200


def test_the_wait_grows_and_ends(town: Town) -> None:
    """Five tries are free, then the wait doubles up to the longest; a try within it is not counted."""
    throttle, at, waits = Throttle("here", b"aigul", 5, 60), datetime(2026, 11, 22, tzinfo=UTC), []
    with town.desk.pool.connection() as conn:
        for _ in range(12):
            assert budgets.wait_s(conn, throttle, at) == 0
            (free_at,) = conn.execute("SELECT free_at FROM sign_in_tries").fetchone() or (at,)
            waits.append(round((free_at - at).total_seconds()))
            if free_at > at:
                assert budgets.wait_s(conn, throttle, at) == waits[-1]
            at = free_at
    assert waits == [0, 0, 0, 0, 1, 2, 4, 8, 16, 32, 60, 60]


def test_the_right_password_makes_all_good(town: Town, aigul: dict[str, str]) -> None:
    """Earlier slips are forgotten."""
    assert aigul
    for _ in range(3):
        town.signs_in("aigul", "wrong")
    assert town.signs_in("aigul").status_code == 200
    assert town.rows("SELECT * FROM sign_in_tries") == []


def test_guesses_from_everywhere_are_slowed_together(town: Town, aigul: dict[str, str]) -> None:
    """Fifty free tries for a login from all unknown places, then it waits; the known place does not."""
    assert aigul
    statuses = [Town(town.desk, town.app, f"203.0.113.{n}").signs_in("aigul", "wrong").status_code for n in range(60)]
    assert statuses[:50] == [401] * 50
    assert 429 in statuses[50:]
    assert town.signs_in("aigul").status_code == 200


def test_weak_hashes_are_made_anew(town: Town, aigul: dict[str, str]) -> None:
    """A hash with older parameters is replaced when the password is at hand."""
    from argon2 import PasswordHasher

    assert aigul
    with town.desk.pool.connection() as conn:
        conn.execute("UPDATE people SET password_hash = %s", (PasswordHasher(1, 8 * 1024, 1).hash(PASSWORD),))
    assert town.signs_in("aigul").status_code == 200
    ((stored,),) = town.rows("SELECT password_hash FROM people")
    assert stored.startswith("$argon2id$v=19$m=19456,t=2,p=1$")


def test_devices_are_listed_and_ended(town: Town, aigul: dict[str, str]) -> None:
    """Each with its software's name; an ended one is out at once."""
    phone = town.call("POST", "/v1/sessions", {"login": "aigul", "password": PASSWORD}, User_Agent="Phone\x1b[31m 1.0")
    listed = json_of(town.call("GET", "/v1/sessions", **aigul))["sessions"]
    assert (listed[0]["device"], listed[0]["current"]) == ("Phone[31m 1.0", False)
    ended = town.call("DELETE", f"/v1/sessions/{listed[0]['id']}", **aigul)
    assert ended.status_code == 204
    assert code_of(town.call("GET", "/v1/me", **bearer(phone.json))) == "session-ended"
    assert town.call("GET", "/v1/me", **aigul).status_code == 200


def test_a_foreign_session_is_answered_like_none(town: Town, aigul: dict[str, str]) -> None:
    """Nobody signs out somebody else."""
    samal = town.resident("samal", town.account("200"))
    session = json_of(town.call("GET", "/v1/sessions", **samal))["sessions"][0]["id"]
    assert code_of(town.call("DELETE", f"/v1/sessions/{session}", **aigul)) == "session-not-found"
    assert town.call("GET", "/v1/me", **samal).status_code == 200


def test_signing_out_ends_the_family(town: Town, aigul: dict[str, str]) -> None:
    """Access and refresh tokens of the device are good no more."""
    tokens = json_of(town.signs_in("aigul"))
    assert town.call("DELETE", "/v1/sessions/current", **bearer(tokens)).status_code == 204
    assert town.call("GET", "/v1/me", **bearer(tokens)).status_code == 401
    assert town.call("POST", "/v1/sessions/refresh", {"refresh_token": tokens["refresh_token"]}).status_code == 401
    assert town.call("GET", "/v1/me", **aigul).status_code == 200
