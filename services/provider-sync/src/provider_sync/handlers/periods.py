"""Closing a month: an exclusive moment of the calendar, and one barrier in every partition (decision 7)."""

import time
from dataclasses import dataclass
from datetime import datetime
from random import uniform
from uuid import UUID

import msgspec
from psycopg.errors import LockNotAvailable

from common import clock
from common.envelope import full_type, render
from common.eventstore import OutboxRow, enqueue
from common.ids import uuid7
from common.partitions import PARTITIONS
from common.period import Period, day_at, following, period_of
from common.postgres import Connection
from provider_sync import errors
from provider_sync.config import ACCOUNTS_TOPIC, SERVICE
from provider_sync.handlers.base import Base
from provider_sync.store import calendar, keys, uploads

PERIOD_CLOSED = full_type(SERVICE, "period.closed")
_WAIT_MS = 250
_PATIENCE_S = 20.0


@dataclass(frozen=True)
class Closed:
    """A month that was closed."""

    period: Period
    cut_off: datetime


@dataclass(frozen=True)
class Months:
    """How the months stand."""

    closed: list[Closed]
    first_open: Period | None
    appending: list[UUID]


def status(base: Base) -> Months:
    """Closed months with their cut-offs, the first open one, and uploads that would hold up a close."""
    with base.pool.connection() as conn:
        through, first_posted = calendar.months(conn)
        closed = [Closed(period, cut_off) for period, cut_off in calendar.closed(conn)]
        return Months(closed, following(through) if through else first_posted, uploads.appending(conn))


def close(base: Base, period: Period, who: str = "operator", second: str = "second operator", why: str = "") -> Closed:
    """Closes a month; raises why not. Waits in short turns, so that intake never queues behind it for long."""
    deadline = time.monotonic() + _PATIENCE_S
    while True:
        try:
            with base.pool.connection() as conn:
                calendar.lock_exclusively(conn, _WAIT_MS)
                return _closed(conn, base, period, who, second, why)
        except LockNotAvailable as error:
            if time.monotonic() > deadline:
                raise errors.CalendarBusy from error
            time.sleep(uniform(0.05, 0.2))  # noqa: S311  # jitter, no secret


def _closed(conn: Connection, base: Base, period: Period, who: str, second: str, why: str) -> Closed:
    """Under the exclusive lock: nothing is being appended, so every earlier outbox row is already committed."""
    cut_off = clock.now()
    _check(conn, period, cut_off)
    calendar.close(conn, period, cut_off)
    enqueue(conn, [_marker(base.topic(ACCOUNTS_TOPIC), period, partition, cut_off) for partition in range(PARTITIONS)])
    keys.audit(conn, who, "periods.close", period, {"confirmed_by": second, "reason": why})
    return Closed(period, cut_off)


def _check(conn: Connection, period: Period, now: datetime) -> None:
    through, first_posted = calendar.months(conn)
    if through is not None and period <= through:
        raise errors.AlreadyClosed(period=period)
    expected = following(through) if through else min(period, first_posted or period)
    if period != expected:
        raise errors.CloseOutOfOrder(expected=expected)
    if period > period_of(day_at(now)):
        raise errors.CloseTooEarly(period=period)
    appending = uploads.appending(conn)
    if appending:
        raise errors.UploadAppending(uploads=", ".join(map(str, appending)))


def _marker(topic: str, period: Period, partition: int, cut_off: datetime) -> OutboxRow:
    key = f"period/{period}/{partition}"
    at = clock.to_wire(cut_off)
    data = msgspec.json.encode({"period": period, "partition": partition, "cut_off": at}).decode()
    body = render(
        ident=str(uuid7()),
        source=f"/{SERVICE}",
        type=PERIOD_CLOSED,
        key=key,
        time=at,
        recorded=at,
        data=data,
        sequence=None,
    )
    return OutboxRow(topic, partition, key, PERIOD_CLOSED, body.decode(), barrier=True)
