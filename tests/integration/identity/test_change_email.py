"""Another address: confirmed by the new one, undone by the old one."""

from typing import Any

import pyotp
import pytest

from tests.integration.identity.town import PASSWORD, Town, bearer, code_of, json_of, token_in

Who = dict[str, str]


@pytest.fixture
def town(shared_town: Town) -> Town:
    """The file's town, called from an address of the test's own."""
    shared_town.source = f"198.51.100.{next(shared_town.numbers) % 250}"
    return shared_town


def asks(town: Town, who: Who, new: str, password: str = PASSWORD) -> Any:
    """Asks for another address."""
    return town.call("PUT", "/v1/me/email", {"current_password": password, "email": new}, **who)


def uses(town: Town, what: str, token: str) -> Any:
    """Opens the link of a letter."""
    return town.call("POST", f"/v1/email-changes/{what}", {"token": token})


def moves(town: Town, who: Who, new: str) -> None:
    """The whole change."""
    assert asks(town, who, new).status_code == 202
    assert uses(town, "confirm", town.token(new)).status_code == 200


def email_of(town: Town, who: Who) -> str:
    """The address of a cabinet."""
    return str(json_of(town.call("GET", "/v1/me", **who))["email"])


def test_a_new_address_counts_once_it_is_confirmed(town: Town) -> None:
    """Before: nothing changed. After: sign-in and letters go by the new one; the event names neither."""
    aigul = town.resident("em1", town.account("9001"))
    assert asks(town, aigul, "new1@example.kz").status_code == 202
    assert email_of(town, aigul) == "em1@example.kz"
    token = town.token("new1@example.kz")
    first, second = (uses(town, "confirm", token) for _ in range(2))
    assert (first.status_code, first.data) == (200, second.data)
    assert email_of(town, aigul) == "new1@example.kz"
    assert [town.signs_in(login).status_code for login in ("new1@example.kz", "em1@example.kz")] == [200, 401]
    told = town.rows("SELECT data FROM events WHERE type LIKE '%%email.changed%%'")
    assert len([data for (data,) in told if "example" not in data]) == len(told) > 0


def test_the_password_is_asked_and_guessing_it_is_slow(town: Town) -> None:
    """Who found an open cabinet does not own it."""
    aigul = town.resident("em2", town.account("9002"))
    assert [asks(town, aigul, "x2@example.kz", "wrong").status_code for _ in range(6)] == [403] * 5 + [429]
    assert town.letters("x2@example.kz") == []


def test_an_address_of_another_cabinet_is_answered_alike(town: Town) -> None:
    """Its owner gets a letter; nobody learns that there is one."""
    aigul = town.resident("em3", town.account("9003"))
    town.resident("em3b", town.account("9004"))
    taken, free = asks(town, aigul, "EM3B@example.kz"), asks(town, aigul, "free3@example.kz")
    assert (taken.status_code, taken.data) == (free.status_code, free.data)
    assert town.letters("em3b@example.kz")[-1]["Subject"] == "Сізде жеке кабинет бұрыннан бар"


def test_an_address_confirmed_by_another_first_is_lost(town: Town) -> None:
    """Two ask for one address: the first click wins."""
    first, second = town.resident("em4", town.account("9005")), town.resident("em4b", town.account("9006"))
    tokens = []
    for who in (first, second):
        assert asks(town, who, "both4@example.kz").status_code == 202
        tokens.append(town.token("both4@example.kz"))
    assert [uses(town, "confirm", token).status_code for token in tokens] == [200, 400]


def test_the_old_address_takes_the_cabinet_back(town: Town) -> None:
    """Sessions end, the thief's second factor goes, a link to a new password comes to the old address."""
    aigul = town.resident("em5", town.account("9007"))
    moves(town, aigul, "thief5@example.kz")
    setup = json_of(town.call("POST", "/v1/me/second-factor", {"current_password": PASSWORD}, **aigul))
    code = pyotp.TOTP(setup["secret"]).now()
    assert town.call("POST", "/v1/me/second-factor/confirm", {"code": code}, **aigul).status_code == 200
    undo = town.token("em5@example.kz")
    assert uses(town, "undo", undo).status_code == 200
    assert town.call("GET", "/v1/me", **aigul).status_code == 401
    letter = town.letters("em5@example.kz")[-1]
    assert letter["Subject"] == "Жеке кабинеттің құпия сөзін ауыстыру"
    new = {"token": token_in(letter), "password": "жаңа құпия сөз осы", "password_again": "жаңа құпия сөз осы"}
    assert town.call("POST", "/v1/password-resets/confirm", new).status_code == 204
    back = bearer(town.signs_in("em5", "жаңа құпия сөз осы").json)
    assert email_of(town, back) == "em5@example.kz"


def test_a_thief_cannot_void_the_owners_undo(town: Town) -> None:
    """Two changes in a row: the older undo wins over the newer, not the other way round."""
    aigul = town.resident("em6", town.account("9008"))
    moves(town, aigul, "thief6@example.kz")
    moves(town, aigul, "thief6b@example.kz")
    owners, thiefs = town.token("em6@example.kz"), town.token("thief6@example.kz")
    assert uses(town, "undo", thiefs).status_code == 200
    assert uses(town, "undo", owners).status_code == 200
    assert uses(town, "undo", thiefs).status_code == 400
    assert town.rows("SELECT email FROM people WHERE user_name = 'em6'") == [("em6@example.kz",)]


def test_a_reset_link_dies_with_the_address_it_went_to(town: Town) -> None:
    """Bad input 27: after a change of address the earlier link is good no more."""
    aigul = town.resident("em7", town.account("9009"))
    town.call("POST", "/v1/password-resets", {"email": "em7@example.kz"})
    token = town.token("em7@example.kz")
    moves(town, aigul, "new7@example.kz")
    new = {"token": token, "password": "жаңа құпия сөз осы", "password_again": "жаңа құпия сөз осы"}
    assert code_of(town.call("POST", "/v1/password-resets/confirm", new)) == "link-expired"


def test_a_link_is_good_for_its_purpose_only(town: Town) -> None:
    """Confirming, undoing and resetting do not open each other's doors."""
    aigul = town.resident("em8", town.account("9010"))
    asks(town, aigul, "new8@example.kz")
    token = town.token("new8@example.kz")
    assert uses(town, "undo", token).status_code == 400
    assert town.call("POST", "/v1/registrations/confirm", {"token": token}).status_code == 400
    assert email_of(town, aigul) == "em8@example.kz"
    assert uses(town, "confirm", token).status_code == 200
    assert email_of(town, aigul) == "new8@example.kz"
