"""Document rows: the job queue that counts. Celery's messages only say that there is something to look at."""

from collections.abc import Sequence
from dataclasses import astuple, dataclass
from datetime import datetime
from uuid import UUID

import msgspec
from psycopg.rows import class_row

from common.postgres import Connection
from receipts.events.holder import Holder
from receipts.projections import DocumentKey

CHANNEL = "documents"
BULK_NOTICE = "bulk"
ATTEMPTS = 3
_TURNS = 7_206_120

_ENSURE = """
INSERT INTO documents (account, period, language, masked, template, statement_version, facts_hash, holder_version,
                       code, to_pay, currency, holder, draft, bulk, run, state)
VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, 'queued')
ON CONFLICT (code) DO UPDATE SET
    bulk = documents.bulk AND excluded.bulk,
    run = coalesce(excluded.run, documents.run),
    state = CASE WHEN documents.state IN ('failed', 'erased') THEN 'queued' ELSE documents.state END,
    attempts = CASE WHEN documents.state IN ('failed', 'erased') THEN 0 ELSE documents.attempts END,
    holder = CASE WHEN documents.state IN ('failed', 'erased') THEN excluded.holder ELSE documents.holder END,
    draft = CASE WHEN documents.state IN ('failed', 'erased') THEN excluded.draft ELSE documents.draft END
RETURNING state
"""
# Earlier months as they were closed: their sums never change, so neither does what is drawn of them.
_HISTORY = """
SELECT DISTINCT ON (period) period, (data::json #>> '{totals,charged}')::bigint FROM statements
WHERE account = %s AND period < %s ORDER BY period DESC, version DESC LIMIT 11
"""
_CLAIM = f"""
UPDATE documents AS d
SET state = 'rendering', attempts = attempts + 1, lease_until = clock_timestamp() + make_interval(secs => %s)
WHERE code = %s AND state IN ('queued', 'rendering') AND attempts < {ATTEMPTS} AND lease_until < clock_timestamp()
RETURNING code, account, period, language, created_at, holder, attempts,
    coalesce(draft, (SELECT data FROM statements AS s
                     WHERE s.account = d.account AND s.period = d.period AND s.version = d.statement_version)) AS data
"""
# A document that brought a worker down before is claimed alone, so that it cannot use up its neighbours' attempts.
_CLAIM_BULK = f"""
WITH free AS (
    SELECT code, attempts FROM documents AS d
    WHERE bulk AND state IN ('queued', 'rendering') AND attempts < {ATTEMPTS} AND lease_until < now()
      AND NOT EXISTS (SELECT FROM runs WHERE runs.id = d.run AND runs.paused)
    ORDER BY created_at, code LIMIT %s FOR UPDATE SKIP LOCKED
), portion AS (
    SELECT code FROM free WHERE attempts = 0
    UNION (SELECT code FROM free WHERE NOT EXISTS (SELECT FROM free WHERE attempts = 0) ORDER BY code LIMIT 1)
)
UPDATE documents AS d
SET state = 'rendering', attempts = attempts + 1, lease_until = clock_timestamp() + make_interval(secs => %s)
FROM portion WHERE d.code = portion.code
RETURNING d.code, account, period, language, created_at, holder, attempts,
    coalesce(draft, (SELECT data FROM statements AS s
                     WHERE s.account = d.account AND s.period = d.period AND s.version = d.statement_version)) AS data
"""
_RESIDENTS_WAIT = """
SELECT EXISTS (SELECT FROM documents WHERE NOT bulk AND state = 'queued' AND attempts = 0)
"""
_GIVE_BACK = """
UPDATE documents SET state = 'queued', attempts = attempts - 1, lease_until = '-infinity'
WHERE code = ANY(%s) AND state = 'rendering' AND attempts = 1
"""
_FINISH = """
UPDATE documents SET state = 'ready', ready_at = now(), digest = %s, size_bytes = %s, pages = %s, holder = NULL,
    draft = NULL, last_error = NULL
WHERE code = %s AND state = 'rendering' AND attempts = %s
"""
_RELEASE = """
UPDATE documents SET lease_until = '-infinity', last_error = %s
WHERE code = %s AND state = 'rendering' AND attempts = %s
"""
_FAIL = """
UPDATE documents SET state = 'failed', last_error = %s, holder = NULL, draft = NULL
WHERE code = %s AND state = 'rendering' AND attempts = %s
"""
_EXHAUSTED = f"""
UPDATE documents SET state = 'failed', last_error = 'render-failed', holder = NULL, draft = NULL
WHERE state IN ('queued', 'rendering') AND attempts >= {ATTEMPTS} AND lease_until < now() RETURNING code
"""
_OVERDUE = f"""
UPDATE documents SET announced_at = now()
WHERE NOT bulk AND state IN ('queued', 'rendering') AND attempts < {ATTEMPTS} AND lease_until < now()
  AND announced_at < now() - make_interval(secs => %s)
RETURNING code
"""
_BULK_WAITS = f"""
SELECT EXISTS (SELECT FROM documents AS d WHERE bulk AND state IN ('queued', 'rendering') AND attempts < {ATTEMPTS}
                 AND lease_until < now() AND NOT EXISTS (SELECT FROM runs WHERE runs.id = d.run AND runs.paused))
"""
_ERASE = """
UPDATE documents SET state = 'erased', holder = NULL, draft = NULL
WHERE account = ANY(%s) AND holder_version > 0 AND state <> 'erased'
"""
_ERASED = "SELECT code, digest FROM documents WHERE state = 'erased' ORDER BY code LIMIT 500 FOR UPDATE"
_VERIFY = """
SELECT d.account, d.period, d.language, d.to_pay, d.currency, d.statement_version, d.ready_at,
       newer.version AS newer_version, newer.to_pay AS newer_to_pay, newer.data::jsonb ->> 'cut_off' AS newer_cut_off
FROM documents AS d
LEFT JOIN LATERAL (
    SELECT version, to_pay, data FROM statements AS s
    WHERE s.account = d.account AND s.period = d.period AND s.version > d.statement_version
    ORDER BY version DESC LIMIT 1) AS newer ON true
WHERE d.code = %s AND d.state = 'ready'
"""


