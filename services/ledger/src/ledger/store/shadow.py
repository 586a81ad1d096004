"""A second set of the ledger's tables beside the live one: made, compared account by account, and put in its place.

The live set is the schema `public`, the one that is filled `ledger_rebuild`, the one that was live before
`ledger_before`. All three stand in one database, so one snapshot sees them and one transaction switches them.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, LiteralString, NamedTuple

from psycopg import sql
from psycopg.types.json import Jsonb

from common.postgres import Connection
from ledger.store.audit import CANONICAL

LIVE, SHADOW, BEFORE = "public", "ledger_rebuild", "ledger_before"

# What the accounts log alone determines, and is therefore filled anew.
FILLED = frozenset({"accounts", "numbers", "postings", "details", "openings", "changes", "readings", "statements",
                    "closings", "queued_closes"})  # fmt: skip
# Rows of the accounts topic are filled anew, those of other topics come over at the switch.
BY_TOPIC = ("consumer_offsets", "stream_heads", "parked_records", "dead_letters")
# What the fold reads of others: the order of services belongs to the split rule; what was passed over stays so.
READ_BY_THE_FOLD = ("split_rules", "split_orders", "directory", "passed_over")
_OWN = frozenset({"schema_migrations"})

_TABLES = """
SELECT c.relname FROM pg_class AS c WHERE c.relnamespace = %s::regnamespace AND c.relkind IN ('r', 'p')
  AND NOT c.relispartition
"""
_COLUMNS = """
SELECT attname FROM pg_attribute WHERE attrelid = %s::regclass AND attnum > 0 AND NOT attisdropped ORDER BY attnum
"""
_KEY = """
SELECT a.attname FROM pg_index AS i JOIN pg_attribute AS a ON a.attrelid = i.indrelid AND a.attnum = ANY(i.indkey)
WHERE i.indrelid = %s::regclass AND i.indisprimary
"""
_DELETE_OTHERS = sql.SQL("""
DELETE FROM {shadow} AS s WHERE {where} AND NOT EXISTS (SELECT FROM {live} AS l WHERE {same_key} AND {same})
""")
_INSERT_NEW = sql.SQL("""
INSERT INTO {shadow} ({columns}) OVERRIDING SYSTEM VALUE
SELECT {columns} FROM {live} AS l WHERE {where} AND NOT EXISTS (SELECT FROM {shadow} AS s WHERE {same_key})
""")
_ALL = sql.SQL("true")
_EXISTS = "SELECT FROM pg_namespace WHERE nspname = %s"
_STATES = """
SELECT a.account, h.version, h.reason, a.closed_through
FROM accounts AS a LEFT JOIN stream_heads AS h ON h.topic = %s AND h.key = a.account
"""
_OFFSETS = "SELECT partition, next_offset FROM consumer_offsets WHERE topic = %s ORDER BY partition"
_MISSING = """
SELECT s.data FROM ledger_rebuild.statements AS s LEFT JOIN public.statements AS l USING (account, period, version)
WHERE l.account IS NULL ORDER BY s.account, s.period, s.version
"""
# An issued statement is never changed, whatever was rebuilt: names and requisites on it are those of its day.
_KEEP_ISSUED = """
UPDATE ledger_rebuild.statements AS s
SET id = l.id, position = l.position, cut_off = l.cut_off, opening = l.opening, charged = l.charged,
    adjusted = l.adjusted, benefit = l.benefit, penalty = l.penalty, paid = l.paid, closing = l.closing,
    to_pay = l.to_pay, hash = l.hash, data = l.data, said_at = l.said_at, document = l.document
FROM public.statements AS l WHERE l.account = s.account AND l.period = s.period AND l.version = s.version
  AND (l.hash <> s.hash OR l.data <> s.data)
"""
# An account that stands still does so since it did in the live set, not since it was rebuilt.
_STAND_STILL_SINCE = """
UPDATE ledger_rebuild.stream_heads AS s SET parked_at = l.parked_at FROM public.stream_heads AS l
WHERE s.topic = %s AND l.topic = s.topic AND l.key = s.key AND l.reason = s.reason AND l.parked_at <> s.parked_at
"""
_RECORD = """
INSERT INTO rebuilds (kind, started_at, facts, accounts, different, accepted_as, accepted_why, published, switched)
VALUES (%(kind)s, %(started_at)s, %(facts)s, %(accounts)s, %(different)s, %(accepted_as)s, %(accepted_why)s,
        %(published)s, %(switched)s)
