"""The event store held against the journal and the acknowledgements, window by window, set by set."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

from common.postgres import Connection
from provider_sync.config import SERVICE

_TICK = timedelta(microseconds=1)
_SPAN = """
SELECT recorded_at, sum(events)::bigint FROM journal WHERE recorded_at >= %s GROUP BY recorded_at
ORDER BY recorded_at LIMIT 20000
"""
_SINCE = "SELECT min(recorded_at), coalesce(sum(events), 0)::bigint FROM journal WHERE recorded_at >= %s"
# The leaves are those of domain/journal.py, byte for byte.
_DIFFERENT = f"""
WITH found AS (
    SELECT batch, recorded_at, source, count(*) AS events, sha256(string_agg(leaf, ''::bytea ORDER BY leaf)) AS digest
    FROM (
        SELECT correlation_id AS batch, recorded_at, source, sha256(convert_to(concat_ws(E'\\t', stream_id, version, id,
            type, (extract(epoch FROM occurred_at) * 1000000)::bigint, data), 'UTF8')) AS leaf
        FROM events WHERE recorded_at >= %(start)s AND recorded_at <= %(end)s) AS leaves
    GROUP BY batch, recorded_at, source
), said AS (
    SELECT j.batch, j.recorded_at, '/{SERVICE}/' || p.id AS source, j.events, j.digest, j.seal
    FROM journal AS j JOIN providers AS p ON p.no = j.provider
    WHERE j.recorded_at >= %(start)s AND j.recorded_at <= %(end)s
)
SELECT batch, recorded_at, source, said.events, found.events, said.seal
FROM said FULL JOIN found USING (batch, recorded_at, source)
WHERE said.digest IS DISTINCT FROM found.digest ORDER BY recorded_at
"""
_STREAMS = """
SELECT n.number, n.version, count(e.version), coalesce(max(e.version), 0)
FROM (SELECT number, version FROM numbers WHERE NOT alias AND number > %(after)s ORDER BY number LIMIT %(limit)s) AS n
LEFT JOIN events AS e ON e.stream_id = n.number COLLATE "default" GROUP BY n.number, n.version ORDER BY n.number
"""
_SEALED = """
SELECT batch, recorded_at, events, encode(digest, 'hex') FROM journal
WHERE provider = (SELECT no FROM providers WHERE id = %s) AND seal = %s
"""
_ACCOUNTS = "SELECT count(*) FROM numbers WHERE NOT alias"
_SENDERS = "SELECT p.id FROM providers AS p WHERE EXISTS (SELECT FROM seals AS s WHERE s.provider = p.no) ORDER BY 1"


class Difference(NamedTuple):
    """An entry of the journal and the events that stand under it; None where there is none."""

    batch: str
    recorded_at: datetime
    source: str
    said: int | None
    found: int | None
    seal: int | None


def since(conn: Connection, at: datetime) -> tuple[datetime | None, int]:
    """The first entry from an instant on, and how many events there are from it on."""
    row = conn.execute(_SINCE, (at,)).fetchone()
    return (row[0], row[1]) if row else (None, 0)


def windows(conn: Connection, start: datetime, events: int) -> Iterator[tuple[datetime, datetime, int]]:
    """Spans of time from `start` on with about so many events each; the last one reaches beyond all entries."""
    while True:
        rows = conn.execute(_SPAN, (start,)).fetchall()
        counted = 0
        for index, (at, number) in enumerate(rows):
            counted += number
            if counted >= events or index == len(rows) - 1:
                yield start, at, counted
                start, counted = at + _TICK, 0
        if len(rows) < 20000:
            break
    yield start, datetime.max.replace(tzinfo=UTC), 0


def different(conn: Connection, start: datetime, end: datetime) -> list[Difference]:
    """Entries whose events are not what was appended, and events that no entry knows; both ends included."""
    return [Difference(*row) for row in conn.execute(_DIFFERENT.encode(), {"start": start, "end": end}).fetchall()]


def accounts(conn: Connection) -> int:
    """How many streams there are."""
    row = conn.execute(_ACCOUNTS).fetchone()
    return int(row[0]) if row else 0


def streams(conn: Connection, after: str, limit: int) -> list[tuple[str, int, int, int]]:
    """Streams behind a number: head, how many events there are, and the highest of them."""
    return conn.execute(_STREAMS, {"after": after, "limit": limit}).fetchall()


def senders(conn: Connection) -> list[str]:
    """Senders with acknowledgements."""
    return [row[0] for row in conn.execute(_SENDERS).fetchall()]


def sealed(conn: Connection, sender: str, no: int) -> set[tuple[str, str, int, str]]:
    """The entries that the journal says an acknowledgement is about, as they stand in its body."""
    rows = conn.execute(_SEALED, (sender, no)).fetchall()
    return {(batch, at.isoformat(), events, digest) for batch, at, events, digest in rows}
