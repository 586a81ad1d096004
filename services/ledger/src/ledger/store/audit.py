"""The whole projection in a canonical form, for digests, and the sums that must agree, for verify."""

from collections.abc import Iterator
from typing import Any, LiteralString

from psycopg.rows import dict_row

from common.postgres import Connection

# One row per posting, brought-on balance, statement line, change of base data and reading, in an order any reader can
# rebuild. Ids, names and times of recording are left out: the accounts log alone determines the rest.
CANONICAL: dict[str, LiteralString] = {
    "entry": """
        SELECT account, period, sequence, line, kind::text, part::text, service, amount, provider, reference,
               for_period, detail::jsonb
        FROM entries ORDER BY account COLLATE "C", period, sequence, line
    """,
    "opening": """
        SELECT account, period, service, amount, aged
        FROM openings ORDER BY account COLLATE "C", period, service COLLATE "C"
    """,
    "statement": """
        SELECT s.account, s.period, s.version, r ->> 'service', (r ->> 'opening')::bigint, (r ->> 'charged')::bigint,
               (r ->> 'adjusted')::bigint, (r ->> 'benefit')::bigint, (r ->> 'penalty')::bigint,
               (r ->> 'paid')::bigint, (r ->> 'closing')::bigint
        FROM statements AS s LEFT JOIN LATERAL jsonb_array_elements(s.data::jsonb -> 'rows') AS r ON true
        ORDER BY s.account COLLATE "C", s.period, s.version, r ->> 'service' COLLATE "C"
    """,
    "change": """
        SELECT account, sequence, kind, holds_from::text, data::jsonb
        FROM changes ORDER BY account COLLATE "C", sequence
    """,
    "reading": """
        SELECT account, meter, taken_on::text, sequence, value, source
        FROM readings ORDER BY account COLLATE "C", meter COLLATE "C", taken_on, sequence
    """,
}

# Each query answers the accounts and months where two ways to the same sum differ.
DISAGREEMENTS: dict[str, LiteralString] = {
    "a statement's totals are not the sums of its entries": """
        SELECT s.account, s.period FROM statements AS s LEFT JOIN LATERAL (
            SELECT coalesce(sum(amount) FILTER (WHERE part = 'charged'), 0) AS charged,
                   coalesce(sum(amount) FILTER (WHERE part = 'adjusted'), 0) AS adjusted,
                   coalesce(sum(amount) FILTER (WHERE part = 'benefit'), 0) AS benefit,
                   coalesce(sum(amount) FILTER (WHERE part = 'penalty'), 0) AS penalty,
                   coalesce(sum(amount) FILTER (WHERE part = 'paid'), 0) AS paid
            FROM entries AS e WHERE e.account = s.account AND e.period = s.period) AS e ON true
        WHERE s.version = 1 AND (s.charged, s.adjusted, s.benefit, s.penalty, s.paid)
            IS DISTINCT FROM (e.charged, e.adjusted, e.benefit, e.penalty, e.paid)
    """,
    "a closing balance is not what the next month was opened with": """
        SELECT s.account, s.period FROM statements AS s LEFT JOIN LATERAL (
            SELECT coalesce(sum(o.amount), 0) AS amount FROM openings AS o WHERE o.account = s.account
            AND o.period = to_char(to_date(s.period, 'YYYY-MM') + interval '1 month', 'YYYY-MM')) AS o ON true
        WHERE s.version = 1 AND s.closing <> o.amount
    """,
    "the ages of a debt do not add up to it": """
        SELECT account, period FROM openings WHERE greatest(amount, 0) <>
            (SELECT coalesce(sum(value::bigint), 0) FROM jsonb_each_text(aged))
    """,
    "the shares of a payment are not in one month": """
        SELECT account, min(period) FROM entries WHERE sequence > 0
        GROUP BY account, sequence HAVING count(DISTINCT period) > 1
    """,
}


def canonical_rows(conn: Connection, section: str) -> Iterator[tuple[Any, ...]]:
    """The rows of a section of CANONICAL, streamed."""
    with conn.cursor(name=f"canonical_{section}") as cursor:
        cursor.itersize = 10_000
        cursor.execute(CANONICAL[section])
        yield from cursor


def offsets(conn: Connection) -> dict[str, dict[str, int]]:
    """Where each partition of each topic is read next."""
    rows = conn.execute(
        'SELECT topic, partition, next_offset FROM consumer_offsets ORDER BY topic COLLATE "C", partition'
    ).fetchall()
    found: dict[str, dict[str, int]] = {}
    for topic, partition, offset in rows:
        found.setdefault(topic, {})[str(partition)] = offset
    return found


def disagreements(conn: Connection) -> dict[str, list[tuple[str, str]]]:
    """For every check of DISAGREEMENTS the accounts and months that fail it; empty when the books agree."""
    found = {check: conn.execute(query).fetchmany(100) for check, query in DISAGREEMENTS.items()}
    return {check: rows for check, rows in found.items() if rows}


def account_of(conn: Connection, number: str) -> str | None:
    """The account known by a number."""
    row = conn.execute("SELECT account FROM numbers WHERE number = %s", (number,)).fetchone()
    return row[0] if row else None


def trace(conn: Connection, topic: str, account: str) -> dict[str, Any]:
    """An account's way through the ledger: its log's head, its rows, its statements."""
    queries: dict[str, tuple[LiteralString, tuple[str, ...]]] = {
        "account": ("SELECT * FROM accounts WHERE account = %s", (account,)),
        "log": (
            "SELECT version, last_id, parked_at, reason FROM stream_heads WHERE topic = %s AND key = %s",
            (topic, account),
        ),
        "offset": (
            """SELECT o.topic, o.partition, o.next_offset, o.updated_at FROM consumer_offsets AS o
               JOIN accounts AS a ON a.partition = o.partition WHERE o.topic = %s AND a.account = %s""",
            (topic, account),
        ),
        "changes": ("SELECT * FROM changes WHERE account = %s ORDER BY sequence", (account,)),
        "entries": ("SELECT * FROM entries WHERE account = %s ORDER BY period, sequence, line", (account,)),
        "statements": (
            """SELECT period, version, id, position, cut_off, closing, to_pay, hash FROM statements
               WHERE account = %s ORDER BY period, version""",
            (account,),
        ),
        "waiting closes": ("SELECT * FROM queued_closes WHERE account = %s", (account,)),
    }
    return {name: _dicts(conn, query, values) for name, (query, values) in queries.items()}


def _dicts(conn: Connection, query: LiteralString, values: tuple[str, ...]) -> list[dict[str, Any]]:
    with conn.cursor(row_factory=dict_row) as cursor:
        return cursor.execute(query, values).fetchall()
