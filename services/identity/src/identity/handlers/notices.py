"""Letters to people other than the one who acts, and their answers."""

from datetime import datetime, timedelta

from common.clock import now as clock
from common.postgres import Connection
from identity.domain import user
from identity.errors import LinkExpired
from identity.events import RevokedWhy
from identity.handlers.desk import Desk
from identity.store import accounts, activity, notices, people, users
from identity.store.notices import Answer, Notice
from identity.store.users import Holder

ANSWER_WITHIN = timedelta(days=30)


def tell_of_link(desk: Desk, conn: Connection, user_id: str, account: str, now: datetime) -> None:
    """Notes a new link and writes to everybody who had the account in a cabinet before."""
    activity.note(conn, user_id, now, "account-linked", account)
    for holder in users.holders(conn, account, user_id, now):
        activity.note(conn, holder.user_id, now, "linked-elsewhere", account)
        _ask(desk, conn, holder, Notice(holder.user_id, user_id, account, now, None))


def _ask(desk: Desk, conn: Connection, holder: Holder, notice: Notice) -> None:
    person = people.by_id(conn, holder.user_id)
    if person is None:
        return
    link = ""
    # Who is on probation too is told but has no say: else two strangers would vouch for each other.
    if not holder.on_probation:
        token = notices.ask(conn, notice, notice.linked_at + ANSWER_WITHIN)
        link = desk.link("link-notice", person.language, token=token)
    number = shown_number(conn, holder.user_id, notice.account)
    desk.write(conn, person, "account-linked", notice.linked_at, number=number, link=link)


def question(desk: Desk, token: str) -> tuple[Notice, str]:
    """What a present holder is asked, and the number of the account; raises LinkExpired."""
    with desk.pool.connection() as conn:
        notice = _found(conn, token, clock())
        return notice, shown_number(conn, notice.holder, notice.account)


def answer(desk: Desk, token: str, given: Answer) -> tuple[Notice, str]:
    """ "I know them" shows name and address to the newcomer; "not me" freezes new links until an operator has looked.

    "Not me" stays, whatever is said after it. Raises LinkExpired.
    """
    now = clock()
    with desk.pool.connection() as conn, conn.transaction():
        notice = _found(conn, token, now)
        accounts.hold(conn, notice.account)
        notice = _found(conn, token, now)  # again, under the lock: two answers at once are one after the other
        if notice.answer != "not-me":
            notices.answer(conn, token, given, now)
            (_know if given == "known" else _deny)(desk, conn, notice, now)
            notice = notice._replace(answer=given)
        return notice, shown_number(conn, notice.holder, notice.account)


def _found(conn: Connection, token: str, now: datetime) -> Notice:
    notice = notices.find(conn, token, now)
    if notice is None:
        raise LinkExpired
    return notice


def _know(desk: Desk, conn: Connection, notice: Notice, now: datetime) -> None:
    newcomer = users.lock(conn, notice.newcomer)
    said = user.unmask(newcomer, notice.account) if newcomer else []
    if newcomer and said:
        desk.append(conn, newcomer, said, now)
        activity.note(conn, newcomer.id, now, "account-unmasked", notice.account)


def _deny(desk: Desk, conn: Connection, notice: Notice, now: datetime) -> None:
    if accounts.freeze(conn, notice.account, now):
        activity.note(conn, notice.holder, now, "account-frozen", notice.account)


def tell_of_revocation(
    desk: Desk, conn: Connection, user_id: str, account: str, why: RevokedWhy, now: datetime, act: int | None = None
) -> None:
    """Notes that access ended and writes to the one who had it; call while the link still stands."""
    activity.note(conn, user_id, now, "access-revoked", account, act)
    person = people.by_id(conn, user_id)
    if person is not None:
        number = shown_number(conn, user_id, account)
        desk.write(conn, person, "access-revoked", now, number=number, why=why)


def shown_number(conn: Connection, user_id: str, account: str) -> str:
    """The newest number of a linked account."""
    shown = accounts.shown(conn, user_id, account)
    return shown[0].number if shown else account
