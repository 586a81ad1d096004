"""Held facts: good rows without a place in a stream, waiting for an operator's word."""

import json
from collections.abc import Collection, Iterable, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from psycopg.rows import class_row, dict_row

from common.period import Period
from common.postgres import Connection, copy_rows
from provider_sync.domain.decided import Held
from provider_sync.domain.tally import Counted

Rows = list[dict[str, Any]]

_BATCH = """
INSERT INTO held_batches AS b (provider, correlation, scopes, whole, atomic, held_at)
VALUES (%(provider)s, %(correlation)s, %(scopes)s, %(whole)s, %(atomic)s, %(at)s)
ON CONFLICT (provider, correlation)
DO UPDATE SET whole = b.whole OR excluded.whole, atomic = b.atomic OR excluded.atomic RETURNING id
"""
_IS_WHOLE = "SELECT whole FROM held_batches WHERE provider = %s AND correlation = %s"
_DOUBTS = "SELECT reference, code, params FROM held WHERE provider = %s AND reference = ANY(%s)"
_COUNT = "SELECT count(*) FROM held WHERE state = 'held'"
_LOCK = """
SELECT h.id, h.batch, p.id AS provider, h.reference, h.account, h.content, h.state, b.scopes, b.atomic
FROM held AS h JOIN held_batches AS b ON b.id = h.batch JOIN providers AS p ON p.no = h.provider
WHERE h.id = ANY(%s) ORDER BY h.id FOR UPDATE OF h
"""
_WAITING_OF = "SELECT id FROM held WHERE batch = %s AND state = 'held' ORDER BY id"
_DECIDE = """
UPDATE held SET state = %(state)s, decided_at = %(at)s, decided_by = %(who)s, reason = %(reason)s
WHERE id = ANY(%(ids)s)
"""
_REFUSED = """
UPDATE said AS s SET version = -1 FROM held AS h
WHERE h.id = ANY(%s) AND s.provider = h.provider AND s.reference = h.reference
"""
_LIST = """
SELECT h.id, h.batch, p.id AS provider, h.reference, h.account, h.content::json ->> 'kind' AS kind,
    h.content::json ->> 'service' AS service, h.content::json ->> 'period' AS period,
    (h.content::json ->> 'amount')::bigint AS amount, h.code, h.params, b.held_at, h.state, h.decided_at, h.decided_by,
    h.reason
FROM held AS h JOIN held_batches AS b ON b.id = h.batch JOIN providers AS p ON p.no = h.provider
"""
_BATCHES = """
SELECT b.id AS batch, b.provider, b.correlation, b.whole AS one_decision, b.held_at, count(*) AS rows,
    coalesce(sum((h.content::json ->> 'amount')::bigint), 0)::bigint AS amount,
    string_agg(DISTINCT h.code, ', ') AS rules
FROM held AS h JOIN held_batches AS b ON b.id = h.batch WHERE h.state = 'held' GROUP BY b.id ORDER BY b.id LIMIT %s
"""
_OF_MONTH = """
SELECT coalesce(content::json ->> 'service', ''), count(*), sum((content::json ->> 'amount')::bigint)::bigint
FROM held WHERE state = 'held' AND provider = (SELECT no FROM providers WHERE id = %(provider)s)
    AND (content::json ->> 'kind' = 'charge.posted' AND content::json ->> 'period' = %(period)s
        OR content::json ->> 'kind' = 'payment.received'
        AND to_char((content::json ->> 'paid_at')::timestamptz AT TIME ZONE 'Asia/Almaty', 'YYYY-MM') = %(period)s)
GROUP BY 1
"""
_FATE = """
SELECT h.code, h.params, h.state, h.reason, h.content::json ->> 'kind'
FROM held AS h JOIN providers AS p ON p.no = h.provider WHERE p.id = %s AND h.reference = %s
"""
_OF_UPLOAD = """
SELECT h.id, h.reference, h.account, h.state, h.code, h.params, h.reason
FROM held AS h JOIN held_batches AS b ON b.id = h.batch
WHERE b.provider = %s AND b.correlation = %s AND h.id > %s ORDER BY h.id LIMIT 1000
"""


class HeldFact(NamedTuple):
    """A locked row: `content` is the encoded fact, `scopes` what its sender's key allowed."""

    id: int
    batch: int
    provider: str
    reference: str
    account: str
    content: str
    state: str
    scopes: list[str]
    atomic: bool


