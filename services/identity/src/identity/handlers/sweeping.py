"""What is over goes: unconfirmed registrations, old sessions, sent mail, spent budgets, keys nobody needs."""

from datetime import datetime, timedelta

from common.clock import now as clock
from common.postgres import Connection
from identity.handlers import closing
from identity.handlers.desk import Desk
from identity.handlers.keyring import forget_retired
from identity.handlers.registration import CONFIRM_WITHIN
from identity.store import budgets, codes, idempotency, mail, notices, people, sessions, users

_MAIL_KEPT = timedelta(days=7)
_SESSIONS_KEPT = timedelta(days=30)
_ANSWERS_KEPT = timedelta(days=7)


def sweep(desk: Desk) -> None:
    """One round; every part is short and may be repeated."""
    now = clock()
    with desk.pool.connection() as conn, conn.transaction():
        budgets.sweep(conn, now)
        mail.sweep(conn, now - _MAIL_KEPT)
        sessions.sweep(conn, now - _SESSIONS_KEPT)
        notices.sweep(conn, now)
        codes.sweep(conn, now - _ANSWERS_KEPT)
        idempotency.sweep(conn, now - _ANSWERS_KEPT)
        forget_retired(desk, conn, now)
    with desk.pool.connection() as conn:
        stale = people.unconfirmed_since(conn, now - CONFIRM_WITHIN)
    for user_id in stale:
        with desk.pool.connection() as conn, conn.transaction():
            _close(desk, conn, user_id, now)


def _close(desk: Desk, conn: Connection, user_id: str, now: datetime) -> None:
    """A registration nobody confirmed: its user name is free again, its address is forgotten."""
    resident = users.lock(conn, user_id)
    if resident is None or resident.confirmed or resident.closed:
        return
    closing.end(desk, conn, resident, now)
