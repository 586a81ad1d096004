"""Migrations give way: to whoever holds a lock, and to those who would queue behind them."""

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psycopg
import pytest

from common import migrations
from common.migrations import Migration, migrate
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


@pytest.fixture
def indexed(empty_database: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """The address of a table on which the only migration of the package `indexed` builds an index."""
    folder = tmp_path / "indexed" / "migrations"
    folder.mkdir(parents=True)
    (folder.parent / "__init__.py").touch()
    (folder / "0001_index.sql").write_text(
        "-- no transaction\nCREATE INDEX CONCURRENTLY IF NOT EXISTS quick ON slow (a)"
    )
    monkeypatch.syspath_prepend(tmp_path)
    with psycopg.connect(empty_database) as conn:
        conn.execute("CREATE TABLE slow (a int)")
    return empty_database


@pytest.fixture
def waited_for(indexed: str) -> Iterator[psycopg.Connection]:
    """A transaction that wrote to the table: no index is ready before it ends."""
    with psycopg.connect(indexed) as holder:
        holder.execute("INSERT INTO slow VALUES (1)")
        yield holder


def interrupt(url: str, holder: psycopg.Connection) -> None:
    """Lets a migration begin its index and ends it there."""
    with ThreadPoolExecutor() as pool, psycopg.connect(url, autocommit=True) as look:
        building = pool.submit(migrate, url, "indexed")
        until(lambda: look.execute(BLOCKED).rowcount == 1, "it waits for the holder")
        look.execute(BLOCKED.replace("SELECT", "SELECT pg_cancel_backend(pid)", 1))
        with pytest.raises(psycopg.errors.QueryCanceled):
            building.result(30)
    holder.commit()


def validity(url: str) -> list[tuple[str, bool]]:
    """The table's indexes, and whether queries may use them."""
    query = "SELECT indexrelid::regclass::text, indisvalid FROM pg_index WHERE indrelid = 'slow'::regclass"
    with psycopg.connect(url) as conn:
        return conn.execute(query).fetchall()


def test_an_index_that_was_interrupted_is_built_anew(indexed: str, waited_for: psycopg.Connection) -> None:
    """It is there, so that IF NOT EXISTS is content with it, and no query ever uses it."""
    interrupt(indexed, waited_for)
    assert validity(indexed) == [("quick", False)]
    assert migrate(indexed, "indexed") == ["indexed/0001_index.sql"]
    assert validity(indexed) == [("quick", True)]
    assert migrate(indexed, "indexed") == []


def test_an_unusable_index_is_found_though_its_migration_counts_as_applied(
    indexed: str, waited_for: psycopg.Connection
) -> None:
    """As the runner left it that did not look."""
    interrupt(indexed, waited_for)
    with psycopg.connect(indexed) as conn:
        [migration] = migrations.pending(conn, "indexed")
        conn.execute("INSERT INTO schema_migrations (name, sha256) VALUES (%s, %s)", (migration.name, migration.sha256))
    assert migrate(indexed, "indexed") == ["indexed/0001_index.sql"]
    assert validity(indexed) == [("quick", True)]


def test_a_second_runner_does_not_stop_the_index_of_the_first(indexed: str, waited_for: psycopg.Connection) -> None:
    """An index built concurrently waits for every statement under way, also for one that waits for its runner."""
    asked = "SELECT FROM pg_stat_activity WHERE datname = current_database() AND query LIKE '%advisory_lock(%'"
    with ThreadPoolExecutor() as pool, psycopg.connect(indexed, autocommit=True) as look:
        first = pool.submit(migrate, indexed, "indexed")
        until(lambda: look.execute(BLOCKED).rowcount == 1, "it waits for the holder")
        second = pool.submit(migrate, indexed, "indexed")
        until(lambda: look.execute(f"{asked} AND pid <> pg_backend_pid()").rowcount == 1, "the second waits")
        waited_for.commit()
        assert (first.result(30), second.result(30)) == (["indexed/0001_index.sql"], [])
