"""P17, P18: every signed-in call refuses credentials that are not good; foreign things are answered like absent ones.

The list of calls comes from the OpenAPI document; a route that is not in it, or a call nobody listed here, fails.
"""

import json
import re
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import pytest

from tests.integration.identity.test_access_tokens import forged
from tests.integration.identity.town import PASSWORD, Town, bearer, code_of, json_of

Who = dict[str, str]
# What a call is sent; `{session}` and `{account}` stand for things that another user owns.
SENT: dict[tuple[str, str], Any] = {
    ("GET", "/v1/me"): None,
    ("PATCH", "/v1/me"): {"language": "kk"},
    ("DELETE", "/v1/me"): {"current_password": "wrong"},
    ("PUT", "/v1/me/password"): {"current_password": "wrong", "password": "p" * 20, "password_again": "q"},
    ("PUT", "/v1/me/email"): {"current_password": "wrong", "email": "x@example.kz"},
    ("GET", "/v1/me/activity"): None,
    ("GET", "/v1/me/accounts"): None,
    ("POST", "/v1/me/accounts"): {"account": "1", "last_payment_amount": "1,00"},
    ("PATCH", "/v1/me/accounts/{number}"): {"nickname": None},
    ("DELETE", "/v1/me/accounts/{number}"): None,
    ("POST", "/v1/me/second-factor"): {"current_password": "wrong"},
    ("POST", "/v1/me/second-factor/confirm"): {"code": "1"},
    ("POST", "/v1/me/second-factor/recovery-codes"): {"code": "1"},
    ("POST", "/v1/me/second-factor/remove"): {"current_password": "wrong", "code": "1"},
    ("GET", "/v1/sessions"): None,
    ("DELETE", "/v1/sessions/current"): None,
    ("DELETE", "/v1/sessions/{id}"): None,
}
# Open to everybody; each is throttled or needs a secret that came by mail.
OPEN = {
    ("POST", "/v1/registrations"), ("POST", "/v1/registrations/confirm"), ("POST", "/v1/registrations/resend"),
    ("POST", "/v1/password-resets"), ("POST", "/v1/password-resets/confirm"), ("POST", "/v1/email-changes/confirm"),
    ("POST", "/v1/email-changes/undo"), ("GET", "/v1/link-notices/{token}"), ("POST", "/v1/link-notices/{token}"),
    ("POST", "/v1/unsubscriptions"),
    ("POST", "/v1/sessions"), ("POST", "/v1/sessions/refresh"), ("GET", "/.well-known/jwks.json"),
}  # fmt: skip


@pytest.fixture
def town(shared_town: Town) -> Town:
    """The file's town, called from an address of the test's own."""
    shared_town.source = f"198.51.100.{next(shared_town.numbers) % 250}"
    return shared_town


class Call(NamedTuple):
    """One operation of the contract."""

    method: str
    path: str
    guarded: bool


def calls(town: Town) -> Iterator[Call]:
    """Every operation of the OpenAPI document."""
    for path, methods in json_of(town.call("GET", "/openapi.json"))["paths"].items():
        for method, operation in methods.items():
            yield Call(method.upper(), path, bool(operation.get("security")))


def send(town: Town, call: Call, who: Who, thing: str = "0192f0c1-7a2b-7c3d-8e4f-5a6b7c8d9e0f") -> Any:
    """The call with a body that would do no harm; `thing` fills its path."""
    path = re.sub("{[^}]+}", thing, call.path)
    return town.call(call.method, path, SENT[call.method, call.path], Idempotency_Key="matrix", **who)


def test_every_route_is_in_the_contract_and_listed_here(town: Town) -> None:
    """A new route must say who may call it."""
    found = {(call.method, call.path): call.guarded for call in calls(town)}
    assert {pair for pair, guarded in found.items() if guarded} == set(SENT)
    assert {pair for pair, guarded in found.items() if not guarded} == OPEN
    served = {re.sub("<(?:[a-z]+:)?([^>]+)>", r"{\1}", rule.rule) for rule in town.app.url_map.iter_rules()}
    beside = {path for path in served - {path for _, path in found} if not path.startswith("/openapi")}
    assert beside <= {"/static/{path:filename}", "/static/{filename}"}


def test_no_call_takes_a_credential_that_is_not_good(town: Town) -> None:
    """None, made up, of another scheme, expired, of an unknown key: 401 with the same code, on every call."""
    good = town.resident("ac1", town.account("9401"))
    token = good["Authorization"].removeprefix("Bearer ")
    bad = [
        {}, {"Authorization": "Bearer x.y.z"}, {"Authorization": f"Basic {token}"},
        {"Authorization": f"Bearer {forged(town, token, exp=1)}"},
        {"Authorization": f"Bearer {forged(town, token, {'kid': 'unknown'})}"},
    ]  # fmt: skip
    guarded = [call for call in calls(town) if call.guarded]
    wrong = [
        (call, index)
        for call in guarded
        for index, who in enumerate(bad)
        if (answer := send(town, call, who)).status_code != 401 or code_of(answer) != "not-signed-in"
    ]
    print(f"\nP17: {len(guarded)} calls, {len(bad)} bad credentials each, {len(wrong)} taken")
    assert wrong == []
    assert send(town, Call("GET", "/v1/me", guarded=True), good).status_code == 200


