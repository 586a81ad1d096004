"""Acknowledgements: what is due, what goes into one, and the chain of a sender."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from psycopg.rows import dict_row
from psycopg.types.json import Jsonb

from common.postgres import Connection

_LOCK_SPACE = 7_206_042
QUIET_S = 60
"""A push is answered long before: until then it may still be appending, in halves."""

_UUID = r"^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$"
_SENDERS = """
SELECT p.id FROM providers AS p WHERE EXISTS (SELECT FROM journal AS j WHERE j.provider = p.no AND j.seal IS NULL)
    OR EXISTS (SELECT FROM pushes AS q WHERE q.provider = p.id AND q.seal = 0)
    OR EXISTS (SELECT FROM uploads AS u WHERE u.provider = p.id AND u.seal = 0 AND u.state IN ('done', 'refused')
        AND u.mode <> 'dry-run')
ORDER BY p.id
"""
_DUE = f"""
SELECT id::text FROM uploads
WHERE provider = %(sender)s AND seal = 0 AND state IN ('done', 'refused') AND mode <> 'dry-run'
UNION SELECT id::text FROM pushes WHERE provider = %(sender)s AND seal = 0 AND received_at < %(before)s
UNION SELECT j.batch FROM journal AS j JOIN providers AS p ON p.no = j.provider
WHERE p.id = %(sender)s AND j.seal IS NULL AND j.recorded_at < %(before)s AND NOT EXISTS (
    SELECT FROM uploads AS u WHERE u.id = CASE WHEN j.batch ~ '{_UUID}' THEN j.batch::uuid END
        AND u.state NOT IN ('done', 'refused'))
LIMIT 1000
"""
_BATCHES = """
SELECT id::text, 'upload' AS kind, batch AS key, digest AS sha256, bytes, state, received_at, accepted, duplicate,
    conflict, rejected, unmatched, held, retry
FROM uploads WHERE provider = %(sender)s AND id = ANY(%(ids)s::uuid[])
UNION ALL
SELECT id::text, 'push', NULL, NULL, NULL, NULL, received_at, accepted, duplicate, conflict, rejected, unmatched, held,
    retry
FROM pushes WHERE provider = %(sender)s AND id = ANY(%(ids)s::uuid[])
ORDER BY received_at, id
"""
_ENTRIES = """
SELECT j.batch, j.recorded_at, j.events, encode(j.digest, 'hex') AS sha256
FROM journal AS j JOIN providers AS p ON p.no = j.provider
WHERE p.id = %s AND j.batch = ANY(%s) AND j.seal IS NULL ORDER BY j.recorded_at, j.batch FOR UPDATE OF j
"""
_SUMS = """
SELECT t.kind, nullif(t.service, '') AS service, t.period, sum(t.count)::bigint AS count, sum(t.sum)::bigint AS sum
FROM journal AS j JOIN tallies AS t USING (batch, provider, recorded_at) JOIN providers AS p ON p.no = j.provider
WHERE p.id = %s AND j.batch = ANY(%s) AND j.seal IS NULL GROUP BY 1, 2, 3 ORDER BY 1, 2, 3
"""
_LAST = """
SELECT s.no, s.body FROM seals AS s JOIN providers AS p ON p.no = s.provider WHERE p.id = %s ORDER BY s.no DESC LIMIT 1
"""
_ADD = "INSERT INTO seals (provider, no, at, body) SELECT no, %s, %s, %s FROM providers WHERE id = %s"
_MARK = (
    "UPDATE uploads SET seal = %(no)s WHERE provider = %(sender)s AND seal = 0 AND id = ANY(%(ids)s::uuid[])",
    "UPDATE pushes SET seal = %(no)s WHERE provider = %(sender)s AND seal = 0 AND id = ANY(%(ids)s::uuid[])",
    """
    UPDATE journal AS j SET seal = %(no)s FROM providers AS p
    WHERE p.id = %(sender)s AND j.provider = p.no AND j.batch = ANY(%(batches)s) AND j.seal IS NULL
    """,
)
_STANDING = """
SELECT seal, state IN ('done', 'refused') AND mode <> 'dry-run' FROM uploads WHERE provider = %(s)s AND id = %(id)s
UNION ALL SELECT seal, true FROM pushes WHERE provider = %(s)s AND id = %(id)s
"""
_ONE = "SELECT s.body FROM seals AS s JOIN providers AS p ON p.no = s.provider WHERE p.id = %s AND s.no = %s"
_PAGE = """
SELECT s.no, s.at, s.body FROM seals AS s JOIN providers AS p ON p.no = s.provider
WHERE p.id = %s AND s.no > %s ORDER BY s.no LIMIT %s
"""
_ROWS = """
SELECT e.recorded_at, e.stream_id, e.version, e.id::text, e.type, (extract(epoch FROM e.occurred_at) * 1000000)::bigint,
    e.data
