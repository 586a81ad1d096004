"""Signing in, staying signed in, signing out."""

import hashlib
from datetime import datetime, timedelta
from typing import NamedTuple
from uuid import UUID

from common.clock import now as clock
from common.ids import uuid7
from common.period import ALMATY
from common.postgres import Connection
from identity.domain import names, passwords
from identity.errors import ConfirmationPending, SessionEnded, SessionNotFound, SignInFailed, TooManyTries
from identity.gateways.refreshing import Held
from identity.gateways.signing import LIFE
from identity.handlers import second_factor
from identity.handlers.desk import Caller, Desk
from identity.store import activity, budgets, notices, people, sessions, signing_in
from identity.store.budgets import Throttle
from identity.store.people import Person
from identity.store.sessions import Renewed, Session
from identity.store.signing_in import Known, Opening

STAYS = timedelta(days=30)
GRACE = timedelta(seconds=10)
_LIFE_S = int(LIFE.total_seconds())
_LONGEST_WAIT_S, _LONGEST_WAIT_OF_LOGIN_S = 900, 60
_FREE_OF_LOGIN = 50
_LONGEST_DEVICE = 200


class Tokens(NamedTuple):
    """What a signed-in client holds."""

    access: str
    expires_in_s: int
    refresh: str
    position: str


def sign_in(desk: Desk, login: str, password: str, caller: Caller, code: str | None = None) -> Tokens:
    """Opens a session; the answer is the same for an unknown user and a wrong password.

    Raises SignInFailed, TooManyTries and, once the password is right, ConfirmationPending and the refusals of the
    second factor.
    """
    now = clock()
    source, meant = _digest(caller.source), names.login_key(login)
    throttles = _throttles(desk, meant[0], caller)
    known = _count_try(desk, meant, throttles, source, now)
    person, password = known.person, passwords.typed(password)
    if not desk.hasher.matches(person.password_hash if person else None, password) or person is None:
        raise SignInFailed
    if not person.confirmed:
        raise ConfirmationPending
    if known.second_factor:
        second_factor.admit(desk, person, code, now)
    fresh_hash = desk.hasher.hash(password) if desk.hasher.is_weak(person.password_hash) else None
    if known.second_factor or fresh_hash is not None or not known.here:
        with desk.pool.connection() as conn, conn.transaction():
            if known.second_factor:
                second_factor.take(desk, conn, person.user_id, code or "", now)
            if fresh_hash is not None:
                people.set_password(conn, person.user_id, fresh_hash)
            if not known.here:
                _tell_of_new_place(desk, conn, person, now)
    device = "".join(c for c in caller.device if c.isprintable())[:_LONGEST_DEVICE]
    return _opened(desk, person, Opening(uuid7(), person.user_id, device, source, now, now + STAYS), throttles)


def _throttles(desk: Desk, key: str, caller: Caller) -> tuple[Throttle, Throttle]:
    """One for this login from this place, one for the login from anywhere; the name itself is not stored."""
    here, anywhere = _digest(f"{key}\n{caller.source}"), _digest(key)
    return (
        Throttle("here", here, desk.config.free_sign_ins, _LONGEST_WAIT_S),
        Throttle("anywhere", anywhere, _FREE_OF_LOGIN, _LONGEST_WAIT_OF_LOGIN_S),
    )


def _digest(text: str) -> bytes:
    return hashlib.sha256(text.encode(errors="replace")).digest()


def _count_try(
    desk: Desk, login: tuple[str, bool], throttles: tuple[Throttle, Throttle], source: bytes, now: datetime
) -> Known:
    """Counts and commits before the password is looked at; strangers' tries do not slow the owner's own place.

    Raises TooManyTries.
    """
    here, anywhere = throttles
    known = signing_in.count(desk.at_once, login, here, source, now, now - STAYS)
    if known.counted and known.here:
        return known
    with desk.pool.connection() as conn, conn.transaction():
        wait_s = 0 if known.counted else budgets.wait_s(conn, here, now)
        if not wait_s and not known.here:
            wait_s = budgets.wait_s(conn, anywhere, now)
    if wait_s:
        raise TooManyTries(retry_after_s=wait_s, seconds=wait_s)
    return known


def _opened(desk: Desk, person: Person, opening: Opening, throttles: tuple[Throttle, Throttle]) -> Tokens:
    key = signing_in.open_session(desk.at_once, opening, *throttles)
    return _tokens(desk, person, key, Held(opening.session, 1), opening.now)


def _tokens(desk: Desk, owner: Person | Renewed, key: tuple[str, bytes], held: Held, now: datetime) -> Tokens:
    access = desk.signer.token(key, owner.user_id, str(held.session), owner.language, now)
    return Tokens(access, _LIFE_S, desk.refresh_tokens.make(held), f"user/{owner.user_id}@{owner.version}")


def _tell_of_new_place(desk: Desk, conn: Connection, person: Person, now: datetime) -> None:
    """A letter when somebody signs in from where the resident never was; the first sign-in of all is no news.

    It does not repeat what the device calls itself: strangers write that text.
    """
    if not sessions.signed_in_before(conn, person.user_id) or not notices.choices(conn, person.user_id)["sign-in"]:
        return
    at = f"{now.astimezone(ALMATY):%d.%m.%Y %H:%M}"
    link = desk.link("forgot", person.language)
    desk.write(conn, person, "new-sign-in", now, at=at, link=link, **desk.ways_out(person, "sign-in"))


def refresh(desk: Desk, token: str) -> Tokens:
    """New tokens for a refresh token, which is good once; a second use ends the session, but for one quick retry."""
    now = clock()
    held = desk.refresh_tokens.read(token)
    if held is None:
        raise SessionEnded
    renewed = sessions.renew(desk.at_once, held, now, now + STAYS, now - GRACE)
    if renewed is None:
        _end_doubted(desk, held, now)
        raise SessionEnded
    key = renewed.kid, renewed.sealed
    return _tokens(desk, renewed, key, Held(held.session, renewed.generation), now)


def _end_doubted(desk: Desk, held: Held, now: datetime) -> None:
    """Of a thief and the owner nobody knows which is which: both are out, and the list says so."""
    with desk.pool.connection() as conn, conn.transaction():
        owner = sessions.end_doubted(conn, held, now)
        if owner is not None:
            activity.note(conn, owner, now, "refresh-reused")


def check(desk: Desk, user_id: str, session: UUID) -> None:
    """Raises SessionEnded when an access token outlived its session."""
    with desk.pool.connection() as conn:
        if not sessions.is_alive(conn, session, user_id, clock()):
            raise SessionEnded


def standing(desk: Desk, user_id: str) -> list[Session]:
    """The devices that are signed in."""
    with desk.pool.connection() as conn:
        return sessions.of_user(conn, user_id, clock())


def end(desk: Desk, user_id: str, session: UUID) -> None:
    """Signs one device out; raises SessionNotFound."""
    now = clock()
    with desk.pool.connection() as conn, conn.transaction():
        if not sessions.end(conn, user_id, session, "signed-out", now):
            raise SessionNotFound
        activity.note(conn, user_id, now, "session-ended")