class HeldRow(NamedTuple):
    """A held fact as its sender is told of it: the rule with its parameters, the state, an operator's reason."""

    id: int
    reference: str
    account: str
    state: str
    code: str
    params: dict[str, Any]
    reason: str | None


class Fate(NamedTuple):
    """What became of a held fact: the rule, the state, and the operator's reason once it is decided."""

    code: str
    params: dict[str, Any]
    state: str
    reason: str | None
    kind: str


def add(conn: Connection, provider_no: int, batch: dict[str, Any], held: Iterable[Held]) -> None:
    """Puts facts aside under their batch: provider, correlation, scopes, whole, atomic, at."""
    row = conn.execute(_BATCH, batch).fetchone()
    ident = row[0] if row else 0
    rows = (
        (ident, provider_no, h.reference, h.account, h.content, h.doubt.code, json.dumps(h.doubt.params, default=str))
        for h in held
    )
    with conn.cursor() as cursor:
        copy_rows(cursor, "held (batch, provider, reference, account, content, code, params)", rows)


def is_whole(conn: Connection, provider: str, correlation: str) -> bool:
    """Whether an earlier part of the batch became one decision."""
    row = conn.execute(_IS_WHOLE, (provider, correlation)).fetchone()
    return bool(row and row[0])


def doubts(conn: Connection, provider_no: int, references: Collection[str]) -> list[tuple[str, str, dict[str, Any]]]:
    """Reference, code and params of held facts."""
    return conn.execute(_DOUBTS, (provider_no, list(references))).fetchall()


def waiting(conn: Connection) -> int:
    """How many facts are held."""
    row = conn.execute(_COUNT).fetchone()
    return int(row[0]) if row else 0


def lock(conn: Connection, ids: Sequence[int]) -> list[HeldFact]:
    """Locks held facts, sorted: before the calendar, so that two operators decide one after the other."""
    with conn.cursor(row_factory=class_row(HeldFact)) as cursor:
        return cursor.execute(_LOCK, (list(ids),)).fetchall()


def waiting_of(conn: Connection, batch: int) -> list[int]:
    """Facts of a batch that still wait."""
    return [row[0] for row in conn.execute(_WAITING_OF, (batch,)).fetchall()]


def decide(conn: Connection, ids: Sequence[int], state: str, at: datetime, who: str, reason: str) -> None:
    """Writes an operator's word down; a refused reference stays taken for ever."""
    conn.execute(_DECIDE, {"ids": list(ids), "state": state, "at": at, "who": who, "reason": reason})
    if state == "refused":
        conn.execute(_REFUSED, (list(ids),))


def listed(conn: Connection, limit: int, batch: int | None, state: str) -> Rows:
    """Held facts, the oldest first; amounts in tiyn."""
    where = "WHERE h.state = %s AND (%s::bigint IS NULL OR h.batch = %s) ORDER BY h.id LIMIT %s"
    return _rows(conn, _LIST + where, (state, batch, batch, limit))


def one(conn: Connection, ident: int) -> dict[str, Any] | None:
    """One held fact, with its content."""
    found = _rows(conn, _LIST.replace("h.reason\n", "h.reason, h.content\n") + "WHERE h.id = %s", (ident,))
    return found[0] if found else None


def batches(conn: Connection, limit: int) -> Rows:
    """Batches with facts that wait."""
    return _rows(conn, _BATCHES, (limit,))


def of_month(conn: Connection, provider: str, period: Period) -> dict[str, Counted]:
    """A sender's held charges of a month by service, and its held payments under no service."""
    rows = conn.execute(_OF_MONTH, {"provider": provider, "period": period}).fetchall()
    return {service: Counted(count, total) for service, count, total in rows}


def fate(conn: Connection, provider: str, reference: str) -> Fate | None:
    """What became of a sender's held fact."""
    row = conn.execute(_FATE, (provider, reference)).fetchone()
    return Fate(*row) if row else None


def of_upload(conn: Connection, provider: str, correlation: str, after: int) -> list[HeldRow]:
    """A page of an upload's held rows behind an id."""
    with conn.cursor(row_factory=class_row(HeldRow)) as cursor:
        return cursor.execute(_OF_UPLOAD, (provider, correlation, after)).fetchall()


def _rows(conn: Connection, query: str, params: tuple[Any, ...]) -> Rows:
    with conn.cursor(row_factory=dict_row) as cursor:
        return cursor.execute(query.encode(), params).fetchall()
