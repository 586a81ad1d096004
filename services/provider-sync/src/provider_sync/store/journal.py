"""The journal as intake writes it: counts and digests of what one transaction appended, in one statement."""

from collections.abc import Mapping

from common.postgres import Connection
from provider_sync.domain.journal import Entry
from provider_sync.domain.tally import Counted, Place

_NOTE = """
WITH tallied AS (
    INSERT INTO tallies (batch, recorded_at, provider, kind, service, period, count, sum)
    SELECT %(batch)s, %(recorded_at)s::timestamptz, p.no, t.kind, t.service, t.period, t.count, t.sum
    FROM unnest(%(owners)s::text[], %(kinds)s::text[], %(services)s::text[], %(periods)s::text[], %(counts)s::bigint[],
        %(sums)s::bigint[]) AS t(owner, kind, service, period, count, sum)
    JOIN providers AS p ON p.id = t.owner)
INSERT INTO journal (batch, recorded_at, provider, events, digest)
SELECT %(batch)s, %(recorded_at)s::timestamptz, p.no, e.events, e.digest
FROM unnest(%(senders)s::text[], %(events)s::int[], %(digests)s::bytea[]) AS e(sender, events, digest)
JOIN providers AS p ON p.id = e.sender
"""


def note(
    conn: Connection, batch: str, recorded_at: str, counts: Mapping[Place, Counted], entries: Mapping[str, Entry]
) -> None:
    """What a transaction appended: counts by place, digests by sender. Two transactions of a batch have two times."""
    values = {
        "batch": batch,
        "recorded_at": recorded_at,
        "owners": [place.provider for place in counts],
        "kinds": [place.kind for place in counts],
        "services": [place.service for place in counts],
        "periods": [place.period for place in counts],
        "counts": [counted.facts for counted in counts.values()],
        "sums": [counted.total for counted in counts.values()],
        "senders": list(entries),
        "events": [entry.events for entry in entries.values()],
        "digests": [entry.digest for entry in entries.values()],
    }
    conn.execute(_NOTE, values)
