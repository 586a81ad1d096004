"""What was said: issued statements, and how payments were split, read back account by account."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import msgspec

from common.postgres import Connection
from ledger.events.said import StatementIssued

_BEHIND = "SELECT account FROM accounts WHERE account > %s ORDER BY account LIMIT %s"
_STATEMENTS = """
SELECT data, to_char(coalesce(said_at, cut_off), 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') FROM statements
WHERE account = ANY(%s) ORDER BY account, period, version
"""
_PAYMENTS = """
SELECT account, provider, reference, period, sequence,
       (min(happened_at) AT TIME ZONE 'Asia/Almaty')::date::text, jsonb_object_agg(service, amount ORDER BY line)
FROM entries WHERE account = ANY(%s) AND kind IN ('payment.received', 'advance.applied')
GROUP BY account, kind, provider, reference, period, sequence ORDER BY account, sequence, reference
"""


class Payment(NamedTuple):
    """A payment, or an advance that a close moved, with its shares by service in tiyn; `day` in Almaty."""

    account: str
    provider: str
    reference: str
    period: str
    sequence: int
    day: str
    shares: Mapping[str, int]


def accounts(conn: Connection) -> int:
    """How many accounts there are."""
    row = conn.execute("SELECT count(*) FROM accounts").fetchone()
    return int(row[0]) if row else 0


def accounts_behind(conn: Connection, after: str, limit: int) -> list[str]:
    """Accounts behind one, sorted."""
    return [row[0] for row in conn.execute(_BEHIND, (after, limit)).fetchall()]


def statements(conn: Connection, accounts: Sequence[str]) -> list[tuple[StatementIssued, str]]:
    """Issued statements, and when each was said."""
    rows = conn.execute(_STATEMENTS, (list(accounts),)).fetchall()
    return [(msgspec.json.decode(data, type=StatementIssued), at) for data, at in rows]


def payments(conn: Connection, accounts: Sequence[str]) -> list[Payment]:
    """Payments and applied advances."""
    return [Payment(*row) for row in conn.execute(_PAYMENTS, (list(accounts),)).fetchall()]
