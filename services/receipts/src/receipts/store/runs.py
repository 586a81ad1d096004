"""The month's runs: which accounts, how far, in which order they are handed out."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from psycopg.rows import class_row

from common.postgres import Connection

_NEWEST = """
SELECT id, period, language, audience, part, state, paused, filled_to, total, started_at FROM runs
WHERE period = %s AND language = %s AND audience = %s ORDER BY part DESC LIMIT 1 FOR UPDATE
"""
_LIST = """
SELECT id, period, language, audience, part, state, paused, filled_to, total, started_at FROM runs
ORDER BY started_at DESC LIMIT %s
"""
# The newest statement of each account, its holder, and whether an earlier part already holds this very document.
_CANDIDATES = """
SELECT s.account, s.version AS statement_version, s.facts_hash, s.to_pay, s.currency,
       h.version AS holder_version, h.name, h.address_ru, h.address_kk
FROM (SELECT DISTINCT ON (account) account, version, facts_hash, to_pay, currency FROM statements AS s
      WHERE period = %(period)s AND account > %(after)s
        AND (%(audience)s = 'everyone' OR NOT EXISTS (SELECT FROM access AS a WHERE a.account = s.account))
      ORDER BY account, version DESC LIMIT %(limit)s) AS s
LEFT JOIN holders AS h ON h.account = s.account ORDER BY s.account
"""
_ADD_ROWS = """
INSERT INTO run_rows (run, account, document)
SELECT %(run)s, given.account, given.document
FROM unnest(%(accounts)s::text[], %(documents)s::text[]) AS given(account, document)
WHERE NOT EXISTS (SELECT FROM run_rows AS r JOIN runs ON runs.id = r.run
                  WHERE r.account = given.account AND r.document = given.document
                    AND runs.audience = %(audience)s AND runs.id <> %(run)s)
ON CONFLICT DO NOTHING RETURNING document
"""
_LEFT = "SELECT count(*) FROM documents WHERE run = %s AND state IN ('queued', 'rendering')"
_NUMBERED = """
UPDATE run_rows AS r SET number = walked.number FROM (
    SELECT r.account, row_number() OVER (
        ORDER BY b.walk NULLS LAST, s.building NULLS LAST, substring(s.flat FROM '\\d+')::numeric NULLS LAST, s.flat,
                 r.account) AS number
    FROM run_rows AS r
    JOIN documents AS d ON d.code = r.document AND d.state = 'ready'
    JOIN statements AS s ON s.account = d.account AND s.period = d.period AND s.version = d.statement_version
    LEFT JOIN buildings AS b ON b.id = s.building
    WHERE r.run = %s) AS walked
WHERE r.run = %s AND r.account = walked.account
"""
_UNWRITTEN = """
SELECT r.number, r.account, d.digest FROM run_rows AS r JOIN documents AS d ON d.code = r.document
WHERE r.run = %s AND NOT r.written AND r.number IS NOT NULL AND d.digest IS NOT NULL ORDER BY r.number LIMIT %s
"""
_COUNTED = """
SELECT coalesce(s.building, '') AS building, coalesce(b.address, '') AS address, count(*) AS receipts,
       sum(d.pages)::int AS pages, sum(d.to_pay)::bigint AS to_pay, min(r.number) AS first, max(r.number) AS last
FROM run_rows AS r JOIN documents AS d ON d.code = r.document
JOIN statements AS s ON s.account = d.account AND s.period = d.period AND s.version = d.statement_version
LEFT JOIN buildings AS b ON b.id = s.building
WHERE r.run = %s AND r.number IS NOT NULL GROUP BY s.building, b.address ORDER BY min(r.number)
"""
_MISSING = """
SELECT r.account, coalesce(d.last_error, 'erased') AS reason FROM run_rows AS r
LEFT JOIN documents AS d ON d.code = r.document WHERE r.run = %s AND r.number IS NULL ORDER BY r.account
"""


@dataclass(frozen=True)
class Run:
    """A month made for many; `filled_to` is the last account whose row of work stands."""

    id: UUID
    period: str
    language: str
    audience: str
    part: int
    state: str
    paused: bool
    filled_to: str
    total: int
    started_at: datetime


@dataclass(frozen=True)
class Candidate:
    """An account whose month is closed, with what its document depends on; amounts in tiyn."""

    account: str
    statement_version: int
    facts_hash: str
    to_pay: int
    currency: str
    holder_version: int | None
    name: str | None
    address_ru: str | None
    address_kk: str | None


@dataclass(frozen=True)
class Counted:
    """A building's line of the count sheet; `first` to `last` are numbers in walking order."""

    building: str
    address: str
    receipts: int
    pages: int
    to_pay: int
    first: int
    last: int