@dataclass(frozen=True)
class NewDocument:
    """A document to be made; `draft` is the statement of an open month, a closed one is read where it stands."""

    key: DocumentKey
    holder: Holder | None
    to_pay: int
    currency: str
    draft: str | None = None
    bulk: bool = False
    run: UUID | None = None


@dataclass(frozen=True)
class Claimed:
    """A document this worker, and nobody else, makes now."""

    code: str
    account: str
    period: str
    language: str
    created_at: datetime
    holder: str | None
    attempts: int
    data: str


@dataclass(frozen=True)
class Verified:
    """What the public may learn about a printed document."""

    account: str
    period: str
    language: str
    to_pay: int
    currency: str
    statement_version: int
    ready_at: datetime
    newer_version: int | None
    newer_to_pay: int | None
    newer_cut_off: str | None


def ensure(conn: Connection, new: NewDocument) -> str:
    """The document's state, made queued when there is none or it had failed; announced to the sweeper on commit."""
    row = conn.execute(_ENSURE, _values(new)).fetchone()
    state = str(row[0]) if row else ""
    if state == "queued" and not new.bulk:
        announce(conn, new.key.code)
    return state


def ensure_all(conn: Connection, new: Sequence[NewDocument]) -> None:
    """Many bulk documents at once; the sweeper hears of it on commit."""
    with conn.cursor() as cursor:
        cursor.executemany(_ENSURE, [_values(document) for document in new])
    announce(conn, BULK_NOTICE)


def announce(conn: Connection, code: str) -> None:
    """PostgreSQL delivers it when, and only when, the transaction commits."""
    conn.execute("SELECT pg_notify(%s, %s)", (CHANNEL, code))


def claim(conn: Connection, code: str, lease_s: int) -> Claimed | None:
    """Takes the document for one attempt of at most `lease_s`; None when it is done, taken or out of attempts."""
    with conn.cursor(row_factory=class_row(Claimed)) as cursor:
        return cursor.execute(_CLAIM, (lease_s, code)).fetchone()


