"""The accounts of a cabinet, its language and what happened in it."""

import json
import unicodedata
from datetime import datetime, timedelta
from typing import NamedTuple

from common.clock import now as clock
from common.errors import KeyReused
from common.postgres import Connection
from identity.domain import names, user
from identity.domain.proof import Claim
from identity.domain.user import User
from identity.errors import AccountNotFound, AlreadyLinked, BadNickname, InFlight, ProofFailed, SessionEnded
from identity.handlers import linking, notices, proofs
from identity.handlers.desk import Caller, Desk
from identity.store import accounts, activity, people, users
from identity.store import idempotency as keys
from identity.store import notices as notice_choices
from identity.store.accounts import Shown
from identity.store.notices import Kind
from identity.store.people import Person

_LONGEST_NICKNAME = 40
_IN_FLIGHT = timedelta(seconds=60)


class Request(NamedTuple):
    """An account to add, with the key under which the call may be repeated."""

    number: str
    claim: Claim
    nickname: str | None
    key: str
    digest: str


class Linked(NamedTuple):
    """An account of the cabinet and the position that shows it."""

    account: Shown
    position: str


def profile(desk: Desk, user_id: str) -> Person:
    """Who the resident is."""
    with desk.pool.connection() as conn:
        person = people.by_id(conn, user_id)
    if person is None:
        raise SessionEnded
    return person


def change_language(desk: Desk, user_id: str, language: str) -> User:
    """Letters come and tokens speak in another language from now on."""
    now = clock()
    with desk.pool.connection() as conn, conn.transaction():
        resident = locked(conn, user_id)
        said = user.change_language(resident, language)
        if said:
            activity.note(conn, user_id, now, "language-changed")
        return desk.append(conn, resident, said, now) if said else resident


def choose_notices(desk: Desk, user_id: str, wanted: dict[Kind, bool]) -> None:
    """Which kinds of notices come from now on."""
    now = clock()
    with desk.pool.connection() as conn, conn.transaction():
        locked(conn, user_id)
        notice_choices.choose(conn, user_id, wanted)
        activity.note(conn, user_id, now, "notices-changed")


def chosen_notices(desk: Desk, user_id: str) -> dict[Kind, bool]:
    """Every kind of notices, and whether it comes."""
    with desk.pool.connection() as conn:
        return notice_choices.choices(conn, user_id)


def unsubscribe(desk: Desk, token: str) -> Kind:
    """Ends the kind of notices that a letter came under; raises LinkExpired. A closed cabinet gets none anyway."""
    user_id, kind = desk.unsubscriber(token)
    with desk.pool.connection() as conn:
        known = people.by_id(conn, user_id) is not None
    if known:
        choose_notices(desk, user_id, {kind: False})
    return kind


def locked(conn: Connection, user_id: str) -> User:
    """The state of a user who signed in, locked."""
    resident = users.lock(conn, user_id)
    if resident is None or resident.closed:
        raise SessionEnded
    return resident


def linked(desk: Desk, user_id: str) -> list[Shown]:
    """The accounts in the cabinet."""
    with desk.pool.connection() as conn:
        return accounts.shown(conn, user_id)


def add(desk: Desk, user_id: str, request: Request, caller: Caller) -> Linked:
    """Adds an account by its proof. The same key with the same request gets the first answer and costs no try."""
    now = clock()
    request = request._replace(
        number=names.clean_account_number(request.number), nickname=clean_nickname(request.nickname)
    )
    earlier = _claim_key(desk, user_id, request, now)
    if earlier is not None:
        return _answer(earlier)
    try:
        return _proved(desk, user_id, request, caller, now)
    except ProofFailed:
        _settle(desk, user_id, request.key, keys.Answer(ProofFailed.status, {}))
        raise
    except BaseException:
        _release(desk, user_id, request.key)
        raise


def _claim_key(desk: Desk, user_id: str, request: Request, now: datetime) -> keys.Answer | None:
    with desk.pool.connection() as conn, conn.transaction():
        if keys.claim(conn, user_id, request.key, request.digest, now - _IN_FLIGHT):
            return None
        digest, answer = keys.known(conn, user_id, request.key)
    if digest != request.digest:
        raise KeyReused(field="Idempotency-Key")
    if answer is None:
        raise InFlight
    return answer


def _answer(earlier: keys.Answer) -> Linked:
    if earlier.status == ProofFailed.status:
        raise ProofFailed
    body = earlier.body
    return Linked(Shown(**body["account"]), str(body["position"]))


def _settle(desk: Desk, user_id: str, key: str, answer: keys.Answer) -> None:
    with desk.pool.connection() as conn, conn.transaction():
        keys.settle(conn, user_id, key, answer)


def _release(desk: Desk, user_id: str, key: str) -> None:
    with desk.pool.connection() as conn, conn.transaction():
        keys.release(conn, user_id, key)


def _proved(desk: Desk, user_id: str, request: Request, caller: Caller, now: datetime) -> Linked:
    with desk.pool.connection() as conn:
        account = accounts.id_of(conn, request.number)
        if account is not None and accounts.shown(conn, user_id, account):
            raise AlreadyLinked(field="/account")
    claim = proofs.admit(desk, caller, user_id, request.claim, now)
    case = proofs.open_case(desk, request.number, claim, now)
    with desk.pool.connection() as conn, conn.transaction():
        proof = proofs.judge(desk, conn, case)
        resident = locked(conn, user_id)
        fact = linking.linked(desk, conn, resident, case.account, proof, now)
        after = desk.append(conn, resident, user.link(resident, fact), now)
        users.rename(conn, user_id, case.account, request.nickname)
        notices.tell_of_link(desk, conn, user_id, case.account, now)
        made = Linked(accounts.shown(conn, user_id, case.account)[0], after.position)
        body = {"account": made.account._asdict(), "position": made.position}
        keys.settle(conn, user_id, request.key, keys.Answer(201, json.loads(json.dumps(body))))
    return made


def clean_nickname(typed: str | None) -> str | None:
    """A nickname in one line, or none; raises BadNickname."""
    if typed is None:
        return None
    nickname = unicodedata.normalize("NFC", typed).strip()
    if not 0 < len(nickname) <= _LONGEST_NICKNAME or any(unicodedata.category(c)[0] == "C" for c in nickname):
        raise BadNickname(field="/nickname")
    return nickname


def rename(desk: Desk, user_id: str, number: str, nickname: str | None) -> Shown:
    """Another nickname for a linked account, or none; raises AccountNotFound."""
    nickname = clean_nickname(nickname)
    with desk.pool.connection() as conn, conn.transaction():
        account = accounts.id_of(conn, number)
        if account is None or not users.rename(conn, user_id, account, nickname):
            raise AccountNotFound
        return accounts.shown(conn, user_id, account)[0]


def remove(desk: Desk, user_id: str, number: str) -> User:
    """Takes an account out of the cabinet; raises AccountNotFound."""
    now = clock()
    with desk.pool.connection() as conn, conn.transaction():
        account = accounts.id_of(conn, number)
        resident = locked(conn, user_id)
        said = user.unlink(resident, account or number)
        activity.note(conn, user_id, now, "account-unlinked", account)
        return desk.append(conn, resident, said, now)


def history(desk: Desk, user_id: str, before: int, limit: int) -> list[activity.Entry]:
    """What happened in the cabinet, newest first."""
    with desk.pool.connection() as conn:
        return activity.page(conn, user_id, before, limit)
