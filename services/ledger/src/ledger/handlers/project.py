"""A batch of facts becomes rows: a COPY for the common case, one state query where a payment must be split."""

from collections.abc import Sequence

from common.eventstore import enqueue
from common.postgres import Connection
from common.streams import Record
from ledger.config import Config
from ledger.handlers import close, publish, reissue
from ledger.projections import project, resolve
from ledger.store import entries, heard


def apply_facts(conn: Connection, records: Sequence[Record], config: Config, *, says: bool = True) -> None:
    """Applies facts of accounts in order; a close that waited for a parked account comes at its place among them.

    A replay does not say anything: `says` is off.
    """
    for queued in close.due(conn, records):
        early = [r for r in records if r.key == queued.account and r.sequence <= queued.after_version]
        _apply(conn, early, config, says)
        close.close_queued(conn, queued, config, says=says)
        done = {(r.key, r.sequence) for r in early}
        records = [r for r in records if (r.key, r.sequence) not in done]
    _apply(conn, records, config, says)


def _apply(conn: Connection, records: Sequence[Record], config: Config, says: bool) -> None:
    rows = project(records)
    entries.open_accounts(conn, rows.opened)
    entries.give_numbers(conn, rows.numbers)
    entries.add_changes(conn, rows.changes)
    entries.add_readings(conn, rows.readings)
    if rows.sold:
        heard.cut_links(conn, rows.sold)
    needing, undoing = rows.needing_dues(), rows.undoing()
    posted, allocations = resolve(
        rows,
        entries.dues(conn, needing) if needing else {},
        entries.splits(conn, undoing) if undoing else {},
        entries.rules(conn) if needing else [],
    )
    if posted:
        entries.add_entries(conn, posted)
    if allocations and says:
        enqueue(conn, publish.allocations(allocations, heard.utilities(conn), config))
    if rows.reissues:
        reissue.reissue(conn, rows.reissues, config, says=says)
