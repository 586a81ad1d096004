"""Uploads: job rows with a lease and exact progress, and the rows that were not taken."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from psycopg.rows import class_row
from psycopg.types.json import Jsonb

from common.postgres import Connection, copy_rows

COUNTED = ("accepted", "duplicate", "conflict", "rejected", "unmatched", "held", "retry")

_ADD = """
INSERT INTO uploads (id, provider, key_id, scopes, format, mode, batch, digest, bytes, stated_count, stated_sum,
    supersedes, root, confirms, repeat_of)
VALUES (%(id)s, %(provider)s, %(key_id)s, %(scopes)s, %(format)s, %(mode)s, %(batch)s, %(digest)s, %(bytes)s,
    %(stated_count)s, %(stated_sum)s, %(supersedes)s, %(root)s, %(confirms)s,
    (SELECT id FROM uploads WHERE provider = %(provider)s AND digest = %(digest)s AND state = 'done'
        AND mode <> 'dry-run' ORDER BY received_at LIMIT 1))
"""
_ALL = """
SELECT id, provider, key_id, scopes, format, mode, batch, digest, bytes, stated_count, stated_sum, repeat_of, state,
    total, accepted, duplicate, conflict, rejected, unmatched, held, retry, sum_accepted, problems, next_offset,
    next_line, lease, attempts, received_at, started_at, finished_at, supersedes, root, confirms, unread,
    reverted_at
FROM uploads
"""
# Order between uploads does not matter, so a waiting job may be passed over while another process looks at it.
_CLAIM = """
UPDATE uploads SET lease = %(lease)s, lease_until = now() + make_interval(secs => %(lease_s)s),
    attempts = attempts + 1, started_at = coalesce(started_at, now()),
    state = CASE state WHEN 'received' THEN 'checking' ELSE state END
WHERE id = (
    SELECT id FROM uploads
    WHERE state IN ('received', 'checking', 'appending') AND (lease_until IS NULL OR lease_until < now())
    ORDER BY received_at LIMIT 1 FOR UPDATE SKIP LOCKED)
RETURNING id
"""
# The lease is part of the condition: a process that lost it changes nothing, and its transaction is given up.
_EXTEND = """
UPDATE uploads SET lease_until = now() + make_interval(secs => %(lease_s)s) WHERE id = %(id)s AND lease = %(lease)s
"""
_CHECKED = """
UPDATE uploads SET state = 'appending', total = %(total)s, problems = %(problems)s, batch = %(batch)s,
    header = %(header)s, attempts = 1
WHERE id = %(id)s AND lease = %(lease)s
"""
_PROGRESS = """
UPDATE uploads SET next_offset = %(offset)s, next_line = %(line)s, accepted = accepted + %(accepted)s,
    duplicate = duplicate + %(duplicate)s, conflict = conflict + %(conflict)s, rejected = rejected + %(rejected)s,
    unmatched = unmatched + %(unmatched)s, held = held + %(held)s, retry = retry + %(retry)s,
    sum_accepted = sum_accepted + %(sum)s,
    lease_until = now() + make_interval(secs => %(lease_s)s), attempts = 1
WHERE id = %(id)s AND lease = %(lease)s
"""
_FINISH = """
UPDATE uploads SET state = %(state)s, problems = problems || %(problems)s, finished_at = clock_timestamp(),
    lease = NULL, lease_until = NULL
WHERE id = %(id)s AND lease = %(lease)s
"""
_UNCONFIRMED = """
UPDATE uploads SET state = 'unconfirmed', total = %(total)s, problems = %(problems)s, batch = %(batch)s,
    header = %(header)s, lease = NULL, lease_until = NULL
