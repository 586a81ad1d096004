"""Plain SQL migrations: numbered files, applied once, their content's hash remembered and checked; forward only.

Tables that several services need alike (outbox, consumer, keys) come from `common/sql/<name>.sql` under the name
`common/<name>`. One transaction a file; a file whose first line says `-- no transaction` runs outside one.
"""

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from importlib.resources import files

import psycopg

_LOCK = 7_206_114
_TABLE = """
CREATE TABLE IF NOT EXISTS schema_migrations (
    name text PRIMARY KEY, sha256 text NOT NULL, applied_at timestamptz NOT NULL DEFAULT now())
"""


class EditedMigration(Exception):
    """A migration that was applied has another content now."""


@dataclass(frozen=True)
class Migration:
    """One file: its recorded name and its SQL."""

    name: str
    sql: str

    @property
    def sha256(self) -> str:
        return hashlib.sha256(self.sql.encode()).hexdigest()


def migrate(url: str, package: str, shared: Sequence[str] = ()) -> list[str]:
    """Brings the database of `package` to the newest schema; returns the names applied now. Raises EditedMigration."""
    with psycopg.connect(url, autocommit=True) as conn:
        conn.execute("SELECT pg_advisory_lock(%s)", (_LOCK,))
        conn.execute(_TABLE)
        return [m.name for m in pending(conn, package, shared) if _apply(conn, m)]


def pending(conn: psycopg.Connection, package: str, shared: Sequence[str] = ()) -> list[Migration]:
    """What is not applied yet, in order; raises EditedMigration for an applied file whose content changed."""
    applied: dict[str, str] = dict(conn.execute("SELECT name, sha256 FROM schema_migrations").fetchall())
    waiting = []
    for migration in _all(package, shared):
        known = applied.get(migration.name)
        if known is not None and known != migration.sha256:
            raise EditedMigration(
                f"{migration.name} was applied with another content; add a new file instead of editing it"
            )
        if known is None:
            waiting.append(migration)
    return waiting


def _all(package: str, shared: Sequence[str]) -> Iterator[Migration]:
    for name in shared:
        yield Migration(f"common/{name}", (files("common") / "sql" / f"{name}.sql").read_text(encoding="utf-8"))
    folder = files(package) / "migrations"
    for file in sorted((f for f in folder.iterdir() if f.name.endswith(".sql")), key=lambda f: f.name):
        yield Migration(f"{package}/{file.name}", file.read_text(encoding="utf-8"))


def _apply(conn: psycopg.Connection, migration: Migration) -> bool:
    record = ("INSERT INTO schema_migrations (name, sha256) VALUES (%s, %s)", (migration.name, migration.sha256))
    if migration.sql.startswith("-- no transaction"):
        conn.execute(migration.sql.encode())
        conn.execute(*record)
        return True
    with conn.transaction():
        conn.execute("SET LOCAL lock_timeout = '5s'")
        conn.execute(migration.sql.encode())
        conn.execute(*record)
    return True
