"""A batch as it stands now, and what files sent again change: set-based, page by page."""

from collections.abc import Collection, Iterable, Sequence
from decimal import Decimal
from typing import Any, NamedTuple
from uuid import UUID

from common.envelope import full_type
from common.postgres import Connection, copy_rows, texts
from provider_sync.config import SERVICE
from provider_sync.domain.resent import REASON_CODE, REVERSALS, Standing

# Clocks of the database and of the processes may differ; an hour is far more than they do.
_FILL = """
INSERT INTO resent_rows (root, reference, current, kind, amount, volume)
SELECT %(root)s, f.data ->> 'reference', f.data ->> 'reference', f.kind, (f.data ->> 'amount')::bigint,
    (f.data ->> 'volume')::numeric
FROM (
    SELECT e.data::jsonb AS data, replace(substr(e.type, length(%(prefix)s) + 1), '.v1', '') AS kind
    FROM events AS e, uploads AS u
    WHERE u.id = %(root)s AND e.correlation_id = %(root)s::text AND e.type = ANY(%(types)s)
        AND e.recorded_at > u.received_at - interval '1 hour'
        AND e.recorded_at < coalesce(u.finished_at, now()) + interval '1 hour'
    UNION ALL
    SELECT q.content::jsonb, 'payment.received' FROM unmatched AS q
    WHERE q.correlation = %(root)s::text AND q.content::json ->> 'kind' = 'payment.received'
) AS f
"""
# What the gate held of the batch and an operator approved since; asked each time, for approvals come late.
_FILL_APPROVED = """
INSERT INTO resent_rows (root, reference, current, kind, amount, volume)
SELECT %(root)s, h.reference, h.reference, replace(substr(e.type, length(%(prefix)s) + 1), '.v1', ''),
    (e.data::json ->> 'amount')::bigint, (e.data::json ->> 'volume')::numeric
FROM held_batches AS b JOIN held AS h ON h.batch = b.id AND h.state = 'approved'
JOIN said AS s ON s.provider = h.provider AND s.reference = h.reference
JOIN events AS e ON e.stream_id = s.account COLLATE "default" AND e.version = s.version AND e.type = ANY(%(types)s)
WHERE b.provider = (SELECT provider FROM uploads WHERE id = %(root)s) AND b.correlation = %(root)s::text
ON CONFLICT DO NOTHING
"""
# A page of rows first, then one look into an index for each: an estimate of how many of them are undone or given back
# would be wrong by a factor of hundreds, and each page a join of the whole store.
_STANDING = """
WITH page AS MATERIALIZED (
    SELECT reference, current, kind, amount, volume FROM resent_rows WHERE root = %(root)s AND {which})
SELECT p.reference, p.current, p.kind, p.amount, p.volume, s.account, coalesce(e.data, q.content),
    u.reference IS NOT NULL OR q.returned_at IS NOT NULL
FROM page AS p
LEFT JOIN LATERAL (
    SELECT account, version FROM said WHERE provider = %(provider)s AND reference = p.current LIMIT 1) AS s ON true
LEFT JOIN LATERAL (
    SELECT data FROM events WHERE stream_id = s.account COLLATE "default" AND version = s.version LIMIT 1) AS e ON true
LEFT JOIN LATERAL (
    SELECT content, returned_at FROM unmatched
    WHERE provider = %(provider)s AND reference = p.current AND s.version IS NULL LIMIT 1) AS q ON true
LEFT JOIN LATERAL (
    SELECT reference FROM undone WHERE provider = %(provider)s AND reference = p.current LIMIT 1) AS u ON true
ORDER BY p.reference
"""
_NAMED = _STANDING.format(which="reference = ANY(%(references)s::text[])")
_MISSING = _STANDING.format(
    which="""NOT gone AND (%(upload)s::uuid IS NULL OR seen IS DISTINCT FROM %(upload)s)
    AND reference > %(after)s ORDER BY reference LIMIT %(limit)s"""
)
_SEEN = "UPDATE resent_rows SET seen = %s WHERE root = %s AND reference = ANY(%s::text[])"
_MOVE = """
INSERT INTO resent_rows (root, reference, current, kind, amount, volume, gone, seen)
SELECT %s, given.*, %s
FROM unnest(%s::text[], %s::text[], %s::text[], %s::bigint[], %s::numeric[], %s::boolean[]) AS given
ON CONFLICT (root, reference) DO UPDATE SET current = excluded.current, kind = excluded.kind, amount = excluded.amount,
    volume = excluded.volume, gone = excluded.gone, seen = coalesce(excluded.seen, resent_rows.seen)
"""
_DIFFERENCES = """
SELECT id, line, reference, what, was, becomes, fields FROM differences
WHERE upload = %s AND id > %s ORDER BY id LIMIT 1000
"""
_COUNTS = "SELECT what, count(*), coalesce(sum(coalesce(becomes, 0) - coalesce(was, 0)), 0)::bigint FROM differences"
_OTHERS = """
SELECT replace(substr(e.type, length(%(prefix)s) + 1), '.v1', ''), count(*) FROM events AS e, uploads AS u
WHERE coalesce(u.root, u.id) = %(root)s AND e.correlation_id = u.id::text AND e.type <> ALL(%(types)s)
    AND e.data::json ->> 'reason_code' IS DISTINCT FROM %(made)s
    AND e.recorded_at > u.received_at - interval '1 hour'
    AND e.recorded_at < coalesce(u.finished_at, now()) + interval '1 hour'
GROUP BY 1 ORDER BY 1
"""
_HELD = """
SELECT count(*) FROM uploads AS u JOIN held_batches AS b ON b.correlation = u.id::text
JOIN held AS h ON h.batch = b.id AND h.state = 'held' WHERE u.id = %(root)s OR u.root = %(root)s
"""
_PREFIX = full_type(SERVICE, "").removesuffix(".v1")
_TYPES = [full_type(SERVICE, kind) for kind in REVERSALS]
_UNDONE = _TYPES + [full_type(SERVICE, str(kind.__struct_config__.tag)) for kind in REVERSALS.values()]


