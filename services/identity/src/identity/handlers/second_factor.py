"""The second factor: set up, asked for at sign-in, taken off."""

from datetime import datetime
from typing import NamedTuple

from common.clock import now as clock
from common.postgres import Connection
from identity.domain import second_factor
from identity.domain.codes import new_code, typed_code
from identity.errors import SecondFactorFailed, SecondFactorOn, SecondFactorRequired, TooManyTries
from identity.handlers import secrets
from identity.handlers.cabinet import locked, profile
from identity.handlers.desk import Desk
from identity.store import activity, budgets, second_factors
from identity.store.budgets import Throttle
from identity.store.people import Person

_PURPOSE = "second factor"
_CODES = 10
_LONGEST_WAIT_S = 900


class Setup(NamedTuple):
    """What the authenticator app needs."""

    secret: str
    uri: str


def begin(desk: Desk, user_id: str, current: str) -> Setup:
    """A secret that waits for its first code. Raises WrongPassword, SecondFactorOn."""
    person = profile(desk, user_id)
    secrets.ask_password(desk, person, current)
    secret = second_factor.new_secret()
    with desk.pool.connection() as conn, conn.transaction():
        if not second_factors.begin(conn, user_id, desk.sealer.seal(secret.encode(), _PURPOSE)):
            raise SecondFactorOn
    return Setup(secret, second_factor.uri(secret, person.user_name))


def confirm(desk: Desk, user_id: str, code: str) -> list[str]:
    """The app works: from now on signing in asks for a code. Returns recovery codes, shown this once.

    Raises SecondFactorFailed, SecondFactorOn.
    """
    now = clock()
    person = profile(desk, user_id)
    _count_try(desk, user_id, now)
    with desk.pool.connection() as conn, conn.transaction():
        locked(conn, user_id)
        factor = second_factors.lock(conn, user_id)
        if factor is not None and factor.confirmed_at is not None:
            raise SecondFactorOn
        if not _take_digits(desk, conn, user_id, factor, code, now):
            raise SecondFactorFailed(field="/code")
        _forgive(conn, user_id)
        activity.note(conn, user_id, now, "second-factor-on")
        desk.write(conn, person, "second-factor-on", now)
        return _new_codes(conn, user_id)


def remove(desk: Desk, user_id: str, current: str, code: str) -> None:
    """Takes the factor off. Raises WrongPassword, SecondFactorFailed."""
    now = clock()
    person = profile(desk, user_id)
    secrets.ask_password(desk, person, current)
    _count_try(desk, user_id, now)
    with desk.pool.connection() as conn, conn.transaction():
        take(desk, conn, user_id, code, now)
        second_factors.remove(conn, user_id)
        activity.note(conn, user_id, now, "second-factor-off")
        desk.write(conn, person, "second-factor-off", now)


def renew_codes(desk: Desk, user_id: str, code: str) -> list[str]:
    """New recovery codes in place of the earlier ones. Raises SecondFactorFailed."""
    now = clock()
    _count_try(desk, user_id, now)
    with desk.pool.connection() as conn, conn.transaction():
        take(desk, conn, user_id, code, now)
        activity.note(conn, user_id, now, "recovery-codes-made")
        return _new_codes(conn, user_id)


def standing(desk: Desk, user_id: str) -> tuple[bool, int]:
    """Whether the factor is on, and how many recovery codes are left."""
    with desk.pool.connection() as conn:
        return second_factors.is_on(conn, user_id), second_factors.codes_left(conn, user_id)


def admit(desk: Desk, person: Person, code: str | None, now: datetime) -> None:
    """Counts the try of a code that must be taken before the session starts.

    Raises SecondFactorRequired, TooManyTries.
    """
    if not code:
        raise SecondFactorRequired(field="/code")
    _count_try(desk, person.user_id, now)


def take(desk: Desk, conn: Connection, user_id: str, code: str, now: datetime) -> None:
    """Uses an app's code or a recovery code, good once each; raises SecondFactorFailed."""
    factor = second_factors.lock(conn, user_id)
    if factor is None or factor.confirmed_at is None:
        raise SecondFactorFailed(field="/code")
    if not _take_digits(desk, conn, user_id, factor, code, now):
        if not second_factors.spend_code(conn, user_id, typed_code(code), now):
            raise SecondFactorFailed(field="/code")
        activity.note(conn, user_id, now, "recovery-code-used")
    _forgive(conn, user_id)


def _take_digits(
    desk: Desk, conn: Connection, user_id: str, factor: second_factors.Factor | None, code: str, now: datetime
) -> bool:
    if factor is None:
        return False
    secret = desk.sealer.open(factor.sealed, _PURPOSE).decode()
    step = second_factor.step_of(secret, code, factor.last_step, now)
    if step is not None:
        second_factors.take(conn, user_id, step, now)
    return step is not None


def _new_codes(conn: Connection, user_id: str) -> list[str]:
    codes = [new_code() for _ in range(_CODES)]
    second_factors.replace_codes(conn, user_id, codes)
    return codes


def _throttle(user_id: str) -> Throttle:
    return Throttle("code", user_id.encode(), 5, _LONGEST_WAIT_S)


def _count_try(desk: Desk, user_id: str, now: datetime) -> None:
    """Counted and committed before the code is looked at. Only who has the password comes so far, so no stranger can
    keep the owner waiting."""
    with desk.pool.connection() as conn, conn.transaction():
        wait_s = budgets.wait_s(conn, _throttle(user_id), now)
    if wait_s:
        raise TooManyTries(retry_after_s=wait_s, seconds=wait_s)


def _forgive(conn: Connection, user_id: str) -> None:
    budgets.forgive(conn, _throttle(user_id))
