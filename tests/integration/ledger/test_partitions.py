"""What grows is kept in sixteen parts by account, and rows that were there before are in them."""

import psycopg
import pytest

from common import migrations
from ledger.migrations import SHARED
from tests.conftest import MakeDatabase

PARTED = ("postings", "openings", "changes", "readings", "statements")


def test_rows_of_before_are_kept_with_their_key(empty_database: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A ledger that was filled before the parts were made loses nothing by the migration."""
    with monkeypatch.context() as earlier:
        before = [m for m in migrations._all("ledger", SHARED) if m.name < "ledger/0020"]
        earlier.setattr(migrations, "_all", lambda *_: iter(before))
        migrations.migrate(empty_database, "ledger", SHARED)
    rows = "SELECT 'a' || n, '2026-10', 'heating', n, '{}' FROM generate_series(1, 500) AS n"
    with psycopg.connect(empty_database) as conn:
        conn.execute(f"INSERT INTO openings {rows}".encode())
    assert "ledger/0020_partitions.sql" in migrations.migrate(empty_database, "ledger", SHARED)
    with psycopg.connect(empty_database) as conn:
        assert conn.execute("SELECT count(*), sum(amount) FROM openings").fetchone() == (500, 125_250)
        assert conn.execute("SELECT count(DISTINCT tableoid) FROM openings").fetchone() == (16,)
        with pytest.raises(psycopg.errors.UniqueViolation):
            conn.execute(f"INSERT INTO openings {rows}".encode())


def test_the_account_stands_in_every_key(database: MakeDatabase) -> None:
    """Each parted table has a primary key that begins with the account."""
    query = """SELECT c.relname, a.attname FROM pg_index AS i JOIN pg_class AS c ON c.oid = i.indrelid
               JOIN pg_attribute AS a ON a.attrelid = c.oid AND a.attnum = i.indkey[0]
               WHERE i.indisprimary AND c.relkind = 'p' ORDER BY c.relname"""
    with psycopg.connect(database("ledger")) as conn:
        assert conn.execute(query).fetchall() == [(name, "account") for name in sorted(PARTED)]
