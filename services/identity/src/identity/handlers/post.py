"""Sending what was queued: leased, sent, marked; again and later when the mail server does not take it."""

from collections.abc import Callable
from datetime import datetime, timedelta
from email.message import EmailMessage

from common import logs
from common.clock import now as clock
from identity.gateways.smtp import NotNow, Unsendable
from identity.handlers.desk import Desk
from identity.render import message
from identity.store import mail
from identity.store.mail import Queued

log = logs.get("mail")

BATCH = 20
_FIRST_WAIT, _LONGEST_WAIT = timedelta(seconds=5), timedelta(minutes=30)
_LAST_ATTEMPT = 60


def send_due(desk: Desk, send: Callable[[EmailMessage], None]) -> int:
    """Sends one batch of what is due; returns how many were taken."""
    now = clock()
    lease = timedelta(seconds=desk.config.mail_lease_s)
    with desk.pool.connection() as conn, conn.transaction():
        taken = mail.take(conn, now, now + lease, BATCH)
    for queued in taken:
        # Only what begins in the first half of its lease is surely done within it; the rest comes due again by itself.
        if clock() - now < lease / 2:
            _send(desk, send, queued)
    return len(taken)


def _send(desk: Desk, send: Callable[[EmailMessage], None], queued: Queued) -> None:
    """A process that dies after the server took the mail sends it again, under the same Message-ID."""
    made = message(desk.read(queued.sealed), str(queued.id), desk.config.mail_from, queued.recipient)
    try:
        send(made)
    except Unsendable as error:
        _give_up(desk, queued, str(error))
    except NotNow as error:
        _put_off(desk, queued, str(error), clock())
    else:
        with desk.pool.connection() as conn, conn.transaction():
            mail.sent(conn, queued.id, clock())


def _give_up(desk: Desk, queued: Queued, problem: str) -> None:
    log.error("mail given up", mail=str(queued.id), problem=problem)
    with desk.pool.connection() as conn, conn.transaction():
        mail.give_up(conn, queued.id, clock(), problem)


def _put_off(desk: Desk, queued: Queued, problem: str, now: datetime) -> None:
    if queued.attempts >= _LAST_ATTEMPT:
        _give_up(desk, queued, problem)
        return
    log.warning("mail put off", mail=str(queued.id), attempts=queued.attempts, problem=problem)
    wait = min(_FIRST_WAIT * 2 ** min(queued.attempts - 1, 10), _LONGEST_WAIT)
    with desk.pool.connection() as conn, conn.transaction():
        mail.put_off(conn, queued.id, now + wait, problem)