def sign_out(town: Town, name: str, who: Who) -> None:
    """The session is ended by its owner."""
    assert town.call("DELETE", "/v1/sessions/current", **who).status_code == 204


def reuse(town: Town, name: str, who: Who) -> None:
    """Somebody uses a refresh token of the session a third time."""
    tokens = json_of(town.signs_in(name))
    who["Authorization"] = bearer(tokens)["Authorization"]
    for _ in range(3):
        town.call("POST", "/v1/sessions/refresh", {"refresh_token": tokens["refresh_token"]})


def change_elsewhere(town: Town, name: str, who: Who) -> None:
    """The password is changed on another device."""
    body = {"current_password": PASSWORD, "password": "жаңа құпия сөз осы", "password_again": "жаңа құпия сөз осы"}
    assert town.call("PUT", "/v1/me/password", body, **bearer(town.signs_in(name).json)).status_code == 200


def reset(town: Town, name: str, who: Who) -> None:
    """The password is reset by mail."""
    town.call("POST", "/v1/password-resets", {"email": f"{name}@example.kz"})
    body = {"token": town.token(f"{name}@example.kz"), "password": "жаңа құпия сөз осы"}
    answer = town.call("POST", "/v1/password-resets/confirm", body | {"password_again": body["password"]})
    assert answer.status_code == 204


def undo(town: Town, name: str, who: Who) -> None:
    """The old address takes the cabinet back."""
    town.call("PUT", "/v1/me/email", {"current_password": PASSWORD, "email": f"new{name}@example.kz"}, **who)
    town.call("POST", "/v1/email-changes/confirm", {"token": town.token(f"new{name}@example.kz")})
    undone = town.call("POST", "/v1/email-changes/undo", {"token": town.token(f"{name}@example.kz")})
    assert undone.status_code == 200


def close(town: Town, name: str, who: Who) -> None:
    """The cabinet is closed."""
    assert town.call("DELETE", "/v1/me", {"current_password": PASSWORD}, **who).status_code == 200


ENDS = (sign_out, reuse, change_elsewhere, reset, undo, close)


@pytest.mark.parametrize("end", ENDS, ids=lambda end: end.__name__)
def test_an_ended_session_is_refused_at_once_everywhere(town: Town, end: Callable[[Town, str, Who], None]) -> None:
    """P18: not in ten minutes when the token expires, but with the next call, on every call."""
    name = f"end{ENDS.index(end)}"
    who = town.resident(name, town.account(f"95{ENDS.index(end)}"))
    assert send(town, Call("GET", "/v1/me", guarded=True), who).status_code == 200
    end(town, name, who)
    guarded = [call for call in calls(town) if call.guarded]
    still = [call for call in guarded if send(town, call, who).status_code != 401]
    print(f"\nP18 {end.__name__}: {len(guarded)} calls with the old credential at once, {len(still)} taken")
    assert still == []


def test_foreign_things_are_answered_like_absent_ones(town: Town) -> None:
    """P17: sessions and accounts of somebody else, by every call that names one; nothing of them changes."""
    aigul = town.resident("fo1", town.account("9601"))
    samal = town.resident("fo2", town.account("9602"))
    (session,) = json_of(town.call("GET", "/v1/sessions", **samal))["sessions"]
    for call in (call for call in calls(town) if call.guarded and "{" in call.path):
        foreign, absent = (
            ("9602", "9999999") if "number" in call.path else (session["id"], "0192f0c1-7a2b-7c3d-8e4f-5a6b7c8d9e0f")
        )
        answers = [send(town, call, aigul, thing) for thing in (foreign, absent)]
        assert [answer.status_code for answer in answers] == [404, 404], call
        assert len({json.dumps(json_of(answer) | {"instance": ""}) for answer in answers}) == 1
    assert town.accounts(samal) == ["9602"]
    assert "fo2" not in town.call("GET", "/v1/me", **aigul).text


def test_ids_in_headers_and_bodies_change_nothing(town: Town) -> None:
    """Bad inputs 36 and 42: whoever claims to be somebody else is who the token says."""
    aigul = town.resident("fo3", town.account("9603"))
    samal = town.resident("fo4", town.account("9604"))
    other = json_of(town.call("GET", "/v1/me", **samal))["user"]
    me = json_of(town.call("GET", "/v1/me", X_User_Id=other, X_Forwarded_For="203.0.113.1", **aigul))
    assert me["user_name"] == "fo3"
    assert town.call("PATCH", "/v1/me", {"language": "ru", "user": other}, **aigul).status_code == 422
    assert town.call("GET", f"/v1/me?user={other}", **aigul).json != town.call("GET", "/v1/me", **samal).json
