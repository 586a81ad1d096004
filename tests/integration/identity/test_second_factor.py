"""A code beside the password."""

import time
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from typing import Any

import pyotp
import pytest
from werkzeug.test import TestResponse

from common.clock import now
from identity.domain import second_factor
from identity.errors import SecondFactorFailed
from identity.handlers import second_factor as handlers
from identity.store import people
from tests.integration.identity.town import PASSWORD, Town, bearer, code_of, json_of

Who = dict[str, str]


@pytest.fixture
def town(shared_town: Town) -> Town:
    """The file's town, called from an address of the test's own."""
    shared_town.source = f"198.51.100.{next(shared_town.numbers) % 250}"
    return shared_town


class Phone:
    """An authenticator app: PyOTP on the secret it was shown."""

    def __init__(self, secret: str) -> None:
        self.app, self.step = pyotp.TOTP(secret), int(time.time()) // 30

    def code(self, steps: int = 1) -> str:
        """The code of the next step, taken for half a minute on either side: no test meets the end of a step."""
        return str(self.app.generate_otp(self.step + steps))


def turn_on(town: Town, who: Who) -> tuple[Phone, list[str]]:
    """The whole set-up, with the present step's code; returns the phone and the recovery codes."""
    setup = json_of(town.call("POST", "/v1/me/second-factor", {"current_password": PASSWORD}, **who))
    phone = Phone(setup["secret"])
    assert setup["uri"].startswith("otpauth://totp/")
    on = town.call("POST", "/v1/me/second-factor/confirm", {"code": phone.code(0)}, **who)
    assert on.status_code == 200, on.text
    return phone, json_of(on)["recovery_codes"]


def enters(town: Town, name: str, code: str | None = None) -> TestResponse:
    """Signs in with a code."""
    return town.call("POST", "/v1/sessions", {"login": name, "password": PASSWORD, "code": code})


def test_signing_in_asks_for_a_code(town: Town) -> None:
    """Only after the right password; a code is good once; the profile says that it is on."""
    who = town.resident("sf1", town.account("9101"))
    phone, codes = turn_on(town, who)
    assert code_of(town.signs_in("sf1", "wrong password")) == "sign-in-failed"
    assert code_of(enters(town, "sf1")) == "second-factor-required"
    assert enters(town, "sf1", phone.code()).status_code == 200
    assert code_of(enters(town, "sf1", phone.code())) == "second-factor-failed"
    profile = json_of(town.call("GET", "/v1/me", **who))
    assert (profile["second_factor"], profile["recovery_codes_left"]) == (True, len(codes) == 10 and 10)
    assert town.letters("sf1@example.kz")[-1]["Subject"] == "Код арқылы кіру қосылды"


def test_it_is_off_until_the_first_code(town: Town) -> None:
    """A set-up that was not finished asks nobody; begun anew, the old secret is void."""
    who = town.resident("sf2", town.account("9102"))
    first = json_of(town.call("POST", "/v1/me/second-factor", {"current_password": PASSWORD}, **who))
    assert town.signs_in("sf2").status_code == 200
    turn = {"code": pyotp.TOTP(first["secret"]).now()}
    turn_on(town, who)
    assert code_of(town.call("POST", "/v1/me/second-factor/confirm", turn, **who)) == "second-factor-on"
    again = town.call("POST", "/v1/me/second-factor", {"current_password": PASSWORD}, **who)
    assert code_of(again) == "second-factor-on"


def test_a_recovery_code_signs_in_once(town: Town) -> None:
    """However it is typed; kept only as a hash; new ones void the old."""
    who = town.resident("sf3", town.account("9103"))
    phone, codes = turn_on(town, who)
    typed = codes[0].lower().replace("-", " ")
    assert [enters(town, "sf3", typed).status_code for _ in range(2)] == [200, 403]
    fresh = town.call("POST", "/v1/me/second-factor/recovery-codes", {"code": phone.code()}, **who)
    renewed = json_of(fresh)["recovery_codes"]
    assert enters(town, "sf3", codes[1]).status_code == 403
    assert enters(town, "sf3", renewed[0]).status_code == 200
    assert not [code for code in codes + renewed if code in str(town.rows("SELECT * FROM recovery_codes"))]
    kinds = [kind for kind, _ in town.activity(who)]
    assert {"second-factor-on", "recovery-code-used", "recovery-codes-made"} <= set(kinds)


def test_taking_it_off_needs_password_and_code(town: Town) -> None:
    """Then the password alone signs in again, and a letter says so."""
    who = town.resident("sf4", town.account("9104"))
    phone, _ = turn_on(town, who)

    def off(password: str, code: str) -> TestResponse:
        body = {"current_password": password, "code": code}
        return town.call("POST", "/v1/me/second-factor/remove", body, **who)

    assert code_of(off("wrong", phone.code())) == "wrong-password"
    assert code_of(off(PASSWORD, "000000")) == "second-factor-failed"
    assert off(PASSWORD, phone.code()).status_code == 204
    assert town.signs_in("sf4").status_code == 200
    assert town.letters("sf4@example.kz")[-1]["Subject"] == "Код арқылы кіру өшірілді"


def test_guessing_codes_is_slowed(town: Town) -> None:
    """Only who has the password comes so far; the wait grows."""
    who = town.resident("sf5", town.account("9105"))
    turn_on(town, who)
    answers = [enters(town, "sf5", f"{guess:06d}").status_code for guess in range(7)]
    assert answers[:4] == [403] * 4
    assert 429 in answers


def test_of_parallel_uses_of_one_code_one_signs_in(town: Town) -> None:
    """The factor's row is the lock (the try counter aside, which is asked before)."""
    town.resident("sf6", town.account("9106"))
    who = bearer(town.signs_in("sf6").json)
    phone, _ = turn_on(town, who)
    person = _person(town, "sf6")

    def use(_: int) -> bool:
        try:
            with town.desk.pool.connection() as conn, conn.transaction():
                handlers.take(town.desk, conn, person.user_id, phone.code(), now())
        except SecondFactorFailed:
            return False
        return True

    with ThreadPoolExecutor(6) as pool:
        assert sorted(pool.map(use, range(6))) == [False] * 5 + [True]


def _person(town: Town, name: str) -> Any:
    with town.desk.pool.connection() as conn:
        return people.by_name(conn, name)


def test_codes_agree_with_the_standard() -> None:
    """RFC 6238's own vectors, one step of drift, no replay of an older step."""
    secret = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"  # the RFC's "12345678901234567890"
    at = datetime.fromtimestamp(1111111109, UTC)
    step = 1111111109 // 30
    assert second_factor.step_of(secret, "081804", 0, at) == step
    assert second_factor.step_of(secret, " 081 804 ", step - 1, at) == step
    assert second_factor.step_of(secret, "081804", step, at) is None
    assert second_factor.step_of(secret, "081804", 0, datetime.fromtimestamp(1111111109 + 30, UTC)) == step
    assert second_factor.step_of(secret, "081804", 0, datetime.fromtimestamp(1111111109 + 90, UTC)) is None
    assert second_factor.step_of(secret, "🙂", 0, at) is None
