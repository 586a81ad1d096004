"""A new password, by the old one or by a letter."""

import pytest

from tests.integration.identity.town import PASSWORD, Town, bearer, code_of, json_of, token_in

NEW = "ақ қар үстінде із"


@pytest.fixture
def aigul(town: Town) -> dict[str, str]:
    """A resident who is signed in."""
    return town.resident("aigul", town.account("100"))


def change(town: Town, who: dict[str, str], current: str = PASSWORD, new: str = NEW) -> int:
    """One change; returns the status."""
    body = {"current_password": current, "password": new, "password_again": new}
    return town.call("PUT", "/v1/me/password", body, **who).status_code


def ask(town: Town, email: str) -> None:
    """Asks for a reset."""
    assert town.call("POST", "/v1/password-resets", {"email": email}).status_code == 202


def reset(town: Town, token: str, new: str = NEW) -> str:
    """Uses a reset link; returns the code of the refusal, or nothing."""
    answer = town.call("POST", "/v1/password-resets/confirm", {"token": token, "password": new, "password_again": new})
    return "" if answer.status_code == 204 else code_of(answer)


def test_a_change_ends_the_other_sessions(town: Town, aigul: dict[str, str]) -> None:
    """This device stays signed in, the others are out at once, a letter says so, an event too."""
    other = json_of(town.signs_in("aigul"))
    assert change(town, aigul) == 200
    assert town.call("GET", "/v1/me", **aigul).status_code == 200
    assert town.call("GET", "/v1/me", **bearer(other)).status_code == 401
    assert town.call("POST", "/v1/sessions/refresh", {"refresh_token": other["refresh_token"]}).status_code == 401
    assert (town.signs_in("aigul").status_code, town.signs_in("aigul", NEW).status_code) == (401, 200)
    assert town.letters("aigul@example.kz")[-1]["Subject"] == "Жеке кабинеттің құпия сөзі өзгертілді"
    assert town.rows("SELECT max(version) FROM events") == [(4,)]


def test_a_wrong_current_password_changes_nothing(town: Town, aigul: dict[str, str]) -> None:
    """And guessing it is slowed like signing in."""
    assert [change(town, aigul, current="wrong") for _ in range(6)] == [403] * 5 + [429]
    assert town.signs_in("aigul").status_code == 200


def test_a_letter_leads_to_a_new_password(town: Town, aigul: dict[str, str]) -> None:
    """All sessions end."""
    ask(town, "AIGUL@example.kz")
    assert reset(town, town.token("aigul@example.kz")) == ""
    assert town.call("GET", "/v1/me", **aigul).status_code == 401
    assert town.signs_in("aigul", NEW).status_code == 200


def test_a_reset_link_is_good_once_and_for_ten_minutes(town: Town, aigul: dict[str, str]) -> None:
    """Used, old, made up, of another use or overtaken by a newer change: one answer."""
    assert aigul
    for _ in range(2):
        ask(town, "aigul@example.kz")
    first, second = (letter for letter in town.letters("aigul@example.kz")[-2:])
    assert reset(town, token_in(second)) == ""
    assert reset(town, token_in(second)) == "link-expired"
    assert reset(town, token_in(first)) == "link-expired"
    assert reset(town, "made up") == "link-expired"
    assert reset(town, token_in(town.letters("aigul@example.kz")[0])) == "link-expired"
    ask(town, "aigul@example.kz")
    with town.desk.pool.connection() as conn:
        conn.execute("UPDATE mail_tokens SET expires_at = expires_at - interval '10 minutes'")
    assert reset(town, town.token("aigul@example.kz")) == "link-expired"


def test_nobody_learns_who_has_a_cabinet(town: Town, aigul: dict[str, str]) -> None:
    """An unknown address and a waiting one are answered like a known one, and get no letter."""
    assert aigul
    town.registers("samal", "100")
    before = len(town.letters())
    for address in ("nobody@example.kz", "samal@example.kz"):
        ask(town, address)
    assert len(town.letters()) == before


def test_the_language_of_letters_can_be_changed(town: Town, aigul: dict[str, str]) -> None:
    """The next letter and the next token speak it; the same language again says nothing."""
    for _ in range(2):
        changed = town.call("PATCH", "/v1/me", {"language": "ru"}, **aigul)
    assert json_of(changed)["language"] == "ru"
    assert json_of(changed)["position"].endswith("@4")
    ask(town, "aigul@example.kz")
    assert town.letters("aigul@example.kz")[-1]["Subject"] == "Смена пароля личного кабинета"
