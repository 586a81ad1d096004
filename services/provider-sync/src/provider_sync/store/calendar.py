"""The calendar: intake holds its lock shared, a close exclusively; both until the end of their transaction."""

from datetime import datetime
from typing import NamedTuple

from common.period import Period
from common.postgres import Connection

_LOCK = 7_206_001

_SHARED = "SELECT pg_advisory_xact_lock_shared(%s)"
_EXCLUSIVE = "SELECT pg_advisory_xact_lock(%s)"
_CALENDAR = "SELECT closed_through, (SELECT min(period) FROM posted_from) FROM calendar"
_FIRST_POSTED = """
INSERT INTO posted_from SELECT %(period)s WHERE NOT EXISTS (SELECT FROM posted_from WHERE period <= %(period)s)
"""
_CLOSE = "UPDATE calendar SET closed_through = %s"
_REMEMBER = """
INSERT INTO closed_periods (period, cut_off, asked_by, confirmed_by, reason) VALUES (%s, %s, %s, %s, %s)
"""
_CLOSED = "SELECT period, cut_off, asked_by, confirmed_by, reason FROM closed_periods ORDER BY period"


def lock_shared(conn: Connection) -> Period | None:
    """Keeps months from closing until the transaction ends; returns the last closed month."""
    conn.execute(_SHARED, (_LOCK,))
    return months(conn)[0]


def wait_briefly(conn: Connection, wait_ms: int) -> None:
    """No lock of this transaction is waited for any longer; raises nothing by itself."""
    conn.execute(f"SET LOCAL lock_timeout = {int(wait_ms)}")


def lock_exclusively(conn: Connection, wait_ms: int) -> None:
    """Raises LockNotAvailable after `wait_ms`: what queues behind this request must not wait longer."""
    wait_briefly(conn, wait_ms)
    conn.execute(_EXCLUSIVE, (_LOCK,))


def months(conn: Connection) -> tuple[Period | None, Period | None]:
    """The last closed month, and the earliest one in which anything was posted."""
    row = conn.execute(_CALENDAR).fetchone()
    return (row[0], row[1]) if row else (None, None)


def note_first_posted(conn: Connection, period: str) -> None:
    """Remembers the earliest month with facts; almost always changes nothing."""
    conn.execute(_FIRST_POSTED, {"period": period})


def close(conn: Connection, period: Period, cut_off: datetime, asked_by: str, confirmed_by: str, reason: str) -> None:
    """Marks the month closed."""
    conn.execute(_CLOSE, (period,))
    conn.execute(_REMEMBER, (period, cut_off, asked_by, confirmed_by, reason))


class Closed(NamedTuple):
    """A month that was closed, by whom, and in spite of what."""

    period: Period
    cut_off: datetime
    asked_by: str | None = None
    confirmed_by: str | None = None
    reason: str | None = None


def closed(conn: Connection) -> list[Closed]:
    """All closed months with their cut-offs."""
    return [Closed(*row) for row in conn.execute(_CLOSED).fetchall()]