FROM events AS e
WHERE e.recorded_at = %s AND e.correlation_id = %s AND e.source = %s ORDER BY e.stream_id, e.version
"""

Row = dict[str, Any]


class Stored(NamedTuple):
    """An acknowledgement as it stands in the chain."""

    no: int
    at: datetime
    body: str


def senders(conn: Connection) -> list[str]:
    """Senders with anything that is not acknowledged."""
    return [row[0] for row in conn.execute(_SENDERS).fetchall()]


def lock(conn: Connection, sender: str) -> None:
    """One acknowledgement of a sender after the other; intake never waits for this."""
    conn.execute("SELECT pg_advisory_xact_lock(%s, no) FROM providers WHERE id = %s", (_LOCK_SPACE, sender))


def due(conn: Connection, sender: str, before: datetime) -> list[str]:
    """Batches that ended and are not acknowledged, a thousand at the most."""
    return [row[0] for row in conn.execute(_DUE, {"sender": sender, "before": before}).fetchall()]


def batches(conn: Connection, sender: str, ids: Sequence[str]) -> list[Row]:
    """What is known of uploads and pushes."""
    return _rows(conn, _BATCHES, {"sender": sender, "ids": ids})


def entries(conn: Connection, sender: str, names: Sequence[str]) -> list[tuple[str, datetime, int, str]]:
    """The journal of these batches as far as it is not acknowledged: batch, when, events, digest."""
    return conn.execute(_ENTRIES, (sender, names)).fetchall()


def sums(conn: Connection, sender: str, names: Sequence[str]) -> list[Row]:
    """Counts and sums (tiyn) of the same entries, by kind, service and month."""
    return _rows(conn, _SUMS, (sender, names))


def last(conn: Connection, sender: str) -> tuple[int, str] | None:
    """Number and body of the newest one."""
    return conn.execute(_LAST, (sender,)).fetchone()


def add(conn: Connection, sender: str, stored: Stored, ids: Sequence[str], names: Sequence[str]) -> None:
    """Stores one and marks what it acknowledges; `ids` are those of the batches that are uploads or pushes."""
    conn.execute(_ADD, (stored.no, stored.at, stored.body, sender))
    for query in _MARK:
        conn.execute(query, {"no": stored.no, "sender": sender, "ids": ids, "batches": names})


def standing(conn: Connection, sender: str, batch: str) -> tuple[int, bool] | None:
    """By which number a batch of the sender is acknowledged (0: none yet), and whether it has ended."""
    return conn.execute(_STANDING, {"s": sender, "id": batch}).fetchone()


def body(conn: Connection, sender: str, no: int) -> str | None:
    """What is signed."""
    row = conn.execute(_ONE, (sender, no)).fetchone()
    return row[0] if row else None


def page(conn: Connection, sender: str, after: int, limit: int) -> list[Stored]:
    """Acknowledgements of a sender behind a number."""
    return [Stored(*row) for row in conn.execute(_PAGE, (sender, after, limit)).fetchall()]


def rows(conn: Connection, source: str, batch: str, recorded_at: datetime) -> Iterator[tuple[Any, ...]]:
    """The events of an entry, as its digest sees them."""
    yield from conn.execute(_ROWS, (recorded_at, batch, source)).fetchall()


def publish(conn: Connection, kid: str, jwk: dict[str, str]) -> None:
    """Makes a public key known for ever."""
    conn.execute("INSERT INTO ack_keys (kid, jwk) VALUES (%s, %s) ON CONFLICT DO NOTHING", (kid, Jsonb(jwk)))


def public_keys(conn: Connection) -> dict[str, dict[str, str]]:
    """All public keys, the newest first."""
    return dict(conn.execute("SELECT kid, jwk FROM ack_keys ORDER BY since DESC").fetchall())


def _rows(conn: Connection, query: str, params: Any) -> list[Row]:
    with conn.cursor(row_factory=dict_row) as cursor:
        return cursor.execute(query.encode(), params).fetchall()