"""


class UnknownTables(Exception):
    """Tables that nobody said how to treat in a rebuild; add them to this file."""


class State(NamedTuple):
    """Where an account stands: applied through, parked, closed through."""

    version: int | None
    reason: str | None
    closed_through: str


def exists(conn: Connection, schema: str) -> bool:
    """Whether there is such a set of tables."""
    return conn.execute(_EXISTS, (schema,)).fetchone() is not None


def make(conn: Connection) -> None:
    """An empty schema for the shadow; what an unfinished rebuild left is dropped."""
    conn.execute("DROP SCHEMA IF EXISTS ledger_rebuild CASCADE")
    conn.execute("CREATE SCHEMA ledger_rebuild")


def drop_gone(conn: Connection) -> None:
    """Gives the disk of what was live before the one before back; not in the switch, for it may take a while."""
    conn.execute("DROP SCHEMA IF EXISTS ledger_gone CASCADE")


def kept(conn: Connection) -> list[str]:
    """The tables whose rows come over whole at the switch. Raises UnknownTables when the shadow has not the same."""
    live, shadow = _tables(conn, LIVE), _tables(conn, SHADOW)
    if live != shadow:
        raise UnknownTables(f"only in one of the two: {', '.join(sorted(live ^ shadow))}; run migrate first")
    return sorted(live - FILLED - set(BY_TOPIC) - _OWN)


def bring_for_the_fold(conn: Connection) -> None:
    """Gives the shadow what a fold of the accounts log reads beside it."""
    present = _tables(conn, LIVE)
    _bring(conn, [name for name in READ_BY_THE_FOLD if name in present])


def states(conn: Connection, schema: str, topic: str) -> dict[str, State]:
    """Where every account stands in a schema."""
    _look_in(conn, schema)
    return {account: State(*rest) for account, *rest in conn.execute(_STATES, (topic,)).fetchall()}


def offsets(conn: Connection, schema: str, topic: str) -> dict[tuple[str, int], int]:
    """Where the topic is read next in a schema, by (topic, partition)."""
    _look_in(conn, schema)
    return {(topic, partition): offset for partition, offset in conn.execute(_OFFSETS, (topic,)).fetchall()}


def closing(conn: Connection) -> bool:
    """Whether the live set is in the middle of a close."""
    _look_in(conn, LIVE)
    row = conn.execute("SELECT EXISTS (SELECT FROM closings WHERE done_at IS NULL)").fetchone()
    return bool(row and row[0])


def different(conn: Connection, accounts: Sequence[str]) -> dict[str, list[str]]:
    """The accounts whose canonical rows differ between live and shadow, each with the kinds of rows that do.

    A statement that only the shadow has is no difference: it is published at the switch.
    """
    found: dict[str, list[str]] = {}
    for section, query in CANONICAL.items():
        live, shadow = (_digests(conn, schema, query, accounts) for schema in (LIVE, SHADOW))
        for account in accounts:
            if live.get(account) != shadow.get(account) and not (
                section == "statement" and _only_missing(live.get(account), shadow.get(account))
            ):
                found.setdefault(account, []).append(section)
    return found


def _digests(conn: Connection, schema: str, query: LiteralString, accounts: Sequence[str]) -> dict[str, list[str]]:
    _look_in(conn, schema)
    wrapped = f"""
        SELECT account, array_agg(md5(row::text) ORDER BY md5(row::text)) FROM ({query}) AS row
        WHERE account = ANY(%s) GROUP BY account
    """
    return dict(conn.execute(wrapped.encode(), (list(accounts),)).fetchall())


def _only_missing(live: list[str] | None, shadow: list[str] | None) -> bool:
    return set(live or ()) <= set(shadow or ())


def lock_live(conn: Connection) -> None:
    """Stops consumers and relays at their next transaction, not readers; they find the new set when it is let go.

    A name that was waited for is looked up anew, so whoever waits here goes on in the set that is live by then. Raises
    LockNotAvailable after two seconds.
    """
    _look_in(conn, LIVE)
    conn.execute("LOCK TABLE consumer_offsets, outbox IN ACCESS EXCLUSIVE MODE")


def missing_statements(conn: Connection) -> list[str]:
    """The documents of statements that only the shadow has."""
    return [data for (data,) in conn.execute(_MISSING).fetchall()]


def keep_issued(conn: Connection) -> None:
    """Puts the statements as they were issued in the place of the rebuilt ones."""
    conn.execute(_KEEP_ISSUED)


def bring_over(conn: Connection, topic: str) -> None:
    """Copies what is not filled from the accounts log: names, links, outbox, operators' decisions, other topics.

    Done once before the switch, where it may take a while, and once in it, for what came meanwhile.
    """
    _bring(conn, kept(conn))
    _bring(conn, BY_TOPIC, sql.SQL("topic <> {}").format(sql.Literal(topic)))
    # Letters that operators dealt with stay on record though the rebuilt set never had to write them.
    dealt_with = sql.SQL("l.topic = {} AND coalesce(l.dismissed_at, l.replayed_at) IS NOT NULL").format(
        sql.Literal(topic)
    )
    conn.execute(_INSERT_NEW.format(where=dealt_with, **_parts(conn, "dead_letters")))
    conn.execute(_STAND_STILL_SINCE, (topic,))
    for sequence in ("outbox_position_seq", "rebuilds_id_seq"):
        given = {"shadow": sql.Literal(f"{SHADOW}.{sequence}"), "live": sql.Identifier(LIVE, sequence)}
        conn.execute(sql.SQL("SELECT setval({shadow}, last_value, is_called) FROM {live}").format(**given))


def swap(conn: Connection) -> None:
    """The shadow becomes the live set, the live one is kept as the one before; what was before that can be dropped."""
    if exists(conn, BEFORE):
        conn.execute("ALTER SCHEMA ledger_before RENAME TO ledger_gone")
    conn.execute("ALTER SCHEMA public RENAME TO ledger_before")
    conn.execute("ALTER SCHEMA ledger_rebuild RENAME TO public")


def as_shadow(conn: Connection) -> None:
    """Takes the set that was live before as the shadow, to go back to it."""
    conn.execute("DROP SCHEMA IF EXISTS ledger_rebuild CASCADE")
    conn.execute("ALTER SCHEMA ledger_before RENAME TO ledger_rebuild")


def record(conn: Connection, outcome: Mapping[str, Any], started_at: datetime) -> None:
    """Keeps on record what a rebuild found and did."""
    _look_in(conn, LIVE)
    given = {**outcome, "different": Jsonb(outcome["different"]), "started_at": started_at}
    conn.execute(_RECORD, given)


def _look_in(conn: Connection, schema: str) -> None:
    conn.execute("SELECT set_config('search_path', %s, true)", (schema,))


def _tables(conn: Connection, schema: str) -> frozenset[str]:
    return frozenset(name for (name,) in conn.execute(_TABLES, (schema,)).fetchall())


def _parents_first(names: Iterable[str]) -> list[str]:
    """The one reference between these tables: places in the order name their rule."""
    return sorted(names, key=lambda name: (name == "split_orders", name))


def _bring(conn: Connection, names: Iterable[str], where: sql.Composable = _ALL) -> None:
    """Makes the shadow's rows those of the live table, touching only what differs.

    Row by row, for a reader whose snapshot is older than the switch still sees what was there at its moment; an emptied
    and refilled table would be empty for it.
    """
    ordered = _parents_first(names)
    for name in reversed(ordered):
        conn.execute(_DELETE_OTHERS.format(where=where, **_parts(conn, name)))
    for name in ordered:
        conn.execute(_INSERT_NEW.format(where=where, **_parts(conn, name)))


def _parts(conn: Connection, name: str) -> dict[str, sql.Composable]:
    """By the names of columns: the two sets may have come by them in another order of migrations."""
    table = f"{LIVE}.{name}"
    columns = [sql.Identifier(column) for (column,) in conn.execute(_COLUMNS, (table,)).fetchall()]
    key = [sql.Identifier(column) for (column,) in conn.execute(_KEY, (table,)).fetchall()]
    return {
        "shadow": sql.Identifier(SHADOW, name),
        "live": sql.Identifier(LIVE, name),
        "columns": sql.SQL(", ").join(columns),
        "same_key": sql.SQL(" AND ").join(sql.SQL("l.{0} = s.{0}").format(column) for column in key),
        "same": sql.SQL(" AND ").join(sql.SQL("l.{0} IS NOT DISTINCT FROM s.{0}").format(column) for column in columns),
    }
