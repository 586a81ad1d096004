"""A cabinet ends: its access at once, its personal data with it, everywhere it went."""

from datetime import datetime

from common.clock import now as clock
from common.postgres import Connection
from identity.domain import user
from identity.domain.user import User
from identity.handlers import secrets
from identity.handlers.cabinet import locked, profile
from identity.handlers.desk import Desk
from identity.store import people


def close(desk: Desk, user_id: str, current: str) -> User:
    """Closes the cabinet and erases the person; `user.closed` lets the other services do the same.

    Raises WrongPassword.
    """
    now = clock()
    person = profile(desk, user_id)
    secrets.ask_password(desk, person, current)
    with desk.pool.connection() as conn, conn.transaction():
        resident = locked(conn, user_id)
        after = end(desk, conn, resident, now)
        desk.write(conn, person, "cabinet-closed", now, forget=True)
        return after


def end(desk: Desk, conn: Connection, resident: User, now: datetime) -> User:
    """The fact, and the erasure in its transaction: the events stay, without a person."""
    after = desk.append(conn, resident, user.close(resident), now)
    people.erase(conn, resident.id)
    return after
