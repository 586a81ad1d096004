"""Each service's own role and database, made from the same SQL file that the container image runs."""

import psycopg

from native.paths import ROOT

DATABASES_SQL = ROOT / "deploy" / "postgres" / "databases.sql"


def create_databases(superuser_url: str) -> None:
    """Run the file's statements one by one; what exists already stays as it is."""
    with psycopg.connect(superuser_url, autocommit=True) as connection:
        for statement in statements(DATABASES_SQL.read_text()):
            try:
                connection.execute(statement.encode())
            except (psycopg.errors.DuplicateObject, psycopg.errors.DuplicateDatabase):
                continue


def statements(script: str) -> list[str]:
    """The statements of a script that has one per line or more, and no semicolon inside a literal."""
    code = "\n".join(line for line in script.splitlines() if not line.startswith("--"))
    return [part.strip() for part in code.split(";") if part.strip()]
