"""Whether the topic has what was published: a broker acknowledges before it syncs, and may lose what it took."""

import time
from datetime import timedelta
from typing import NamedTuple

from common import kafka
from common.consumer import record_of
from common.eventstore import IN_A_PACK
from common.postgres import Connection

_PAGES, _PATIENCE_S, _SKEW = 200, 20.0, timedelta(minutes=1)
# The store is only appended to, so its last pages are its newest events. What waits in the outbox was not published.
_NEWEST = f"""
WITH newest AS (
    SELECT stream_id, max(version) AS version FROM {{table}}
    WHERE ctid >= (SELECT format('(%%s,0)', greatest(pg_relation_size('{{table}}') / 8192 - %s, 0))::tid)
    GROUP BY stream_id)
SELECT n.stream_id, n.version, e.recorded_at FROM newest AS n JOIN events AS e USING (stream_id, version)
WHERE NOT EXISTS (SELECT FROM outbox WHERE key = n.stream_id) AND NOT {IN_A_PACK}
"""


class Compared(NamedTuple):
    """How many streams were looked for, which of them the topic ends before, and whether it was read to its end."""

    streams: int
    short: dict[str, int]
    whole: bool


def compare(conn: Connection, bootstrap: str, topic: str, table: str = "events") -> Compared:
    """Looks for the heads of the newest events' streams in the topic; raises KafkaError when the broker is away.

    `table` is where the event store really has its rows.
    """
    rows = conn.execute(_NEWEST.format(table=table).encode(), (_PAGES,)).fetchall()
    wanted = {key: version for key, version, _ in rows}
    until = time.monotonic() + _PATIENCE_S
    if wanted:
        for raws in kafka.read_since(bootstrap, topic, min(at for *_, at in rows) - _SKEW):
            for raw in raws:
                if raw.key in wanted and record_of(topic, raw).sequence >= wanted[raw.key]:
                    del wanted[raw.key]
            if not wanted or time.monotonic() > until:
                return Compared(len(rows), wanted, whole=not wanted)
    return Compared(len(rows), wanted, whole=True)
