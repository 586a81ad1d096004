"""Closing a month: an exclusive moment of the calendar, and one barrier in every partition (decision 7).

It takes two operators: one asks, another confirms. It is refused while facts are held or a submission is missing,
unless one of them says why it is closed all the same.
"""

import time
from collections.abc import Sequence
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
from common.period import Period, day_at, following, period_of, preceding
from common.postgres import Connection
from provider_sync import errors
from provider_sync.config import ACCOUNTS_TOPIC, SERVICE
from provider_sync.handlers.base import Act, Base
from provider_sync.store import calendar, held, keys, months, submissions, uploads
from provider_sync.store.calendar import Closed
from provider_sync.store.months import Asked

PERIOD_CLOSED = full_type(SERVICE, "period.closed")
_WAIT_MS = 250
_PATIENCE_S = 20.0


@dataclass(frozen=True)
class Months:
    """How the months stand."""

    closed: list[Closed]
    first_open: Period | None
    appending: list[UUID]


def status(base: Base) -> Months:
    """Closed months with their cut-offs, the first open one, and uploads that would hold up a close."""
    with base.pool.connection() as conn:
        return Months(calendar.closed(conn), first_open(conn), uploads.appending(conn))


def first_open(conn: Connection) -> Period | None:
    """The month that closes next; None while nothing was ever posted."""
    through, first_posted = calendar.months(conn)
    return following(through) if through else first_posted


def close(base: Base, period: Period, by: Act) -> Closed | Asked:
    """Asks for the close of a month; closes it when another operator asked before. Raises why not.

    The reason of either says why facts that are held or submissions that are missing do not matter. Waits in short
    turns, so that intake never queues behind it for long.
    """
    deadline = time.monotonic() + _PATIENCE_S
    while True:
        try:
            with base.pool.connection() as conn:
                calendar.lock_exclusively(conn, _WAIT_MS)
                return _asked_or_closed(conn, base, period, by)
        except LockNotAvailable as error:
            if time.monotonic() > deadline:
                raise errors.CalendarBusy from error
            time.sleep(uniform(0.05, 0.2))  # noqa: S311  # jitter, no secret


def take_back(base: Base, period: Period, by: Act) -> None:
    """Takes a request to close back; raises NotFound."""
    with base.pool.connection() as conn:
        if not months.take_back(conn, period):
            raise errors.NotFound
        keys.audit(conn, by.who, "periods.take-back", period, {}, by.why)


def _asked_or_closed(conn: Connection, base: Base, period: Period, by: Act) -> Closed | Asked:
    """Under the exclusive lock: nothing is being appended, so every earlier outbox row is already committed."""
    now = clock.now()
    _check(conn, period, now)
    before = next(iter(months.asked(conn, period)), None)
    first = Asked(period, by.who, now, by.why) if before is None or before.asked_by == by.who else before
    reason = by.why or first.reason
    _check_whole(conn, period, reason)
    if first.asked_by == by.who:
        months.ask(conn, first)
        keys.audit(conn, by.who, "periods.ask", period, {}, by.why)
        return first
    return _closed(conn, base, first, by, reason, now)


def _closed(conn: Connection, base: Base, asked: Asked, by: Act, reason: str, cut_off: datetime) -> Closed:
    period = asked.period
    calendar.close(conn, period, cut_off, asked.asked_by, by.who, reason)
    months.take_back(conn, period)
    say_closed(conn, base, period, cut_off)
    keys.audit(conn, by.who, "periods.close", period, {"asked_by": asked.asked_by}, reason)
    return Closed(period, cut_off, asked.asked_by, by.who, reason)


def say_closed(conn: Connection, base: Base, period: Period, cut_off: datetime) -> None:
    """One marker into each partition; readers know a second one by its month and partition."""
    enqueue(conn, [_marker(base.topic(ACCOUNTS_TOPIC), period, partition, cut_off) for partition in range(PARTITIONS)])


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


def _check_whole(conn: Connection, period: Period, reason: str) -> None:
    """Raises FactsHeld, SubmissionsMissing; a reason lets both pass, and is kept."""
    if reason.strip():
        return
    waiting = held.waiting(conn)
    if waiting:
        raise errors.FactsHeld(count=waiting)
    missing = missing_submissions(conn, period)
    if missing:
        raise errors.SubmissionsMissing(period=period, missing=", ".join(f"{p} ({s})" for p, s in missing[:20]))


def missing_submissions(conn: Connection, period: Period) -> Sequence[tuple[str, str]]:
    """Providers and services with charges in the month or the one before, of which nobody said that this was all."""
    stated = {(s.provider, s.service) for s in submissions.latest(conn, period) if s.agrees}
    return [pair for pair in months.expected(conn, [period, preceding(period)]) if pair not in stated]


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
