"""From a form to an open cabinet: proof at once, in effect when the e-mail is confirmed."""

from datetime import datetime, timedelta
from typing import NamedTuple

from common.clock import now as clock
from common.ids import uuid7
from common.postgres import Connection
from identity.domain import names, passwords, proof, user
from identity.domain.proof import Claim, Proof
from identity.domain.user import User
from identity.errors import LinkExpired, UserNameTaken
from identity.handlers import linking, notices, proofs
from identity.handlers.desk import Caller, Desk
from identity.store import accounts, activity, budgets, people, users
from identity.store.budgets import Budget

CONFIRM_WITHIN = timedelta(hours=48)


class Form(NamedTuple):
    """What a resident typed."""

    user_name: str
    email: str
    password: str
    password_again: str
    language: str
    number: str
    claim: Claim


def register(desk: Desk, form: Form, caller: Caller) -> None:
    """Registers a resident. Mistakes of form cost no try; a known e-mail is answered like a new one."""
    now = clock()
    form = checked(desk, form)
    claim = proofs.admit(desk, caller, names.email_key(form.email), form.claim, now)
    if _is_repeat(desk, form, now):
        return
    case = proofs.open_case(desk, form.number, claim, now)
    with desk.pool.connection() as conn, conn.transaction():
        found = proofs.judge(desk, conn, case)
        # Hashed only now: the time of a hash would tell a wrong proof from one that was not even judged.
        newcomer = _create(desk, conn, form, desk.hasher.hash(form.password), now)
        users.prove_later(conn, newcomer.id, case.account, found)
        ask_to_confirm(desk, conn, newcomer.id, now)


def checked(desk: Desk, form: Form) -> Form:
    """The form with its texts in order; raises the refusal of the first field that is not."""
    user_name, email = names.clean_user_name(form.user_name), names.clean_email(form.email)
    number = names.clean_account_number(form.number)
    about = {user_name, email.partition("@")[0], number}
    password = passwords.check(form.password, form.password_again, desk.common_passwords, about)
    return form._replace(user_name=user_name, email=email, number=number, password=password)


def _is_repeat(desk: Desk, form: Form, now: datetime) -> bool:
    """Whether the same registration waits already: then only its mail goes out again. Raises UserNameTaken."""
    with desk.pool.connection() as conn:
        person = people.by_name(conn, form.user_name)
        account = accounts.id_of(conn, form.number)
        waits_for = {proved for proved, _ in users.proved(conn, person.user_id)} if person else set()
    if person is None:
        return False
    same = (
        not person.confirmed and account in waits_for and names.email_key(person.email) == names.email_key(form.email)
    )
    if not same or not desk.hasher.matches(person.password_hash, form.password):
        raise UserNameTaken(field="/user_name")
    with desk.pool.connection() as conn, conn.transaction():
        ask_to_confirm(desk, conn, person.user_id, now)
    return True


def _create(desk: Desk, conn: Connection, form: Form, password_hash: str, now: datetime) -> User:
    user_id = str(uuid7())
    newcomer = users.create(conn, user_id, now)
    people.add(conn, user_id, form.user_name, form.email, password_hash)
    newcomer = desk.append(conn, newcomer, user.register(user_id, form.language), now)
    activity.note(conn, user_id, now, "registered")
    return newcomer


def ask_to_confirm(desk: Desk, conn: Connection, user_id: str, now: datetime) -> None:
    """Writes to the address of a registration: its owner confirms it, or learns of having a cabinet already."""
    person = people.by_id(conn, user_id)
    if person is None or not _may_write(desk, conn, person.email, now):
        return
    owner = people.by_email(conn, person.email)
    if owner is not None:
        link = desk.link("forgot", owner.language)
        desk.write(conn, owner, "known-email", now, link=link)
        return
    token = activity.issue_token(conn, user_id, "confirm", now, CONFIRM_WITHIN)
    hours = str(CONFIRM_WITHIN // timedelta(hours=1))
    desk.write(conn, person, "confirm", now, hours=hours, link=desk.link("confirm", person.language, token=token))


def _may_write(desk: Desk, conn: Connection, email: str, now: datetime) -> bool:
    budget = Budget("mail", proofs.key_of(names.email_key(email)), desk.config.mails_per_address)
    return budgets.spend(conn, budget, now)


def resend(desk: Desk, email: str) -> None:
    """Writes again to a registration that waits; says nothing of whether there is one."""
    now = clock()
    with desk.pool.connection() as conn, conn.transaction():
        person = people.asking(conn, names.clean_email(email))
        if person is not None:
            ask_to_confirm(desk, conn, person.user_id, now)


def confirm(desk: Desk, token: str) -> User:
    """Opens the cabinet: the e-mail is confirmed, the proved account is linked. A repeat gives the same answer.

    Raises LinkExpired.
    """
    now = clock()
    with desk.pool.connection() as conn, conn.transaction():
        user_id = activity.token_owner(conn, token, "confirm", now)
        if user_id is None:
            raise LinkExpired
        good = _still_good(conn, user_id)
        resident = users.lock(conn, user_id)
        person = people.by_id(conn, user_id)
        if resident is None or person is None:
            raise LinkExpired
        fresh = activity.spend_tokens(conn, user_id, "confirm", token, now)
        if resident.confirmed or not fresh:
            return _repeated(resident)
        return _opened(desk, conn, resident, good, now)


def _still_good(conn: Connection, user_id: str) -> list[tuple[str, Proof]]:
    """What was proved and neither handed over nor frozen since; accounts are locked before the user, as everywhere."""
    proved = [(account, found, accounts.hold(conn, account)) for account, found in users.proved(conn, user_id)]
    return [
        (account, found)
        for account, found, standing in proved
        if not standing.frozen and not proof.is_void(found, standing.handover)
    ]


def _repeated(resident: User) -> User:
    if not resident.confirmed:
        raise LinkExpired
    return resident


def _opened(desk: Desk, conn: Connection, resident: User, good: list[tuple[str, Proof]], now: datetime) -> User:
    people.hold_email(conn, resident.id)
    proved = [linking.linked(desk, conn, resident, account, found, now) for account, found in good]
    opened = desk.append(conn, resident, user.confirm(resident, proved), now)
    activity.note(conn, resident.id, now, "confirmed")
    for account, _ in good:
        notices.tell_of_link(desk, conn, resident.id, account, now)
    users.forget_proofs(conn, [resident.id])
    return opened
