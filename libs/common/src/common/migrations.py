"""Plain SQL migrations: numbered files, applied once, their content's hash remembered and checked; forward only.

Tables that several services need alike (outbox, consumer, keys) come from `common/sql/<name>.sql` under the name
`common/<name>`. One transaction a file; a file whose first line says `-- no transaction` runs outside one. Processes of
the release before work on meanwhile, so no lock is awaited or held for long; a file that must begins with
`-- offline`. An index whose building was interrupted is there and is not used: it is dropped and built anew.
"""

import hashlib
import re
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from importlib.resources import files

import psycopg
from psycopg import sql

from common import roles

_LOCK = 7_206_114
_LOCK_TRIES, _PAUSE_S = 20, 1.0
# Tried, not waited for: an index built concurrently waits for all snapshots, and who waits in a statement has one.
_TRY_LOCK = "SELECT pg_try_advisory_lock(%s)"
_ONLINE = "SET lock_timeout = '2s'; SET statement_timeout = '30s'"
_UNLIMITED = "SET lock_timeout = 0; SET statement_timeout = 0"
# Moves every row; written before the mark was, and an applied file is never edited.
_OFFLINE_FROM_BEFORE = frozenset({"ledger/0020_partitions.sql"})
_TABLE = """
CREATE TABLE IF NOT EXISTS schema_migrations (
    name text PRIMARY KEY, sha256 text NOT NULL, applied_at timestamptz NOT NULL DEFAULT now())
"""


class EditedMigration(Exception):
    """A migration that was applied has another content now."""


_RECORD = "INSERT INTO schema_migrations (name, sha256) VALUES (%s, %s) ON CONFLICT (name) DO NOTHING"
_INVALID = """
SELECT c.relname FROM pg_index AS i JOIN pg_class AS c ON c.oid = i.indexrelid
WHERE NOT i.indisvalid AND c.relnamespace = current_schema()::regnamespace ORDER BY c.relname
"""


@dataclass(frozen=True)
class Migration:
    """One file: its recorded name and its SQL."""

    name: str
    sql: str

    @property
    def sha256(self) -> str:
        return hashlib.sha256(self.sql.encode()).hexdigest()

    @property
    def unlimited(self) -> bool:
        """Whether it may take its time: an index built concurrently, or work for which the service is stopped."""
        return self.bare or self.sql.startswith("-- offline") or self.name in _OFFLINE_FROM_BEFORE

    @property
    def bare(self) -> bool:
        """Whether it runs outside a transaction, so that it may be left half done."""
        return self.sql.startswith("-- no transaction")

    def names(self, word: str) -> bool:
        """Whether a name stands in its SQL."""
        return re.search(rf"\b{re.escape(word)}\b", self.sql) is not None


def migrate(url: str, package: str, shared: Sequence[str] = (), running_role: str = "") -> list[str]:
    """Brings the database of `package` to the newest schema; returns the names applied now.

    A `running_role` that is not the owner gets its rights on all tables afterwards (common.roles).

    Raises EditedMigration; psycopg's LockNotAvailable when a lock was not to be had in twenty tries of two seconds, and
    QueryCanceled for a statement of more than thirty: nothing of that file is applied then.
    """
    with psycopg.connect(url, autocommit=True) as conn:
        while conn.execute(_TRY_LOCK, (_LOCK,)).fetchone() == (False,):
            time.sleep(_PAUSE_S)
        conn.execute(_TABLE)
        applied = [m.name for m in pending(conn, package, shared) if _apply_patiently(conn, m)]
        if running_role:
            roles.give(conn, running_role)
        return applied


def pending(conn: psycopg.Connection, package: str, shared: Sequence[str] = ()) -> list[Migration]:
    """What is not applied yet, or left a half-built index, in order.

    Raises EditedMigration for an applied file whose content changed.
    """
    applied: dict[str, str] = dict(conn.execute("SELECT name, sha256 FROM schema_migrations").fetchall())
    unfinished = _invalid(conn)
    waiting = []
    for migration in _all(package, shared):
        known = applied.get(migration.name)
        if known is not None and known != migration.sha256:
            raise EditedMigration(
                f"{migration.name} was applied with another content; add a new file instead of editing it"
            )
        if known is None or (migration.bare and any(map(migration.names, unfinished))):
            waiting.append(migration)
    return waiting


def _all(package: str, shared: Sequence[str]) -> Iterator[Migration]:
    for name in shared:
        yield Migration(f"common/{name}", (files("common") / "sql" / f"{name}.sql").read_text(encoding="utf-8"))
    folder = files(package) / "migrations"
    for file in sorted((f for f in folder.iterdir() if f.name.endswith(".sql")), key=lambda f: f.name):
        yield Migration(f"{package}/{file.name}", file.read_text(encoding="utf-8"))


def _apply_patiently(conn: psycopg.Connection, migration: Migration) -> bool:
    """Gives way to whoever holds a lock, and to all who queue behind this one, and tries again."""
    conn.execute(_UNLIMITED if migration.unlimited else _ONLINE)
    for left in reversed(range(_LOCK_TRIES)):
        try:
            _apply(conn, migration)
            break
        except psycopg.errors.LockNotAvailable:
            if not left:
                raise
            time.sleep(_PAUSE_S)
    return True


def _invalid(conn: psycopg.Connection) -> list[str]:
    return [name for (name,) in conn.execute(_INVALID).fetchall()]


def _apply(conn: psycopg.Connection, migration: Migration) -> None:
    record = (_RECORD, (migration.name, migration.sha256))
    if migration.bare:
        for index in filter(migration.names, _invalid(conn)):
            conn.execute(sql.SQL("DROP INDEX CONCURRENTLY {}").format(sql.Identifier(index)))
        conn.execute(migration.sql.encode())
        conn.execute(*record)
        return
    with conn.transaction():
        conn.execute(migration.sql.encode())
        conn.execute(*record)
