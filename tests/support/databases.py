"""A database per test, copied from a template that was migrated once."""

import hashlib
import importlib
import secrets
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from importlib.resources import files

import psycopg
from psycopg import sql
from psycopg.conninfo import conninfo_to_dict

TEMPLATES_LOCK = 7_206_115


@contextmanager
def copy_of(superuser_url: str, template: str, role: str) -> Iterator[str]:
    """A fresh database with the template's tables, owned by the role; dropped afterwards."""
    name = f"t_{secrets.token_hex(6)}"
    owned = sql.SQL("CREATE DATABASE {} TEMPLATE {} STRATEGY file_copy OWNER {}")
    with psycopg.connect(superuser_url, autocommit=True) as connection:
        connection.execute(owned.format(sql.Identifier(name), sql.Identifier(template), sql.Identifier(role)))
        try:
            yield url_of(superuser_url, name, role)
        finally:
            connection.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))


def template_of(superuser_url: str, package: str, shared: Sequence[str]) -> str:
    """The migrated template of a service, made when none exists for exactly these migration files."""
    name = f"template_{package}_{_digest(package, shared)}"
    with psycopg.connect(superuser_url, autocommit=True) as connection:
        connection.execute("SELECT pg_advisory_lock(%s)", (TEMPLATES_LOCK,))
        known = connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", (name,)).fetchone()
        if not known:
            _make_template(connection, superuser_url, name, package, shared)
    return name


def shared_tables(package: str) -> Sequence[str]:
    """The shared tables that the service's migrations build on, as the service itself names them."""
    named: Sequence[str] = importlib.import_module(f"{package}.migrations").SHARED
    return named


def url_of(superuser_url: str, database: str, role: str) -> str:
    """The address of a database for a role, whose password on test servers is its name."""
    parts = conninfo_to_dict(superuser_url)
    return f"postgresql://{role}:{role}@{parts['host']}:{parts['port']}/{database}"


def _make_template(
    connection: psycopg.Connection, superuser_url: str, name: str, package: str, shared: Sequence[str]
) -> None:
    from common.migrations import migrate

    draft = f"draft_{secrets.token_hex(6)}"
    connection.execute(sql.SQL("CREATE DATABASE {} OWNER {}").format(sql.Identifier(draft), sql.Identifier(package)))
    migrate(url_of(superuser_url, draft, package), package, shared)
    connection.execute(sql.SQL("ALTER DATABASE {} RENAME TO {}").format(sql.Identifier(draft), sql.Identifier(name)))


def _digest(package: str, shared: Sequence[str]) -> str:
    folders = [(files("common") / "sql").iterdir(), (files(package) / "migrations").iterdir()]
    content = [f.name.encode() + f.read_bytes() for folder in folders for f in folder if f.name.endswith(".sql")]
    return hashlib.sha256(b"".join(sorted(content)) + repr(tuple(shared)).encode()).hexdigest()[:12]
