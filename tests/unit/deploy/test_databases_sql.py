"""The script that makes roles and databases."""

from native.databases import DATABASES_SQL, statements


def test_every_service_has_a_role_a_database_and_no_guests() -> None:
    """One role, one database and one closed door each."""
    found = statements(DATABASES_SQL.read_text())
    for name in ("gateway", "identity", "ledger", "provider_sync", "receipts"):
        assert f"CREATE DATABASE {name} OWNER {name}" in found
        assert f"REVOKE CONNECT ON DATABASE {name} FROM PUBLIC" in found


def test_comments_are_no_statements() -> None:
    """A semicolon in a comment splits nothing."""
    assert statements("-- a; b\nSELECT 1;\n\nSELECT 2;\n") == ["SELECT 1", "SELECT 2"]
