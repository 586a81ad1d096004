"""Account numbers, streams and their heads: found, locked in one order, moved on."""

from collections.abc import Collection, Iterable
from operator import attrgetter

from common.partitions import partition_of
from common.postgres import Connection, ints, texts
from provider_sync.domain.world import Account

_MENTION = """
INSERT INTO numbers (number, account, partition)
SELECT number, number, partition FROM unnest(%s::text[], %s::smallint[]) AS given(number, partition) ORDER BY number
ON CONFLICT DO NOTHING
"""
_PRESENT = "SELECT number FROM numbers WHERE number = ANY(%s::text[])"
# The one lock order of all transactions: by number, in the database's own collation.
_LOCK = """
SELECT number, account, alias, partition, version, standing FROM numbers
WHERE number = ANY(%(numbers)s::text[] || ARRAY(
    SELECT account FROM numbers WHERE alias AND number = ANY(%(numbers)s::text[])))
ORDER BY number FOR UPDATE
"""
_MOVE = """
UPDATE numbers AS n SET version = given.version, standing = given.standing
FROM unnest(%s::text[], %s::int[], %s::smallint[]) AS given(number, version, standing) WHERE n.number = given.number
"""
_ALIAS = """
UPDATE numbers AS n SET account = given.account, alias = true, standing = 1
FROM unnest(%s::text[], %s::text[]) AS given(number, account) WHERE n.number = given.number
"""
_HEAD = "SELECT account, version, standing FROM numbers WHERE number = %s"


class StreamMoved(Exception):
    """A number became an alias while its lock was waited for; the batch starts anew."""


def present(conn: Connection, numbers: Collection[str]) -> set[str]:
    """Those of the numbers that have a row."""
    return {row[0] for row in conn.execute(_PRESENT, (texts(numbers),)).fetchall()}


def mention(conn: Connection, numbers: Iterable[str]) -> None:
    """Makes rows for numbers that may be unknown, so that they can be locked."""
    new = sorted(numbers)
    conn.execute(_MENTION, (texts(new), ints(partition_of(number) for number in new)))


def lock(conn: Connection, numbers: Collection[str]) -> dict[str, Account]:
    """Locks the streams of `numbers` sorted, those behind aliases too; by number, unknown ones without a row absent."""
    rows = conn.execute(_LOCK, {"numbers": texts(numbers)}).fetchall()
    streams = {row[0]: Account(row[0], row[3], row[4], row[5]) for row in rows if not row[2]}
    for number, account, alias, *_ in rows:
        if alias and account not in streams:
            raise StreamMoved(number)
        if alias:
            streams[number] = streams[account]
    return streams


def move(conn: Connection, accounts: Iterable[Account]) -> None:
    """Writes the new heads of locked streams."""
    moved = sorted(accounts, key=attrgetter("id"))
    conn.execute(_MOVE, (texts([a.id for a in moved]), ints(a.version for a in moved), ints(a.standing for a in moved)))


def add_aliases(conn: Connection, aliases: dict[str, str]) -> None:
    """Number → account, for ever."""
    conn.execute(_ALIAS, (texts(aliases), texts(aliases.values())))


def head(conn: Connection, number: str) -> tuple[str, int, int] | None:
    """Account id, version and standing behind a number."""
    return conn.execute(_HEAD, (number,)).fetchone()
