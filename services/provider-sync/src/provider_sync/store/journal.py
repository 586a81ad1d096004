"""The journal as intake writes it: counts and digests of what one transaction appended, in one statement."""

from collections.abc import Sequence

from common.postgres import Connection
from provider_sync.domain.journal import Entry
from provider_sync.domain.tally import Counted, Place

_NOTE = """
WITH tallied AS (
    INSERT INTO tallies (batch, recorded_at, provider, kind, service, period, count, sum)
    SELECT t.batch, %(recorded_at)s::timestamptz, p.no, t.kind, t.service, t.period, t.count, t.sum
    FROM unnest(%(counted)s::text[], %(owners)s::text[], %(kinds)s::text[], %(services)s::text[], %(periods)s::text[],
        %(counts)s::bigint[], %(sums)s::bigint[]) AS t(batch, owner, kind, service, period, count, sum)
    JOIN providers AS p ON p.id = t.owner)
INSERT INTO journal (batch, recorded_at, provider, events, digest)
SELECT e.batch, %(recorded_at)s::timestamptz, p.no, e.events, e.digest
FROM unnest(%(batches)s::text[], %(senders)s::text[], %(events)s::int[], %(digests)s::bytea[])
    AS e(batch, sender, events, digest)
JOIN providers AS p ON p.id = e.sender
"""


def note(
    conn: Connection,
    recorded_at: str,
    counts: Sequence[tuple[str, Place, Counted]],
    entries: Sequence[tuple[str, str, Entry]],
) -> None:
    """What a transaction appended: counts by batch and place, digests by batch and sender.

    Two transactions of a batch have two times.
    """
    values = {
        "recorded_at": recorded_at,
        "counted": [batch for batch, _, _ in counts],
        "owners": [place.provider for _, place, _ in counts],
        "kinds": [place.kind for _, place, _ in counts],
        "services": [place.service for _, place, _ in counts],
        "periods": [place.period for _, place, _ in counts],
        "counts": [counted.facts for _, _, counted in counts],
        "sums": [counted.total for _, _, counted in counts],
        "batches": [batch for batch, _, _ in entries],
        "senders": [sender for _, sender, _ in entries],
        "events": [entry.events for _, _, entry in entries],
        "digests": [entry.digest for _, _, entry in entries],
    }
    conn.execute(_NOTE, values)
