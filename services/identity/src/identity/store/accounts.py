"""What identity knows of accounts: numbers, payments, handovers; all inserts are sets, so a repeat changes nothing."""

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from common.money import Tiyn
from common.postgres import Connection
from identity.domain.proof import Handover, Payment
from identity.projections import Rows

_ACCOUNTS = "INSERT INTO accounts (account) SELECT unnest(%s::text[]) ON CONFLICT DO NOTHING"
_CLOSED = "UPDATE accounts SET closed = true WHERE account = ANY(%s) AND NOT closed"
_NUMBERS = """
INSERT INTO account_numbers (number, account, sequence)
SELECT * FROM unnest(%s::text[], %s::text[], %s::int[]) ON CONFLICT DO NOTHING
"""
_PAYMENTS = """
INSERT INTO payments (account, sequence, provider, reference, day, amount, arrived_at)
SELECT * FROM unnest(%s::text[], %s::int[], %s::text[], %s::text[], %s::date[], %s::bigint[], %s::timestamptz[])
ON CONFLICT DO NOTHING
"""
_REVERSALS = """
INSERT INTO payment_reversals (account, provider, reference)
SELECT * FROM unnest(%s::text[], %s::text[], %s::text[]) ON CONFLICT DO NOTHING
"""


def remember(conn: Connection, rows: Rows) -> None:
    """Stores what was heard, except handovers."""
    conn.execute(_ACCOUNTS, (sorted(rows.accounts),))
    _insert(conn, _NUMBERS, rows.numbers)
    _insert(conn, _PAYMENTS, rows.payments)
    _insert(conn, _REVERSALS, rows.reversals)
    if rows.closed:
        conn.execute(_CLOSED, (sorted(rows.closed),))


def _insert(conn: Connection, query: str, rows: Sequence[tuple[object, ...]]) -> None:
    if rows:
        conn.execute(query.encode(), [list(column) for column in zip(*sorted(rows), strict=True)])


_HANDOVERS = """
WITH given AS (SELECT * FROM unnest(%s::text[], %s::int[], %s::date[]) AS given(account, sequence, day)),
     news AS (
        INSERT INTO handovers (account, sequence) SELECT account, sequence FROM given ORDER BY 1, 2
        ON CONFLICT DO NOTHING RETURNING account, sequence),
     latest AS (
        SELECT account, max(sequence) AS sequence, max(day) AS day FROM given JOIN news USING (account, sequence)
        GROUP BY account)
UPDATE accounts AS a
SET handover_sequence = greatest(a.handover_sequence, latest.sequence),
    handover_day = greatest(a.handover_day, latest.day)
FROM latest WHERE a.account = latest.account
RETURNING a.account
"""
_VOID_LINKS = """
SELECT l.user_id, l.account FROM links AS l JOIN accounts AS a USING (account)
WHERE a.account = ANY(%s) AND (l.proof_sequence < a.handover_sequence OR l.proof_day < a.handover_day)
ORDER BY l.user_id, l.account
"""


def hand_over(conn: Connection, rows: Rows) -> list[tuple[str, str]]:
    """Stores handovers not heard before; returns the links (user, account) that stand on nothing now, by user."""
    if not rows.handovers:
        return []
    columns = [list(column) for column in zip(*sorted(rows.handovers), strict=True)]
    changed = [account for (account,) in conn.execute(_HANDOVERS, columns)]
    return conn.execute(_VOID_LINKS, (changed,)).fetchall()


def id_of(conn: Connection, number: str) -> str | None:
    """The account's id behind any of its numbers."""
    row = conn.execute("SELECT account FROM account_numbers WHERE number = %s", (number,)).fetchone()
    return row[0] if row else None


class Standing(NamedTuple):
    """What decides about new links beside the proof."""

    handover: Handover | None
    frozen: bool


# Exclusive, so that of two first links at once the second sees the first and is masked.
_HOLD = "SELECT handover_sequence, handover_day, frozen_at FROM accounts WHERE account = %s FOR NO KEY UPDATE"


def hold(conn: Connection, account: str) -> Standing:
    """Keeps handovers and other links of the account away until the transaction ends."""
    row = conn.execute(_HOLD, (account,)).fetchone()
    if row is None:
        return Standing(None, frozen=False)
    return Standing(Handover(row[0], row[1]) if row[0] is not None else None, frozen=row[2] is not None)


_FREEZE = "UPDATE accounts SET frozen_at = %s WHERE account = %s AND frozen_at IS NULL"


def freeze(conn: Connection, account: str, now: datetime) -> bool:
    """No new links until an operator has looked; False when it is frozen already or unknown."""
    return conn.execute(_FREEZE, (now, account)).rowcount > 0


def unfreeze(conn: Connection, account: str) -> bool:
    """New links are possible again; False when it was not frozen."""
    query = "UPDATE accounts SET frozen_at = NULL WHERE account = %s AND frozen_at IS NOT NULL"
    return conn.execute(query, (account,)).rowcount > 0


def frozen(conn: Connection) -> list[tuple[str, datetime]]:
    """Accounts that wait for an operator's look, the longest wait first."""
    query = "SELECT account, frozen_at FROM accounts WHERE frozen_at IS NOT NULL ORDER BY frozen_at, account"
    return conn.execute(query).fetchall()


_NEWEST = """
SELECT greatest(
    (SELECT max(sequence) FROM payments WHERE account = a.account),
    (SELECT max(sequence) FROM account_numbers WHERE account = a.account),
    a.handover_sequence, 1)
FROM accounts AS a WHERE account = %s
"""


def newest_sequence(conn: Connection, account: str) -> int | None:
    """The newest fact heard of the account; None when there is no such account."""
    row = conn.execute(_NEWEST, (account,)).fetchone()
    return row[0] if row else None


_PAID = """
SELECT p.sequence, p.day, p.amount, p.arrived_at, r.reference IS NOT NULL
FROM payments AS p LEFT JOIN payment_reversals AS r USING (account, provider, reference) WHERE p.account = %s
"""


def payments(conn: Connection, account: str) -> list[Payment]:
    """Every payment heard for the account."""
    rows = conn.execute(_PAID, (account,)).fetchall()
    return [Payment(sequence, day, Tiyn(amount), at, undone) for sequence, day, amount, at, undone in rows]


class Shown(NamedTuple):
    """An account in a cabinet."""

    account: str
    number: str
    nickname: str | None
    linked_at: str
    closed: bool
    masked_until: str | None = None


_SHOWN = """
SELECT l.account, n.number, l.nickname, to_char(l.linked_at, 'YYYY-MM-DD"T"HH24:MI:SS"Z"'), coalesce(a.closed, false),
    to_char(nullif(greatest(l.masked_until, now()), now()), 'YYYY-MM-DD"T"HH24:MI:SS"Z"')
FROM links AS l
LEFT JOIN accounts AS a USING (account)
CROSS JOIN LATERAL (
    SELECT number FROM account_numbers WHERE account = l.account ORDER BY sequence DESC, number LIMIT 1) AS n
WHERE l.user_id = %s AND (%s::text IS NULL OR l.account = %s) ORDER BY l.linked_at, l.account
"""


def shown(conn: Connection, user_id: str, account: str | None = None) -> list[Shown]:
    """The accounts of a cabinet, or the one of them, with their newest number."""
    return [Shown(*row) for row in conn.execute(_SHOWN, (user_id, account, account))]
