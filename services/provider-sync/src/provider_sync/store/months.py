"""The months' desk: requests to close, what is missing, and what a month looks like beside the last one."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from psycopg import sql
from psycopg.rows import class_row, dict_row

from common.period import Period
from common.postgres import Connection, texts

Rows = list[dict[str, Any]]

_ASK = """
INSERT INTO close_requests (period, asked_by, asked_at, reason) VALUES (%s, %s, %s, %s)
ON CONFLICT (period) DO UPDATE SET asked_by = excluded.asked_by, asked_at = excluded.asked_at, reason = excluded.reason
"""
_ASKED = (
    "SELECT period, asked_by, asked_at, reason FROM close_requests WHERE %(period)s IN ('', period) ORDER BY period"
)
_TAKE_BACK = "DELETE FROM close_requests WHERE period = %s"
# Who charges is expected to say that this was all; payment agents are not: their money comes every day of the year.
_EXPECTED = """
SELECT DISTINCT p.id, t.service FROM tallies AS t JOIN providers AS p ON p.no = t.provider
WHERE t.period = ANY(%s) AND t.kind = 'charge.posted' ORDER BY 1, 2
"""
_UNDER_WAY = """
SELECT id, provider, state, coalesce(batch, '') AS batch, total AS rows, received_at FROM uploads
WHERE state IN ('received', 'checking', 'appending') ORDER BY received_at
"""
_UNMATCHED = """
SELECT count(*), coalesce(sum((content::json ->> 'amount')::bigint), 0)::bigint FROM unmatched
WHERE matched_at IS NULL AND returned_at IS NULL AND content::json ->> 'kind' = 'payment.received'
"""
_PARKED = "SELECT account, reason, since, position FROM parked_accounts ORDER BY since, account LIMIT 1000"
_BESIDE = """
SELECT p.id AS provider, t.service, t.kind, t.period, sum(t.count)::bigint AS facts, sum(t.sum)::bigint AS sum
FROM tallies AS t JOIN providers AS p ON p.no = t.provider
WHERE t.period = ANY(%s) GROUP BY 1, 2, 3, 4
"""
# Reads the whole history once: some seconds for a city, asked once a month.
_JUMPS = """
SELECT h.account, s.id AS service, h.{before}::bigint * 100 AS before, h.{now}::bigint * 100 AS now
FROM history AS h JOIN service_numbers AS s ON s.no = h.service
WHERE h.last = %(index)s AND h.{now} IS NOT NULL AND h.{before} IS NOT NULL AND h.{now} <> h.{before}
ORDER BY abs(h.{now}::bigint - h.{before}) DESC, h.account, s.id LIMIT %(limit)s
"""
# A sample that is the same for whoever looks, and another one every month.
_SAMPLE = """
SELECT account FROM (SELECT DISTINCT account FROM history WHERE last = %(index)s) AS charged
ORDER BY md5(account || %(period)s), account LIMIT %(limit)s
"""
_VERSION = """
INSERT INTO reissues AS r (account, period, version) SELECT account, %s, 2 FROM unnest(%s::text[]) AS g (account)
ON CONFLICT (account, period) DO UPDATE SET version = r.version + 1 RETURNING account, version
"""


class Asked(NamedTuple):
    """A request to close a month; `reason` says why in spite of what is missing, or is empty."""

    period: Period
    asked_by: str
    asked_at: datetime
    reason: str


def ask(conn: Connection, asked: Asked) -> None:
    """Stores a request, in the place of an earlier one."""
    conn.execute(_ASK, asked)


def asked(conn: Connection, period: str = "") -> list[Asked]:
    """Requests that wait for a second operator."""
    with conn.cursor(row_factory=class_row(Asked)) as cursor:
        return cursor.execute(_ASKED, {"period": period}).fetchall()


def take_back(conn: Connection, period: Period) -> bool:
    """Removes a request; False when there is none."""
    return conn.execute(_TAKE_BACK, (period,)).rowcount == 1


def expected(conn: Connection, periods: Sequence[str]) -> list[tuple[str, str]]:
    """Provider and service of all charges in these months."""
    return [(provider, service) for provider, service in conn.execute(_EXPECTED, (list(periods),)).fetchall()]


def under_way(conn: Connection) -> Rows:
    """Uploads that are not at their end."""
    return _rows(conn, _UNDER_WAY, ())


def unmatched(conn: Connection) -> tuple[int, int]:
    """Payments that wait for an account: how many, and their sum in tiyn."""
    row = conn.execute(_UNMATCHED).fetchone()
    return (row[0], row[1]) if row else (0, 0)


def parked(conn: Connection) -> Rows:
    """Accounts that the ledger says stand still: their statements wait with them."""
    return _rows(conn, _PARKED, ())


def beside(conn: Connection, periods: Sequence[str]) -> Rows:
    """Counts and sums of months by provider, service and kind."""
    return _rows(conn, _BESIDE, (list(periods),))


def jumps(conn: Connection, period: Period, limit: int) -> Rows:
    """The largest differences to the month before, by account and service, in tiyn of whole tenge."""
    month = int(period[5:])
    columns = {"now": sql.Identifier(f"m{month}"), "before": sql.Identifier(f"m{(month - 2) % 12 + 1}")}
    with conn.cursor(row_factory=dict_row) as cursor:
        values = {"index": index_of(period), "limit": limit}
        return cursor.execute(sql.SQL(_JUMPS).format(**columns), values).fetchall()


def sample(conn: Connection, period: Period, limit: int) -> list[str]:
    """Accounts charged in the month, picked by chance that is the same for everybody."""
    values = {"index": index_of(period), "period": period, "limit": limit}
    return [row[0] for row in conn.execute(_SAMPLE, values).fetchall()]


def index_of(period: str) -> int:
    """The month as the history counts it."""
    return int(period[:4]) * 12 + int(period[5:]) - 1


def next_versions(conn: Connection, period: Period, accounts: Sequence[str]) -> Mapping[str, int]:
    """The version that each account's statement of the month gets now."""
    return dict(conn.execute(_VERSION, (period, texts(accounts))).fetchall())


def _rows(conn: Connection, query: str, params: tuple[Any, ...]) -> Rows:
    with conn.cursor(row_factory=dict_row) as cursor:
        return cursor.execute(query.encode(), params).fetchall()