def claim_bulk(conn: Connection, portion: int, lease_s: int) -> list[Claimed]:
    """Takes the oldest bulk documents that are free, together at most `portion`; the lease is for all of them."""
    with conn.cursor(row_factory=class_row(Claimed)) as cursor:
        return cursor.execute(_CLAIM_BULK, (portion, lease_s)).fetchall()


def history(conn: Connection, account: str, period: str) -> list[tuple[str, int]]:
    """The eleven closed months before a month with what each came to, the newest first."""
    return conn.execute(_HISTORY, (account, period)).fetchall()


def give_back(conn: Connection, codes: Sequence[str]) -> None:
    """What was claimed and not begun is as if it had not been claimed."""
    conn.execute(_GIVE_BACK, (list(codes),))


def residents_wait(conn: Connection) -> bool:
    """Whether a resident waits for a document nobody has begun."""
    row = conn.execute(_RESIDENTS_WAIT).fetchone()
    return bool(row and row[0])


def finish(conn: Connection, job: Claimed, digest: str, size_bytes: int, pages: int) -> bool:
    """Marks it ready; False when another attempt took over meanwhile."""
    return conn.execute(_FINISH, (digest, size_bytes, pages, job.code, job.attempts)).rowcount == 1


def release(conn: Connection, job: Claimed, error: str) -> None:
    """Gives a failed attempt back for the sweeper to send again."""
    conn.execute(_RELEASE, (error[:200], job.code, job.attempts))


def fail(conn: Connection, job: Claimed, reason: str) -> bool:
    """Ends the document for a reason that another attempt would not change."""
    return conn.execute(_FAIL, (reason, job.code, job.attempts)).rowcount == 1


def fail_exhausted(conn: Connection) -> list[str]:
    """Ends documents that used up their attempts."""
    return [row[0] for row in conn.execute(_EXHAUSTED).fetchall()]


def overdue(conn: Connection, older_than_s: int) -> list[str]:
    """Documents a resident waits for whose message may be lost; they count as announced anew."""
    return [row[0] for row in conn.execute(_OVERDUE, (older_than_s,)).fetchall()]


def bulk_waits(conn: Connection) -> bool:
    """Whether bulk documents wait that may be made now."""
    row = conn.execute(_BULK_WAITS).fetchone()
    return bool(row and row[0])


def take_turn(conn: Connection, turns: int) -> int | None:
    """One of `turns` places at the bulk, this session's until `leave_turn` or its end; None when all are taken."""
    for turn in range(turns):
        row = conn.execute("SELECT pg_try_advisory_lock(%s, %s)", (_TURNS, turn)).fetchone()
        if row and row[0]:
            return turn
    return None


def leave_turn(conn: Connection, turn: int) -> None:
    """Frees the place."""
    conn.execute("SELECT pg_advisory_unlock(%s, %s)", (_TURNS, turn))


def erase(conn: Connection, accounts: Sequence[str]) -> None:
    """Documents with a forgotten person's name go; the sweeper removes their files."""
    conn.execute(_ERASE, (list(accounts),))


def erased(conn: Connection) -> list[tuple[str, str | None]]:
    """Codes and digests of documents whose files must go, locked."""
    return conn.execute(_ERASED).fetchall()


def delete(conn: Connection, codes: Sequence[str]) -> None:
    """Removes rows of erased documents."""
    conn.execute("DELETE FROM documents WHERE code = ANY(%s) AND state = 'erased'", (list(codes),))


def verify(conn: Connection, code: str) -> Verified | None:
    """What may be said of the document with this code, if it is ours and stands."""
    with conn.cursor(row_factory=class_row(Verified)) as cursor:
        return cursor.execute(_VERIFY, (code,)).fetchone()


def _values(new: NewDocument) -> tuple[object, ...]:
    holder = msgspec.json.encode(new.holder).decode() if new.holder else None
    return (*astuple(new.key), new.key.code, new.to_pay, new.currency, holder, new.draft, new.bulk, new.run)
