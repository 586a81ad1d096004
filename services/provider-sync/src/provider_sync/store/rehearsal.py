"""The past in its order, and tables of the session in place of the gate's own."""

from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from common.envelope import full_type
from common.postgres import Connection
from provider_sync.config import SERVICE
from provider_sync.store.references import short_kind

_KINDS = ("charge.posted", "charge.adjusted", "charge.reversed", "account.opened", "account.residents-changed")
_TYPES = [full_type(SERVICE, kind) for kind in _KINDS]
# A name without a schema means the session's own table before ours.
_BEGIN = """
CREATE TEMPORARY TABLE history (LIKE history INCLUDING ALL) ON COMMIT DROP;
CREATE TEMPORARY TABLE homes (LIKE homes INCLUDING ALL) ON COMMIT DROP;
CREATE TEMPORARY TABLE tallies (LIKE tallies INCLUDING ALL) ON COMMIT DROP;
CREATE TEMPORARY TABLE held_batches (provider text, correlation text, whole boolean) ON COMMIT DROP;
"""
# The provider stands in the source; facts of one transaction share the moment they were recorded.
_PAST = """
SELECT stream_id, type, split_part(source, '/', 3), correlation_id, recorded_at::text, data FROM events
WHERE type = ANY(%s) ORDER BY recorded_at, correlation_id, source, id
"""
_OF = """
SELECT stream_id, type, split_part(source, '/', 3), correlation_id, recorded_at::text, data FROM events
WHERE stream_id = ANY(%s) AND type = ANY(%s) ORDER BY stream_id, version
"""
_ACCOUNTS = """
SELECT number FROM numbers WHERE number > %s AND NOT alias AND version > 0 ORDER BY number LIMIT %s
"""
_HOW_MANY = "SELECT count(*) FROM numbers WHERE NOT alias AND version > 0"
_TALLY = """
INSERT INTO tallies (batch, provider, kind, service, period, count, sum)
SELECT %s, no, 'charge.posted', %s, %s, 0, %s FROM providers WHERE id = %s
"""


class Past(NamedTuple):
    """A stored fact: account id, kind, provider, the batch and moment it came with, its data."""

    account: str
    kind: str
    provider: str
    correlation: str
    at: str
    data: str


def begin(conn: Connection) -> None:
    """Puts empty tables of the session in place of the gate's, until the transaction ends."""
    conn.execute("SET LOCAL statement_timeout = 0")
    conn.execute("SET LOCAL idle_in_transaction_session_timeout = 0")
    conn.execute(_BEGIN)


def past(conn: Connection) -> Iterator[Past]:
    """All that the gate learns from, in the order it came; read piece by piece."""
    conn.execute("SET LOCAL statement_timeout = 0")
    conn.execute("SET LOCAL idle_in_transaction_session_timeout = 0")
    with conn.cursor(name="past") as cursor:
        cursor.itersize = 20_000
        cursor.execute(_PAST, (_TYPES,))
        for account, type_, *more in cursor:
            yield Past(account, short_kind(type_), *more)


def past_of(conn: Connection, accounts: Sequence[str]) -> Iterator[Past]:
    """The same of a few accounts, in the order of their streams."""
    for account, type_, *more in conn.execute(_OF, (list(accounts), _TYPES)):
        yield Past(account, short_kind(type_), *more)


def accounts(conn: Connection, after: str, limit: int) -> list[str]:
    """Ids of accounts with facts, behind one of them."""
    return [row[0] for row in conn.execute(_ACCOUNTS, (after, limit)).fetchall()]


def how_many(conn: Connection) -> int:
    """How many accounts have facts."""
    row = conn.execute(_HOW_MANY).fetchone()
    return int(row[0]) if row else 0


def note(
    conn: Connection, provider: str, correlation: str, sums: Mapping[tuple[str, str], Mapping[str, int]], *, whole: bool
) -> None:
    """Counts what a batch charged, and keeps whether it was one decision."""
    for (service, period), accounts in sums.items():
        conn.execute(_TALLY, (correlation, service, period, sum(accounts.values()), provider))
    if whole:
        conn.execute("INSERT INTO held_batches VALUES (%s, %s, true)", (provider, correlation))
