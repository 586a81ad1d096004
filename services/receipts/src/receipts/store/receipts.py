"""Requests of residents. Whoever asks is checked in the very statement that reads."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from psycopg.rows import class_row

from common.postgres import Connection
from receipts.events.holder import Holder
from receipts.projections import known_holder

_COLUMNS = """
r.id, r.user_id, r.account, r.period, r.language, r.masked, r.request_digest, r.state, r.asks, r.document, r.reason,
r.created_at, d.state AS document_state, d.last_error AS document_error, d.digest, d.size_bytes, d.pages, d.ready_at
"""
_FROM = "FROM receipts AS r LEFT JOIN documents AS d ON d.code = r.document"
_SEEN = "JOIN access AS a ON a.user_id = r.user_id AND a.account = r.account"

_SUBJECT = """
SELECT a.account, coalesce(a.masked_until > now(), false) AS masked,
       h.version AS holder_version, h.name, h.address_ru, h.address_kk,
       s.version AS statement_version, s.facts_hash, s.to_pay, s.currency
FROM access AS a
LEFT JOIN holders AS h ON h.account = a.account
LEFT JOIN LATERAL (
    SELECT version, facts_hash, to_pay, currency FROM statements
    WHERE account = a.account AND period = %s ORDER BY version DESC LIMIT 1
) AS s ON true
WHERE a.user_id = %s AND a.account = %s
"""
_INSERT = """
INSERT INTO receipts (id, user_id, account, period, language, masked, idempotency_key, request_digest, after, state)
VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, 'waiting') ON CONFLICT (user_id, idempotency_key) DO NOTHING
"""
_UNFINISHED = """
SELECT count(*) FROM receipts AS r LEFT JOIN documents AS d ON d.code = r.document
WHERE r.user_id = %s AND r.created_at > now() - interval '1 hour'
  AND (r.state = 'waiting' OR r.state = 'linked' AND d.state IN ('queued', 'rendering'))
"""
_ASK = """
UPDATE receipts SET asks = asks + 1, deadline = coalesce(deadline, now() + make_interval(secs => %s))
WHERE id = %s RETURNING asks, after
"""
_ASKED = f"SELECT {_COLUMNS} {_FROM} WHERE r.id = %s AND r.asks = %s AND r.state = 'waiting' FOR UPDATE OF r"
_WAITING = f"""
SELECT {_COLUMNS} {_FROM} JOIN unnest(%s::text[], %s::text[]) AS g(account, period)
  ON r.account = g.account AND r.period = g.period
WHERE r.state = 'waiting' ORDER BY r.id FOR UPDATE OF r
"""
_LATE = """
UPDATE receipts SET state = 'failed', reason = 'no-answer'
WHERE id IN (SELECT id FROM receipts WHERE state = 'waiting' AND deadline < now() ORDER BY id LIMIT 500 FOR UPDATE)
RETURNING id
"""


@dataclass(frozen=True)
class Subject:
    """What a request is about, as the asking user may see it."""

    account: str
    masked: bool
    holder_version: int | None
    name: str | None
    address_ru: str | None
    address_kk: str | None
    statement_version: int | None
    facts_hash: str | None
    to_pay: int | None
    currency: str | None

    @property
    def holder(self) -> Holder | None:
        """The holder, when provider-sync stated one and did not erase it since."""
        return known_holder(self.account, self.holder_version, self.name, self.address_ru, self.address_kk)


@dataclass(frozen=True)
class Receipt:
    """A request and how far its document is."""

    id: UUID
    user_id: str
    account: str
    period: str
    language: str
    masked: bool
    request_digest: str
    state: str
    asks: int
    document: str | None
    reason: str | None
    created_at: datetime
    document_state: str | None
    document_error: str | None
    digest: str | None
    size_bytes: int | None
    pages: int | None
    ready_at: datetime | None

    @property
    def progress(self) -> str:
        """queued, rendering, ready or failed."""
        if self.state != "linked":
            return "queued" if self.state == "waiting" else "failed"
        return "failed" if self.document_state in (None, "erased") else str(self.document_state)

    @property
    def failure(self) -> str | None:
        """The reason's code when there will be no document."""
        if self.progress != "failed":
            return None
        return self.reason or self.document_error or "erased"


