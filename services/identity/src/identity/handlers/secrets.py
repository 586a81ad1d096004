"""Changing a password, by who knows the old one or by who reads the mail."""

from datetime import datetime, timedelta
from uuid import UUID

from common.clock import now as clock
from common.postgres import Connection
from identity.domain import names, passwords, user
from identity.domain.user import User
from identity.errors import LinkExpired, TooManyTries, WrongPassword
from identity.handlers import proofs
from identity.handlers.cabinet import locked, profile
from identity.handlers.desk import Desk
from identity.store import activity, budgets, people, sessions, users
from identity.store.budgets import Budget, Throttle
from identity.store.people import Person

RESET_WITHIN = timedelta(minutes=10)
_LONGEST_WAIT_S = 900


def change(desk: Desk, user_id: str, session: UUID, current: str, new: str, again: str) -> User:
    """Replaces the password and ends the other sessions; raises WrongPassword."""
    now = clock()
    person = profile(desk, user_id)
    new = passwords.check(new, again, desk.common_passwords, _about(person))
    ask_password(desk, person, current)
    new_hash = desk.hasher.hash(new)
    with desk.pool.connection() as conn, conn.transaction():
        resident = locked(conn, user_id)
        activity.note(conn, user_id, now, "password-changed")
        return _replaced(desk, conn, resident, person, new_hash, now, but=session)


def ask_password(desk: Desk, person: Person, current: str) -> None:
    """Before anything that must be the owner's will: the current password, guessing slowed like signing in.

    Raises WrongPassword, TooManyTries.
    """
    throttle = Throttle("change", person.user_id.encode(), desk.config.free_sign_ins, _LONGEST_WAIT_S)
    with desk.pool.connection() as conn, conn.transaction():
        wait_s = budgets.wait_s(conn, throttle, clock())
    if wait_s:
        raise TooManyTries(retry_after_s=wait_s, seconds=wait_s)
    if not desk.hasher.matches(person.password_hash, passwords.typed(current)):
        raise WrongPassword(field="/current_password")
    with desk.pool.connection() as conn, conn.transaction():
        budgets.forgive(conn, throttle)


def _about(person: Person) -> set[str]:
    return {person.user_name, person.email.partition("@")[0]}


def _replaced(
    desk: Desk, conn: Connection, resident: User, person: Person, new_hash: str, now: datetime, but: UUID | None = None
) -> User:
    people.set_password(conn, resident.id, new_hash)
    sessions.end_all(conn, resident.id, "password-changed", now, but)
    after = desk.append(conn, resident, user.change_password(resident), now)
    link = desk.link("forgot", person.language)
    desk.write(conn, person, "password-changed", now, link=link)
    return after


def ask_reset(desk: Desk, email: str) -> None:
    """Sends a link that lets its reader choose a new password; says nothing of whether there is such a cabinet."""
    now = clock()
    address = names.clean_email(email)
    budget = Budget("mail", proofs.key_of(names.email_key(address)), desk.config.mails_per_address)
    with desk.pool.connection() as conn, conn.transaction():
        person = people.by_email(conn, address)
        if not budgets.spend(conn, budget, now) or person is None:
            return
        write_reset(desk, conn, person, now)


def write_reset(desk: Desk, conn: Connection, person: Person, now: datetime) -> None:
    """Queues the letter with the link."""
    token = activity.issue_token(conn, person.user_id, "reset", now, RESET_WITHIN)
    minutes = str(RESET_WITHIN // timedelta(minutes=1))
    link = desk.link("reset", person.language, token=token)
    desk.write(conn, person, "password-reset", now, minutes=minutes, link=link)


def reset(desk: Desk, token: str, new: str, again: str) -> None:
    """Replaces the password by a link from a mail and ends all sessions; raises LinkExpired."""
    now = clock()
    person = _owner(desk, token, now)
    new_hash = desk.hasher.hash(passwords.check(new, again, desk.common_passwords, _about(person)))
    with desk.pool.connection() as conn, conn.transaction():
        resident = users.lock(conn, person.user_id)
        if resident is None or not activity.spend_tokens(conn, person.user_id, "reset", token, now):
            raise LinkExpired
        activity.note(conn, person.user_id, now, "password-reset")
        _replaced(desk, conn, resident, person, new_hash, now)


def _owner(desk: Desk, token: str, now: datetime) -> Person:
    with desk.pool.connection() as conn:
        user_id = activity.token_owner(conn, token, "reset", now)
        person = people.by_id(conn, user_id) if user_id is not None else None
    if person is None:
        raise LinkExpired
    return person
