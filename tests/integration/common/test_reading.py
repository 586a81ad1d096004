"""A connection for each thread of a server that only reads."""

import threading
from collections.abc import Iterator

import psycopg
import pytest
from psycopg.errors import ReadOnlySqlTransaction

from common.reading import Reading
from tests.support import databases
from tests.support.servers import Addresses

WHO = "SELECT pg_backend_pid() WHERE $1::boolean"


@pytest.fixture
def url(servers: Addresses) -> Iterator[str]:
    """An empty database."""
    with databases.copy_of(servers.postgres, "template1", "postgres") as url:
        yield url


@pytest.fixture
def reading(url: str) -> Iterator[Reading]:
    """Closed at the end, for an open connection would be a warning."""
    reading = Reading(url, "reading-test")
    yield reading
    reading.close()


def who(reading: Reading) -> int:
    """The backend that answers this thread."""
    return int(reading.rows(WHO, "t")[0][0])


def ended(url: str, backend: int) -> None:
    """The server goes away, as in a restart."""
    with psycopg.connect(url) as conn:
        conn.execute("SELECT pg_terminate_backend(%s, 5000)", (backend,))


def test_a_thread_keeps_its_connection_and_shares_it_with_none(reading: Reading) -> None:
    """However often it asks, in whichever way."""
    others: list[int] = []
    thread = threading.Thread(target=lambda: others.append(who(reading)))
    thread.start()
    thread.join()
    with reading.connection() as conn:
        row = conn.execute("SELECT pg_backend_pid()").fetchone()
    assert row == (who(reading),)
    assert others != [who(reading)]


def test_a_statement_is_asked_again_when_the_server_was_gone(reading: Reading, url: str) -> None:
    """The reader does not notice a restart."""
    before = who(reading)
    ended(url, before)
    assert who(reading) != before


def test_a_transaction_is_begun_on_a_living_connection(
    reading: Reading, url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A connection that has been idle is asked first."""
    before = who(reading)
    ended(url, before)
    monkeypatch.setattr("common.reading._FRESH_S", 0.0)
    with reading.connection() as conn:
        row = conn.execute("SELECT pg_backend_pid()").fetchone()
    assert row != (before,)


def test_a_mistake_is_not_asked_twice(reading: Reading) -> None:
    """The connection stays as it is."""
    before = who(reading)
    with pytest.raises(psycopg.errors.DivisionByZero):
        reading.rows("SELECT 1 / $1::int", "0")
    assert who(reading) == before


def test_what_went_wrong_in_a_transaction_spoils_nothing_after_it(reading: Reading) -> None:
    """A refusal and a mistake, then the same statement as before."""
    before = who(reading)
    with pytest.raises(LookupError), reading.connection():
        raise LookupError
    assert who(reading) == before
    with pytest.raises(psycopg.errors.DivisionByZero), reading.connection() as conn:
        conn.execute("SELECT 1 / 0")
    with reading.connection() as conn:
        conn.execute("SELECT 1")
    assert who(reading) == before


def test_several_statements_see_one_moment_and_write_nothing(reading: Reading, url: str) -> None:
    """What is committed in between is for the next one."""
    with psycopg.connect(url, autocommit=True) as other:
        other.execute("CREATE TABLE things (n int)")
        with reading.connection() as conn:
            assert conn.execute("SELECT count(*) FROM things").fetchone() == (0,)
            other.execute("INSERT INTO things VALUES (1)")
            assert conn.execute("SELECT count(*) FROM things").fetchone() == (0,)
    assert reading.rows("SELECT count(*) FROM things") == [(1,)]
    with reading.connection() as conn, pytest.raises(ReadOnlySqlTransaction):
        conn.execute("DELETE FROM things")
    with pytest.raises(ReadOnlySqlTransaction):
        reading.rows("DELETE FROM things")
