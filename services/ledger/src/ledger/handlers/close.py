"""Closing a month at its barrier: resumable chunks, each in the consumer's transaction under the offset lock."""

from collections.abc import Sequence

import msgspec

from common.clock import from_wire
from common.eventstore import enqueue
from common.period import day_at
from common.postgres import Connection
from common.streams import Record
from ledger.config import Config
from ledger.domain.entry import MADE_BY_CLOSE
from ledger.domain.split import rule_for
from ledger.domain.statement import Closed, close_through, due_after
from ledger.events import said
from ledger.events.heard import PeriodClosed
from ledger.handlers import publish
from ledger.projections import Allocation
from ledger.store import entries, heard, months
from ledger.store.months import QueuedClose

CENTRE = "settlement-centre"


def close_chunk(conn: Connection, record: Record, config: Config, *, says: bool = True) -> bool:
    """Closes the next accounts of a partition; True with the last chunk, and for a barrier that was done before."""
    barrier = msgspec.json.decode(record.envelope.data, type=PeriodClosed)
    cursor, done = months.begin(conn, barrier.period, record.partition, barrier.cut_off)
    if done:
        return True
    chunk = months.next_accounts(conn, record.topic, record.partition, cursor, barrier.period, config.close_chunk)
    if not chunk:
        months.finish(conn, barrier.period, record.partition)
        return True
    parked = [account.account for account in chunk if account.parked]
    months.queue(conn, record.topic, barrier.period, barrier.cut_off, parked)
    _close(
        conn,
        record.topic,
        [account.account for account in chunk if not account.parked],
        barrier.period,
        barrier.cut_off,
        config,
        says,
    )
    months.advance_cursor(conn, barrier.period, record.partition, chunk[-1].account)
    return False


def due(conn: Connection, records: Sequence[Record]) -> list[QueuedClose]:
    """The closes that waited and can be done now: what was parked before them is applied or stands in this batch."""
    waiting = months.queued(conn)
    if not waiting:
        return []
    last = {record.key: record.sequence for record in records}
    return [q for q in waiting if max(last.get(q.account, 0), q.version) >= q.after_version]


def close_queued(conn: Connection, queued: QueuedClose, config: Config, *, says: bool) -> None:
    """Closes the month of one account that was parked at the barrier."""
    _close(conn, queued.topic, [queued.account], queued.period, queued.cut_off, config, says)
    months.unqueue(conn, queued)


def _close(
    conn: Connection, topic: str, accounts: Sequence[str], period: str, cut_off: str, config: Config, says: bool
) -> None:
    directory, rules = months.directory(conn, config.currency), entries.rules(conn)
    loaded = months.open_accounts(conn, topic, accounts, period)
    closed = [c for account in loaded for c in close_through(account, period, cut_off, directory, rules)]
    entries.add_entries(conn, [entry for one in closed for entry in one.advance])
    issued = [said.sealed(one.statement) for one in closed]
    openings = {(one.statement.account, one.statement.period): one.openings for one in closed}
    due = [due_after(month, left, rules) for (_, month), left in openings.items()]
    months.issue(conn, zip(issued, due, strict=True))
    months.bring_on(conn, openings)
    # Months of an account are closed in order: the last one's due stays.
    totals = {statement.account: one_due.total for statement, one_due in zip(issued, due, strict=True)}
    months.close_accounts(conn, period, totals)
    if says:
        moved = [_moved(one, rule_for(rules, one.statement.period).version) for one in closed if one.advance]
        enqueue(conn, publish.statements(issued, config))
        enqueue(conn, publish.allocations(moved, heard.utilities(conn), config))


def _moved(closed: Closed, rule: int) -> Allocation:
    """The applied advance as an allocation, named after the close that made it."""
    first, day = closed.advance[0], day_at(from_wire(closed.statement.cut_off)).isoformat()
    shares = {entry.service: entry.amount for entry in closed.advance}
    return Allocation(first.account, CENTRE, first.reference, shares, rule, day, MADE_BY_CLOSE)
