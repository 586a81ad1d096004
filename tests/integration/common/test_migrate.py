"""Migrations give way: to whoever holds a lock, and to those who would queue behind them."""

import threading

import psycopg
import pytest

from common import migrations
from common.migrations import Migration
from tests.support.waiting import until

BLOCKED = "SELECT FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"


def apply(url: str, migration: Migration) -> None:
    """Applies one migration as `migrate` does."""
    with psycopg.connect(url, autocommit=True) as conn:
        conn.execute(migrations._TABLE)
        migrations._apply_patiently(conn, migration)


def test_a_migration_waits_for_a_busy_table_by_trying_again(empty_database: str) -> None:
    """It queues for two seconds at most, so nobody else waits behind it for longer, and gets there in the end."""
    wish = Migration("t/1.sql", "ALTER TABLE busy ADD COLUMN note text")
    with psycopg.connect(empty_database) as holder, psycopg.connect(empty_database, autocommit=True) as look:
        holder.execute("CREATE TABLE busy (a int)")
        holder.commit()
        holder.execute("SELECT FROM busy")
        applying = threading.Thread(target=apply, args=(empty_database, wish))
        applying.start()
        until(lambda: look.execute(BLOCKED).rowcount == 1, "it waits for the lock")
        until(lambda: look.execute(BLOCKED).rowcount == 0, "it has given way")
        assert look.execute("SELECT FROM schema_migrations").rowcount == 0
        holder.commit()
        applying.join(30)
        assert look.execute("SELECT name FROM schema_migrations").fetchall() == [("t/1.sql",)]


def test_a_statement_that_takes_too_long_changes_nothing(empty_database: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """What must take long says so in its first line."""
    monkeypatch.setattr(migrations, "_ONLINE", "SET lock_timeout = '2s'; SET statement_timeout = '50ms'")
    slow = "CREATE TABLE made (a int); SELECT pg_sleep(0.2)"
    with pytest.raises(psycopg.errors.QueryCanceled):
        apply(empty_database, Migration("t/1.sql", slow))
    apply(empty_database, Migration("t/2.sql", f"-- offline\n{slow}"))
    with psycopg.connect(empty_database) as conn:
        assert conn.execute("SELECT name FROM schema_migrations").fetchall() == [("t/2.sql",)]
