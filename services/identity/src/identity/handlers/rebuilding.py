"""The tables that queries read, compared with the fold of the events, and made anew from it."""

from collections.abc import Iterator
from typing import NamedTuple

from common.postgres import Connection
from identity.handlers.desk import Desk
from identity.store import reading

CHUNK = 500


class Compared(NamedTuple):
    """How many users were looked at, and the ids of those whose rows differed from their fold."""

    users: int
    different: list[str]


def verify(desk: Desk) -> Compared:
    """Changes nothing; each user is compared under the lock of the stream, so that a running service does no harm."""
    return _each(desk, mend=False)


def rebuild(desk: Desk) -> Compared:
    """Writes what differs. Nicknames are personal data, stand in no event, and stay as they are."""
    return _each(desk, mend=True)


def _each(desk: Desk, *, mend: bool) -> Compared:
    count, different = 0, []
    for chunk in _chunks(desk):
        for user_id in chunk:
            count += 1
            with desk.pool.connection() as conn, conn.transaction():
                if not _compared(conn, user_id, mend=mend):
                    different.append(user_id)
    return Compared(count, different)


def _chunks(desk: Desk) -> Iterator[list[str]]:
    """All streams, in the order of their ids; also one whose row of users is gone."""
    after = ""
    while True:
        with desk.pool.connection() as conn:
            found = reading.stream_ids(conn, after, CHUNK)
        if not found:
            return
        yield found
        after = found[-1]


def mend(conn: Connection, user_id: str) -> None:
    """Writes what differs of one user."""
    _compared(conn, user_id, mend=True)


def _compared(conn: Connection, user_id: str, *, mend: bool) -> bool:
    """Whether the rows were the fold."""
    reading.hold(conn, user_id)
    shown = reading.shown(conn, user_id)
    wanted = reading.completed(reading.folded(conn, user_id), shown)
    if wanted != shown and mend:
        reading.write(conn, wanted)
    return wanted == shown
