"""What senders say they sent of a month; every statement is kept, the newest of each service counts."""

from collections.abc import Iterable
from datetime import datetime
from typing import NamedTuple

from common.period import Period
from common.postgres import Connection
from provider_sync.domain.tally import Counted

_ADD = """
INSERT INTO submissions (provider, period, service, count, sum, agrees, key_id) VALUES (%s, %s, %s, %s, %s, %s, %s)
"""
_LATEST = """
SELECT DISTINCT ON (provider, service) provider, service, count, sum, agrees, at FROM submissions
WHERE period = %(period)s AND (%(provider)s::text IS NULL OR provider = %(provider)s)
ORDER BY provider, service, id DESC
"""


class Submission(NamedTuple):
    """The newest statement of a sender about a service's month; `service` is empty for payments, `total` in tiyn.

    `agrees` is how it stood when it was said: facts may have come since.
    """

    provider: str
    service: str
    facts: int
    total: int
    agrees: bool
    at: datetime

    @property
    def counted(self) -> Counted:
        """What is stated."""
        return Counted(self.facts, self.total)


def add(conn: Connection, provider: str, period: Period, key: str, said: Iterable[tuple[str, int, int, bool]]) -> None:
    """Statements about a month: service, count, sum, whether it is so."""
    rows = [(provider, period, service, count, total, agrees, key) for service, count, total, agrees in said]
    conn.cursor().executemany(_ADD, rows)


def latest(conn: Connection, period: Period, provider: str | None = None) -> list[Submission]:
    """The newest statements of a month, of all senders or of one."""
    rows = conn.execute(_LATEST, {"period": period, "provider": provider}).fetchall()
    return [Submission(*row) for row in rows]