def newest(conn: Connection, period: str, language: str, audience: str) -> Run | None:
    """The newest part of a month's run, locked."""
    with conn.cursor(row_factory=class_row(Run)) as cursor:
        return cursor.execute(_NEWEST, (period, language, audience)).fetchone()


def listed(conn: Connection, limit: int) -> list[Run]:
    """The newest runs first."""
    with conn.cursor(row_factory=class_row(Run)) as cursor:
        return cursor.execute(_LIST, (limit,)).fetchall()


def add(conn: Connection, run: UUID, period: str, language: str, audience: str, part: int) -> None:
    """A run, or one more part of it; two that begin at once are one."""
    values = (run, period, language, audience, part)
    conn.execute(
        "INSERT INTO runs (id, period, language, audience, part) VALUES (%s, %s, %s, %s, %s) ON CONFLICT DO NOTHING",
        values,
    )


def drop_empty(conn: Connection, run: UUID) -> None:
    """A part that turned out to hold nothing was none."""
    conn.execute("DELETE FROM runs WHERE id = %s AND total = 0", (run,))


def candidates(conn: Connection, run: Run, limit: int) -> list[Candidate]:
    """The next accounts of the month, by account."""
    given = {"period": run.period, "after": run.filled_to, "audience": run.audience, "limit": limit}
    with conn.cursor(row_factory=class_row(Candidate)) as cursor:
        return cursor.execute(_CANDIDATES, given).fetchall()


def add_rows(conn: Connection, run: Run, accounts: Sequence[str], documents: Sequence[str]) -> set[str]:
    """Rows of work; answers the documents that no earlier part holds."""
    given = {"run": run.id, "accounts": list(accounts), "documents": list(documents), "audience": run.audience}
    return {row[0] for row in conn.execute(_ADD_ROWS, given).fetchall()}


def filled(conn: Connection, run: UUID, to: str, added: int) -> None:
    """The row of work of each account up to `to` stands."""
    conn.execute("UPDATE runs SET filled_to = %s, total = total + %s WHERE id = %s", (to, added, run))


def move(conn: Connection, run: UUID, state: str) -> None:
    """The run's next state."""
    done = "done_at = now()" if state == "done" else "done_at = NULL"
    conn.execute(f"UPDATE runs SET state = %s, {done} WHERE id = %s", (state, run))


def pause(conn: Connection, run: UUID, paused: bool) -> None:
    """Workers take nothing of a paused run."""
    conn.execute("UPDATE runs SET paused = %s WHERE id = %s", (paused, run))


def left(conn: Connection, run: UUID) -> int:
    """How many documents are still to be made."""
    row = conn.execute(_LEFT, (run,)).fetchone()
    return row[0] if row else 0


def number_rows(conn: Connection, run: UUID) -> None:
    """Gives each ready document its number in walking order: building by address, then flat."""
    conn.execute(_NUMBERED, (run, run))


def unwritten(conn: Connection, run: UUID, limit: int) -> list[tuple[int, str, str]]:
    """Number, account and file digest of the next documents to hand out."""
    return conn.execute(_UNWRITTEN, (run, limit)).fetchall()


def written(conn: Connection, run: UUID, numbers: Sequence[int]) -> None:
    """These stand in the output."""
    conn.execute("UPDATE run_rows SET written = true WHERE run = %s AND number = ANY(%s)", (run, list(numbers)))


def counted(conn: Connection, run: UUID) -> list[Counted]:
    """The count sheet: a line per building in walking order."""
    with conn.cursor(row_factory=class_row(Counted)) as cursor:
        return cursor.execute(_COUNTED, (run,)).fetchall()


def missing(conn: Connection, run: UUID) -> list[tuple[str, str]]:
    """Accounts whose document could not be made, and why."""
    return conn.execute(_MISSING, (run,)).fetchall()
