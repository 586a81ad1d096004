"""Accounts that stand still are said to: account.parked and account.resumed, each once."""

import msgspec

from common import logs
from common.clock import to_wire
from common.eventstore import enqueue
from common.postgres import Connection
from ledger.config import Config
from ledger.events import said
from ledger.events.heard import ACCOUNTS, Culprit
from ledger.handlers import publish
from ledger.store import parked

log = logs.get("parked")


def announce(conn: Connection, config: Config) -> None:
    """Says which accounts were parked or go on since it was looked last; within the caller's transaction.

    It looks at what is, not at how it came: so nothing is forgotten whoever parked an account or let it go on.
    """
    if not parked.alone(conn):
        return
    topic = config.topic(ACCOUNTS)
    over = [_resumed(one) for one in parked.resumed(conn, topic)]
    new = [_parked(cause) for cause in parked.newly_parked(conn, topic)]
    for one in new:
        log.error("account parked", reason=one.reason, position=one.position, since=one.since)
    if over or new:
        enqueue(conn, [*publish.resumed(over, config), *publish.parked(new, config)])


def _parked(cause: parked.Cause) -> said.AccountParked:
    culprit = culprit_of(cause.record) if cause.record is not None else None
    fact = None
    if culprit is not None:
        data = culprit.data
        fact = said.ParkedFact(culprit.sequence or 0, culprit.type or cause.type, data.provider, data.reference)
    return said.AccountParked(cause.account, to_wire(cause.since), cause.reason, cause.position, fact)


def _resumed(over: parked.Over) -> said.AccountResumed:
    culprits = [culprit_of(value) for value in over.dismissed]
    dismissed = [found.sequence for found in culprits if found.sequence]
    return said.AccountResumed(over.account, to_wire(over.since), over.position, dismissed)


def culprit_of(record: bytes) -> Culprit:
    """What can be read of a record that may be anything."""
    try:
        return msgspec.json.decode(record, type=Culprit)
    except (msgspec.MsgspecError, ValueError):
        return Culprit()
