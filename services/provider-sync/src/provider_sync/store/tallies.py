"""Counts of what was appended, summed when somebody asks; store/journal.py writes them batch by batch."""

from typing import NamedTuple

from common.period import Period
from common.postgres import Connection
from provider_sync.domain.tally import Counted

_OF_MONTH = """
SELECT t.kind, t.service, sum(t.count)::bigint, sum(t.sum)::bigint
FROM tallies AS t JOIN providers AS p ON p.no = t.provider
WHERE p.id = %s AND t.period = %s GROUP BY t.kind, t.service
"""
# Queued payments are few: they are counted as they wait, not as they come and go.
_UNMATCHED = """
SELECT q.returned_at IS NOT NULL, count(*), coalesce(sum((q.content::json ->> 'amount')::bigint), 0)::bigint
FROM unmatched AS q JOIN providers AS p ON p.no = q.provider
WHERE p.id = %s AND q.matched_at IS NULL AND q.content::json ->> 'kind' = 'payment.received'
    AND NOT EXISTS (SELECT FROM undone AS u WHERE u.provider = q.provider AND u.reference = q.reference)
    AND to_char((q.content::json ->> 'paid_at')::timestamptz AT TIME ZONE 'Asia/Almaty', 'YYYY-MM') = %s
GROUP BY 1
"""


class Kind(NamedTuple):
    """A kind of fact for a service; `service` is empty for payments."""

    kind: str
    service: str


def of_month(conn: Connection, provider: str, period: Period) -> dict[Kind, Counted]:
    """What a sender said of a month."""
    rows = conn.execute(_OF_MONTH, (provider, period)).fetchall()
    return {Kind(kind, service): Counted(count, total) for kind, service, count, total in rows}


def unmatched(conn: Connection, provider: str, period: Period) -> tuple[Counted, Counted]:
    """The sender's payments of a month that wait for their account, and those given back; not what it took back."""
    rows = conn.execute(_UNMATCHED, (provider, period)).fetchall()
    found = {returned: Counted(count, total) for returned, count, total in rows}
    return found.get(False, Counted(0, 0)), found.get(True, Counted(0, 0))
