"""Letters that wait, and how hard somebody tries to guess, for the metrics."""

from collections.abc import Mapping, Sequence

from common import clock
from common.backlog import MOST, Measure, waiting
from common.postgres import Connection
from common.telemetry import BREAKER_OPEN, BUDGETS_SPENT, PROOFS_DAY
from identity.store.budgets import WINDOW

_PROOFS = "SELECT coalesce(sum(succeeded), 0), coalesce(sum(spent - succeeded), 0) FROM city_proofs WHERE minute > %s"
_SPENT = f"""
SELECT count(*) FROM (
    SELECT FROM budgets WHERE kind = %s AND (SELECT count(*) FROM unnest(spent_at) AS t WHERE t > %s) >= %s LIMIT {MOST}
) AS found
"""


def measures(limits: Mapping[str, int], failures_most: int) -> Sequence[Measure]:
    """What identity counts; `limits` are tries a day by kind of budget, `failures_most` opens the breaker."""
    mail = waiting("mail", "SELECT FROM mail WHERE sent_at IS NULL AND given_up_at IS NULL")
    return mail, lambda conn: _proofs(conn, failures_most), lambda conn: _budgets(conn, limits)


def _proofs(conn: Connection, failures_most: int) -> None:
    good, failed = conn.execute(_PROOFS, (clock.now() - WINDOW,)).fetchone() or (0, 0)
    PROOFS_DAY.labels("good").set(good)
    PROOFS_DAY.labels("failed").set(failed)
    BREAKER_OPEN.set(int(failed >= failures_most))


def _budgets(conn: Connection, limits: Mapping[str, int]) -> None:
    since = clock.now() - WINDOW
    for kind, limit in limits.items():
        row = conn.execute(_SPENT, (kind, since, limit)).fetchone()
        BUDGETS_SPENT.labels(kind).set(row[0] if row else 0)
