"""Letters to people other than the one who acts."""

from datetime import datetime

from common.postgres import Connection
from identity.handlers.desk import Desk
from identity.store import accounts, activity, people, users


def tell_of_link(desk: Desk, conn: Connection, user_id: str, account: str, now: datetime) -> None:
    """Notes a new link and writes to everybody who had the account in a cabinet before."""
    activity.note(conn, user_id, now, "account-linked", account)
    for holder in users.holders(conn, account, but=user_id):
        person = people.by_id(conn, holder)
        if person is not None:
            number = shown_number(conn, holder, account)
            values = {"user_name": person.user_name, "number": number}
            desk.write(conn, person.email, "account-linked", person.language, now, **values)


def tell_of_revocation(desk: Desk, conn: Connection, user_id: str, account: str, now: datetime) -> None:
    """Notes that access ended and writes to the one who had it; call while the link still stands."""
    activity.note(conn, user_id, now, "access-revoked", account)
    person = people.by_id(conn, user_id)
    if person is not None:
        values = {"user_name": person.user_name, "number": shown_number(conn, user_id, account)}
        desk.write(conn, person.email, "access-revoked", person.language, now, **values)


def shown_number(conn: Connection, user_id: str, account: str) -> str:
    """The newest number of a linked account."""
    shown = accounts.shown(conn, user_id, account)
    return shown[0].number if shown else account
