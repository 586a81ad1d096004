"""An issued statement shown anew: the money of the version before, names and base data as they are known now."""

from collections.abc import Sequence

from common import logs
from common.eventstore import enqueue
from common.postgres import Connection
from ledger.config import Config
from ledger.domain.statement import reissued
from ledger.events.said import StatementIssued
from ledger.handlers import publish
from ledger.projections import BadFact, Reissue
from ledger.store import months

log = logs.get("reissue")


def reissue(conn: Connection, asked: Sequence[Reissue], config: Config, *, says: bool = True) -> None:
    """Issues the versions that are asked for; what was never issued, or has this version already, is passed over.

    Raises BadFact when the money of the version before cannot be repeated to the tiyn.
    """
    directory = months.directory(conn, config.currency)
    for one in asked:
        before = months.newest(conn, one.account, one.asked.period)
        if before is None or one.asked.version <= before.version:
            log.warning("nothing to reissue", period=one.asked.period, version=one.asked.version)
            continue
        month = months.closed_month(conn, one.account, one.asked.period, one.sequence, before.cut_off)
        statement = reissued(month, directory, before, one.asked, one.recorded_at)
        if statement.totals != before.totals or _closings(statement) != _closings(before):
            raise BadFact(f"{one.asked.period} cannot be repeated: its money differs from version {before.version}")
        months.issue_again(conn, statement, one.recorded_at)
        if says:
            enqueue(conn, publish.statements([statement], config))


def _closings(statement: StatementIssued) -> dict[str, tuple[int, ...]]:
    return {
        row.service: (row.opening, row.charged, row.adjusted, row.benefit, row.penalty, row.paid, row.closing)
        for row in statement.rows
    }