@dataclass(frozen=True)
class NewReceipt:
    """A request about to be stored."""

    id: UUID
    user: str
    account: str
    period: str
    language: str
    key: str
    digest: str
    after: Sequence[str]


def subject(conn: Connection, user: str, account: str, period: str) -> Subject | None:
    """The account's month for this user; None when the user may not see the account or there is none."""
    with conn.cursor(row_factory=class_row(Subject)) as cursor:
        return cursor.execute(_SUBJECT, (period, user, account)).fetchone()


def insert(conn: Connection, new: NewReceipt, masked: bool) -> bool:
    """Stores a request; False when this key was used before."""
    values = (new.id, new.user, new.account, new.period, new.language, masked, new.key, new.digest, list(new.after))
    return conn.execute(_INSERT, values).rowcount == 1


def by_key(conn: Connection, user: str, key: str) -> Receipt | None:
    """The request an Idempotency-Key was used for."""
    return _one(conn, f"SELECT {_COLUMNS} {_FROM} WHERE r.user_id = %s AND r.idempotency_key = %s", (user, key))


def seen(conn: Connection, user: str, ident: UUID) -> Receipt | None:
    """The user's own request, as long as the account is still theirs to see."""
    return _one(conn, f"SELECT {_COLUMNS} {_FROM} {_SEEN} WHERE r.user_id = %s AND r.id = %s", (user, ident))


def unfinished(conn: Connection, user: str) -> int:
    """How many of the user's documents are in the making."""
    row = conn.execute(_UNFINISHED, (user,)).fetchone()
    return row[0] if row else 0


def ask(conn: Connection, ident: UUID, deadline_s: int) -> tuple[int, list[str]]:
    """Counts one more question to the ledger; answers its number and the positions to wait for."""
    row = conn.execute(_ASK, (deadline_s, ident)).fetchone()
    if row is None:
        raise LookupError(f"no receipt {ident}")
    return row[0], row[1]


def asked(conn: Connection, ident: UUID, number: int) -> Receipt | None:
    """The request that waits for the answer to exactly this question, locked."""
    return _one(conn, _ASKED, (ident, number))


def waiting_for(conn: Connection, months: Sequence[tuple[str, str]]) -> list[Receipt]:
    """Requests that wait for a draft of these accounts and periods, locked."""
    accounts, periods = [m[0] for m in months], [m[1] for m in months]
    with conn.cursor(row_factory=class_row(Receipt)) as cursor:
        return cursor.execute(_WAITING, (accounts, periods)).fetchall()


def link(conn: Connection, ident: UUID, document: str) -> None:
    """Names the request's document."""
    conn.execute("UPDATE receipts SET state = 'linked', document = %s WHERE id = %s", (document, ident))


def fail(conn: Connection, ident: UUID, reason: str) -> None:
    """Ends the request with a stated reason."""
    conn.execute("UPDATE receipts SET state = 'failed', reason = %s WHERE id = %s", (reason, ident))


def fail_late(conn: Connection) -> list[Receipt]:
    """Ends requests whose question was not answered in time."""
    late = [row[0] for row in conn.execute(_LATE).fetchall()]
    return _many(conn, f"SELECT {_COLUMNS} {_FROM} WHERE r.id = ANY(%s)", (late,))


def linked_to(conn: Connection, documents: Sequence[str]) -> list[Receipt]:
    """The requests of these documents."""
    query = f"SELECT {_COLUMNS} {_FROM} WHERE r.document = ANY(%s) AND r.state = 'linked' ORDER BY r.id"
    return _many(conn, query, (list(documents),))


def _one(conn: Connection, query: str, values: Sequence[Any]) -> Receipt | None:
    found = _many(conn, query, values)
    return found[0] if found else None


def _many(conn: Connection, query: str, values: Sequence[Any]) -> list[Receipt]:
    with conn.cursor(row_factory=class_row(Receipt)) as cursor:
        return cursor.execute(query, values).fetchall()