WHERE id = %(id)s AND lease = %(lease)s
"""
_CONFIRM = (
    "UPDATE uploads SET state = 'received', confirms = %s, problems = '[]' WHERE id = %s AND state = 'unconfirmed'"
)
_DISMISS = """
UPDATE uploads SET state = 'refused', finished_at = clock_timestamp() WHERE id = %s AND state = 'unconfirmed'
"""
_UNREAD = "UPDATE uploads SET unread = unread + %s WHERE id = %s"
_TOOK_BACK = """
UPDATE uploads SET sum_accepted = sum_accepted + %(sum)s, lease_until = now() + make_interval(secs => %(lease_s)s)
WHERE id = %(id)s AND lease = %(lease)s
"""
_NEWEST = """
SELECT id, state, digest FROM uploads WHERE (root = %(family)s OR id = %(family)s) AND mode <> 'dry-run'
    AND id <> %(id)s AND state IN ('appending', 'done') ORDER BY received_at DESC LIMIT 1
"""
_REVERTED = "UPDATE uploads SET reverted_at = now() WHERE id = %(family)s OR root = %(family)s"
_APPENDING = "SELECT id FROM uploads WHERE state = 'appending' AND mode <> 'dry-run' ORDER BY received_at"
_REJECTED = """
SELECT line, status, code, field, params, raw FROM rejected_rows
WHERE upload = %s AND line > %s ORDER BY line LIMIT 1000
"""


# A repeat stored nothing: what it repeats is what another content is compared with.
_SAME_BATCH = """
SELECT CASE WHEN root IS NULL THEN coalesce(repeat_of, id) ELSE id END FROM uploads
WHERE provider = %s AND batch = %s AND digest <> %s AND id <> %s AND mode <> 'dry-run'
    AND state IN ('appending', 'done')
