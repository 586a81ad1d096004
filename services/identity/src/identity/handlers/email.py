"""Another e-mail address: confirmed by a link to the new one, undone by a link to the old one."""

from datetime import datetime, timedelta

from common.clock import now as clock
from common.postgres import Connection
from identity.domain import names, user
from identity.domain.user import User
from identity.errors import LinkExpired
from identity.handlers import proofs, secrets
from identity.handlers.cabinet import profile
from identity.handlers.desk import Desk
from identity.store import activity, budgets, people, second_factors, sessions, users
from identity.store.activity import Given
from identity.store.budgets import Budget
from identity.store.people import Person

CONFIRM_WITHIN = timedelta(hours=24)
UNDO_WITHIN = timedelta(days=7)


def ask_change(desk: Desk, user_id: str, current: str, new: str) -> None:
    """Sends a link to the new address; answers alike whether another cabinet has it. Raises WrongPassword, BadEmail."""
    now = clock()
    new = names.clean_email(new)
    person = profile(desk, user_id)
    secrets.ask_password(desk, person, current)
    with desk.pool.connection() as conn, conn.transaction():
        if not budgets.spend(conn, _letters_to(desk, new), now):
            return
        owner = people.by_email(conn, new)
        if owner is not None and owner.user_id != user_id:
            desk.write(conn, owner, "known-email", now, link=desk.link("forgot", owner.language))
            return
        activity.drop_tokens(conn, user_id, "email")
        token = activity.issue_token(conn, user_id, "email", now, CONFIRM_WITHIN, about=new)
        hours = str(CONFIRM_WITHIN // timedelta(hours=1))
        link = desk.link("email", person.language, token=token)
        desk.write(conn, person, "email-confirm", now, to=new, hours=hours, link=link)


def _letters_to(desk: Desk, address: str) -> Budget:
    return Budget("mail", proofs.key_of(names.email_key(address)), desk.config.mails_per_address)


def confirm(desk: Desk, token: str) -> User:
    """The new address is the resident's; links sent to the old one are void, but for the undo. A repeat gives the same
    answer. Raises LinkExpired."""
    now = clock()
    with desk.pool.connection() as conn, conn.transaction():
        given, person, resident = _owner(conn, token, "email", now)
        if given.used:
            return _repeated(given, person, resident)
        activity.use_token(conn, token, now)
        return _moved(desk, conn, resident, person, given.about, now)


def _owner(conn: Connection, token: str, purpose: activity.Purpose, now: datetime) -> tuple[Given, Person, User]:
    given = activity.given(conn, token, purpose, now)
    resident = users.lock(conn, given.user_id) if given else None
    given = activity.given(conn, token, purpose, now)  # again, under the lock: two clicks are one after the other
    person = people.by_id(conn, resident.id) if resident else None
    if given is None or resident is None or person is None:
        raise LinkExpired
    return given, person, resident


def _repeated(given: Given, person: Person, resident: User) -> User:
    if person.email != given.about:
        raise LinkExpired
    return resident


def _moved(desk: Desk, conn: Connection, resident: User, person: Person, new: str, now: datetime) -> User:
    people.set_email(conn, resident.id, new)
    activity.drop_tokens(conn, resident.id, "reset")
    token = activity.issue_token(conn, resident.id, "email-undo", now, UNDO_WITHIN, about=person.email)
    days = str(UNDO_WITHIN // timedelta(days=1))
    link = desk.link("email-undo", person.language, token=token)
    desk.write(conn, person, "email-changed", now, days=days, link=link)
    activity.note(conn, resident.id, now, "email-changed")
    return desk.append(conn, resident, user.change_email(resident), now)


def undo(desk: Desk, token: str) -> User:
    """Whoever reads the old address takes the cabinet back: sessions end, a link to a new password comes by mail.

    Raises LinkExpired.
    """
    now = clock()
    with desk.pool.connection() as conn, conn.transaction():
        given, person, resident = _owner(conn, token, "email-undo", now)
        if given.used:
            return _repeated(given, person, resident)
        changed_at = given.expires_at - UNDO_WITHIN
        activity.use_token(conn, token, now)
        _lock_out(conn, resident.id, given, changed_at, now)
        people.set_email(conn, resident.id, given.about)
        activity.note(conn, resident.id, now, "email-restored")
        secrets.write_reset(desk, conn, person._replace(email=given.about), now)
        return desk.append(conn, resident, user.change_email(resident), now)


def _lock_out(conn: Connection, user_id: str, given: Given, changed_at: datetime, now: datetime) -> None:
    """Nothing that was done from the other address leads back in. Undo links older than this one stay good: a thief
    who changed the address twice could else void the owner's link with his own."""
    sessions.end_all(conn, user_id, "email-restored", now)
    second_factors.remove(conn, user_id, since=changed_at)
    activity.drop_tokens(conn, user_id, "email")
    activity.drop_tokens(conn, user_id, "reset")
    activity.drop_tokens(conn, user_id, "email-undo", after=given.expires_at)
