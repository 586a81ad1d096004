"""Queries of the operators' desk: rows as dictionaries in the order they are shown."""

from collections.abc import Mapping
from typing import Any

from psycopg.rows import dict_row

from common.eventstore import IN_A_PACK
from common.postgres import Connection

Rows = list[dict[str, Any]]

_PROVIDERS = """
SELECT p.id, CASE WHEN p.agent THEN 'agent' ELSE 'provider' END AS is, d.body ->> 'name_ru' AS name_ru,
    d.body ->> 'name_kk' AS name_kk,
    (SELECT count(*) FROM api_keys AS k WHERE k.owner = p.id AND k.revoked_at IS NULL
        AND (k.expires_at IS NULL OR k.expires_at > now())) AS live_keys
FROM providers AS p LEFT JOIN directory AS d ON d.entity = 'provider/' || p.id ORDER BY p.id
"""
_SERVICES = """
SELECT substr(entity, 9) AS id, body ->> 'provider' AS provider, body ->> 'name_ru' AS name_ru,
    body ->> 'name_kk' AS name_kk, (body ->> 'order')::int AS "order"
FROM directory WHERE entity LIKE 'service/%%' ORDER BY 5, 1
"""
_DIRECTORY = """
SELECT body FROM directory WHERE entity LIKE %s ORDER BY (body ->> 'order')::int NULLS LAST, entity
"""
_AUDIT = """
SELECT id, at, who, act, subject, why, detail FROM audit
WHERE (%(who)s::text IS NULL OR who = %(who)s OR who = 'operator/' || %(who)s)
    AND (%(act)s::text IS NULL OR starts_with(act, %(act)s))
    AND (%(subject)s::text IS NULL OR subject = %(subject)s) AND (%(since)s::timestamptz IS NULL OR at >= %(since)s)
ORDER BY id DESC LIMIT %(limit)s
"""
_UNMATCHED = """
SELECT q.number, p.id AS provider, q.reference, (q.content::json ->> 'amount')::bigint AS amount,
    q.content::json ->> 'paid_at' AS paid_at, q.received_at, u.reference IS NOT NULL AS reversed
FROM unmatched AS q JOIN providers AS p ON p.no = q.provider
LEFT JOIN undone AS u ON u.provider = q.provider AND u.reference = q.reference
WHERE q.matched_at IS NULL AND q.returned_at IS NULL AND q.content::json ->> 'kind' = 'payment.received'
ORDER BY q.id LIMIT %s
"""
_TRACE = f"""
SELECT e.version AS sequence, split_part(e.type, 'provider-sync.', 2) AS event,
    e.data::json ->> 'provider' AS provider, e.data::json ->> 'reference' AS reference,
    e.data::json ->> 'posting_period' AS month,
    (e.data::json ->> 'amount')::bigint AS tiyn, e.occurred_at, e.recorded_at,
    NOT EXISTS (SELECT FROM outbox AS o WHERE o.key = e.stream_id AND o.version = e.version)
    AND NOT {IN_A_PACK} AS sent, e.id::text AS id
FROM events AS e
WHERE e.stream_id = %s ORDER BY e.version LIMIT %s
"""


def providers(conn: Connection) -> Rows:
    """Senders."""
    return _rows(conn, _PROVIDERS, ())


def services(conn: Connection) -> Rows:
    """Services in the order of the bill."""
    return _rows(conn, _SERVICES, ())


def directory(conn: Connection, kind: str) -> Rows:
    """Reference data of a kind, services in the order of the bill."""
    return [row[0] for row in conn.execute(_DIRECTORY, (f"{kind}/%",)).fetchall()]


def audit(conn: Connection, asked: Mapping[str, Any]) -> Rows:
    """Acts, the newest first; `asked`: who, act (a beginning), subject, since, limit."""
    with conn.cursor(row_factory=dict_row) as cursor:
        return cursor.execute(_AUDIT, asked).fetchall()


def unmatched(conn: Connection, limit: int) -> Rows:
    """Payments that wait; amounts in tiyn."""
    return _rows(conn, _UNMATCHED, (limit,))


def trace(conn: Connection, account: str, limit: int) -> Rows:
    """An account's events, the oldest first."""
    return _rows(conn, _TRACE, (account, limit))


def _rows(conn: Connection, query: str, params: tuple[Any, ...]) -> Rows:
    with conn.cursor(row_factory=dict_row) as cursor:
        return cursor.execute(query.encode(), params).fetchall()