ORDER BY root IS NULL AND repeat_of IS NOT NULL, received_at DESC LIMIT 1
"""


class LeaseLost(Exception):
    """Another process took the upload over; whatever this one was doing is rolled back."""


@dataclass(frozen=True)
class Upload:
    """A job row."""

    id: UUID
    provider: str
    key_id: str
    scopes: list[str]
    format: str
    mode: str
    batch: str | None
    digest: str
    bytes: int
    stated_count: int | None
    stated_sum: int | None
    repeat_of: UUID | None
    state: str
    total: int | None
    accepted: int
    duplicate: int
    conflict: int
    rejected: int
    unmatched: int
    held: int
    retry: int
    sum_accepted: int
    problems: list[dict[str, Any]]
    next_offset: int
    next_line: int
    lease: UUID | None
    attempts: int
    received_at: datetime
    started_at: datetime | None
    finished_at: datetime | None
    supersedes: UUID | None = None
    root: UUID | None = None
    confirms: UUID | None = None
    unread: int = 0
    reverted_at: datetime | None = None

    @property
    def family(self) -> UUID:
        """The first upload of the batch, whoever superseded it since."""
        return self.root or self.id


def add(conn: Connection, row: Mapping[str, Any]) -> None:
    """A new upload; a digest seen before is noted."""
    conn.execute(_ADD, row)


def find(conn: Connection, ident: UUID) -> Upload | None:
    """One upload."""
    with conn.cursor(row_factory=class_row(Upload)) as cursor:
        return cursor.execute(_ALL + "WHERE id = %s", (ident,)).fetchone()


def latest(conn: Connection, limit: int) -> list[Upload]:
    """The newest uploads first."""
    with conn.cursor(row_factory=class_row(Upload)) as cursor:
        return cursor.execute(_ALL + "ORDER BY received_at DESC LIMIT %s", (limit,)).fetchall()


def same_batch(conn: Connection, upload: Upload, batch: str) -> UUID | None:
    """An earlier upload of the sender under the same batch key but with another content."""
    found = conn.execute(
        _SAME_BATCH,
        (upload.provider, batch, upload.digest, upload.id),
    ).fetchone()
    return found[0] if found else None


def claim(conn: Connection, lease: UUID, lease_s: int) -> UUID | None:
    """Takes the oldest upload that waits or whose process died."""
    row = conn.execute(_CLAIM, {"lease": lease, "lease_s": lease_s}).fetchone()
    return row[0] if row else None


def extend(conn: Connection, upload: Upload, lease_s: int) -> None:
    """Keeps the lease while a long file is checked; raises LeaseLost."""
    _mine(conn.execute(_EXTEND, {"id": upload.id, "lease": upload.lease, "lease_s": lease_s}).rowcount)


def checked(conn: Connection, upload: Upload, found: Mapping[str, Any], problems: Sequence[Any]) -> None:
    """The file is in order and will be appended; `found`: total, batch, header. Raises LeaseLost."""
    values = {"id": upload.id, "lease": upload.lease, "problems": Jsonb(list(problems)), **found}
    _mine(conn.execute(_CHECKED, values).rowcount)


def progress(conn: Connection, upload: Upload, done: Mapping[str, int]) -> None:
    """How far the file is, in the transaction that appended so far; raises LeaseLost."""
    _mine(conn.execute(_PROGRESS, {"id": upload.id, "lease": upload.lease, **done}).rowcount)


def unconfirmed(conn: Connection, upload: Upload, found: Mapping[str, Any], problems: Sequence[Any]) -> None:
    """The file waits for a word; raises LeaseLost."""
    values = {"id": upload.id, "lease": upload.lease, "problems": Jsonb(list(problems)), **found}
    _mine(conn.execute(_UNCONFIRMED, values).rowcount)


def confirm(conn: Connection, upload: UUID, earlier: UUID | None) -> bool:
    """The word was given; False when the upload does not wait for it."""
    return conn.execute(_CONFIRM, (earlier, upload)).rowcount == 1


def dismiss(conn: Connection, upload: UUID) -> bool:
    """The file was not meant; False when the upload does not wait for a word."""
    return conn.execute(_DISMISS, (upload,)).rowcount == 1


def count_unread(conn: Connection, upload: UUID, rows: int) -> None:
    """Rows that could not be read, and so named nothing."""
    conn.execute(_UNREAD, (rows, upload))


def took_back(conn: Connection, upload: Upload, tiyn: int, lease_s: int) -> None:
    """Rows that the file lacks were undone; raises LeaseLost."""
    values = {"id": upload.id, "lease": upload.lease, "sum": tiyn, "lease_s": lease_s}
    _mine(conn.execute(_TOOK_BACK, values).rowcount)


def newest(conn: Connection, upload: Upload) -> tuple[UUID, str, str] | None:
    """The newest other upload of the same batch: its id, state and digest."""
    return conn.execute(_NEWEST, {"family": upload.family, "id": upload.id}).fetchone()


def reverted(conn: Connection, family: UUID) -> None:
    """The whole batch was undone."""
    conn.execute(_REVERTED, {"family": family})


def finish(conn: Connection, upload: Upload, state: str, problems: Sequence[Any] = ()) -> None:
    """Done or refused; raises LeaseLost."""
    values = {"id": upload.id, "lease": upload.lease, "state": state, "problems": Jsonb(list(problems))}
    _mine(conn.execute(_FINISH, values).rowcount)


def _mine(rows: int) -> None:
    if rows != 1:
        raise LeaseLost


def appending(conn: Connection) -> list[UUID]:
    """Uploads that are half appended."""
    return [row[0] for row in conn.execute(_APPENDING).fetchall()]


def reject(conn: Connection, upload: UUID, rows: Sequence[tuple[int, str, str, str | None, str, str]]) -> None:
    """Keeps rows that were not taken: line, status, code, field, params as JSON, text as sent."""
    with conn.cursor() as cursor:
        copy_rows(
            cursor,
            "rejected_rows (upload, line, status, code, field, params, raw)",
            ((upload, *row) for row in rows),
        )


def header_of(conn: Connection, upload: UUID) -> str | None:
    """The file's header line as sent."""
    row = conn.execute("SELECT header FROM uploads WHERE id = %s", (upload,)).fetchone()
    return row[0] if row else None


def rejected(conn: Connection, upload: UUID, after: int) -> list[tuple[int, str, str, str | None, dict[str, Any], str]]:
    """A page of rows that were not taken, behind a line: line, status, code, field, params, text as sent."""
    return conn.execute(_REJECTED, (upload, after)).fetchall()