class Move(NamedTuple):
    """A row of the batch as it stands from now on."""

    reference: str
    current: str
    kind: str
    amount: int
    volume: Decimal | None
    gone: bool = False


class Difference(NamedTuple):
    """What one row of a file sent again changes."""

    line: int
    reference: str
    what: str
    was: int | None
    becomes: int | None
    fields: tuple[str, ...] = ()


def fill(conn: Connection, root: UUID) -> None:
    """Lays a batch out by rows, once: reads the stretch of the event store in which its first upload was appended."""
    made = conn.execute("INSERT INTO resent_batches (root) VALUES (%s) ON CONFLICT DO NOTHING", (root,)).rowcount
    if made:
        conn.execute(_FILL, {"root": root, "prefix": _PREFIX, "types": _TYPES})
        conn.execute("ANALYZE resent_rows")
    conn.execute(_FILL_APPROVED, {"root": root, "prefix": _PREFIX, "types": _TYPES})


def standing(conn: Connection, root: UUID, provider_no: int, references: Collection[str]) -> dict[str, Standing]:
    """Rows of the batch by their references in the files."""
    given = {"root": root, "provider": provider_no, "references": texts(references)}
    return {row[0]: Standing(*row) for row in conn.execute(_NAMED, given).fetchall() if _is_said(row)}


def missing(
    conn: Connection, root: UUID, provider_no: int, upload: UUID | None, after: str, limit: int
) -> tuple[list[Standing], str | None]:
    """Rows that stand and that the upload did not name (without an upload all), of a page behind a reference.

    With them the reference at the page's end; None when there was no page.
    """
    given = {"root": root, "provider": provider_no, "upload": upload, "after": after, "limit": limit}
    rows = conn.execute(_MISSING, given).fetchall()
    standing = [Standing(*row) for row in rows if _is_said(row)]
    return [row for row in standing if not row.undone], rows[-1][0] if rows else None


def _is_said(row: Sequence[Any]) -> bool:
    """Whether a fact stands behind a row: not when all that came of it was held."""
    return row[6] is not None


def see(conn: Connection, root: UUID, upload: UUID, references: Collection[str]) -> None:
    """The upload named these rows."""
    conn.execute(_SEEN, (upload, root, texts(references)))


def move(conn: Connection, root: UUID, upload: UUID | None, moves: Sequence[Move]) -> None:
    """Stores how rows stand now."""
    columns = [list(column) for column in zip(*moves, strict=True)]
    conn.execute(_MOVE, (root, upload, *columns))


def note(conn: Connection, upload: UUID, differences: Iterable[Difference]) -> None:
    """Keeps what a file changes."""
    with conn.cursor() as cursor:
        rows = ((upload, *d[:5], texts(d.fields)) for d in differences)
        copy_rows(cursor, "differences (upload, line, reference, what, was, becomes, fields)", rows)


def forget_differences(conn: Connection, upload: UUID) -> None:
    """Before a file is compared anew."""
    conn.execute("DELETE FROM differences WHERE upload = %s", (upload,))


def differences(conn: Connection, upload: UUID, after: int) -> list[Any]:
    """A page of what a file changes: id, line, reference, what, was, becomes, fields."""
    return conn.execute(_DIFFERENCES, (upload, after)).fetchall()


def counts(conn: Connection, upload: UUID) -> dict[str, tuple[int, int]]:
    """How many rows of each kind of difference, and by how much they change the sum."""
    rows = conn.execute(_COUNTS + " WHERE upload = %s GROUP BY what", (upload,)).fetchall()
    return {what: (count, tiyn) for what, count, tiyn in rows}


def others(conn: Connection, root: UUID) -> dict[str, int]:
    """Facts of the batch that nothing undoes: kinds with their counts, and what an operator may still let in."""
    given = {"root": root, "prefix": _PREFIX, "types": _UNDONE, "made": REASON_CODE}
    stays = dict(conn.execute(_OTHERS, given).fetchall())
    held = conn.execute(_HELD, {"root": root}).fetchone()
    return stays | ({"held": held[0]} if held and held[0] else {})


def accounts(conn: Connection, numbers: Collection[str]) -> dict[str, str]:
    """Number → account id, for numbers that anybody mentioned."""
    query = "SELECT number, account FROM numbers WHERE number = ANY(%s::text[])"
    return dict(conn.execute(query, (texts(numbers),)).fetchall())
