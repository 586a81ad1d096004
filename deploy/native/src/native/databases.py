"""Each service's own role and database, made from the same SQL file that the container image runs."""

from pathlib import Path
from typing import LiteralString

import psycopg
from psycopg import sql

from native.credentials import Credentials
from native.paths import ROOT

DATABASES_SQL = ROOT / "deploy" / "postgres" / "databases.sql"
OWNERS_SQL = ROOT / "deploy" / "postgres" / "owners.sql"
SERVICES = ("gateway", "identity", "ledger", "provider-sync", "receipts")
_PASSWORD: LiteralString = "ALTER ROLE {} PASSWORD {}"  # noqa: S105  # a statement, not a password


def create_databases(superuser_url: str, credentials: Credentials | None = None) -> None:
    """Each service's role and database; with credentials an owner beside the role, and each role its own password."""
    run_script(superuser_url, DATABASES_SQL)
    if credentials is None:
        return
    run_script(superuser_url, OWNERS_SQL)
    with psycopg.connect(superuser_url, autocommit=True) as connection:
        for role in (name for service in SERVICES for name in (role_of(service), f"{role_of(service)}_owner")):
            password = sql.Literal(credentials.password(f"postgres-{role}"))
            connection.execute(sql.SQL(_PASSWORD).format(sql.Identifier(role), password))


def role_of(service: str) -> str:
    """The name of a service's role and of its database."""
    return service.replace("-", "_")


def run_script(superuser_url: str, script: Path) -> None:
    """Run a file's statements one by one; what exists already stays as it is."""
    with psycopg.connect(superuser_url, autocommit=True) as connection:
        for statement in statements(script.read_text()):
            try:
                connection.execute(statement.encode())
            except (psycopg.errors.DuplicateObject, psycopg.errors.DuplicateDatabase):
                continue


def statements(script: str) -> list[str]:
    """The statements of a script that has one per line or more, and no semicolon inside a literal."""
    code = "\n".join(line for line in script.splitlines() if not line.startswith("--"))
    return [part.strip() for part in code.split(";") if part.strip()]
