"""Who waits for a stream hears of it with the commit."""

import threading
from collections.abc import Iterator
from dataclasses import dataclass, field

import psycopg
import pytest

from common import arrivals
from common.arrivals import Arrivals, announce
from tests.support import databases
from tests.support.servers import Addresses
from tests.support.waiting import until


@pytest.fixture
def url(servers: Addresses) -> Iterator[str]:
    """An empty database."""
    with databases.copy_of(servers.postgres, "template1", "postgres") as url:
        yield url


@pytest.fixture
def heard(url: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Arrivals]:
    """Nobody looks by themselves here: only what is heard ends a wait."""
    monkeypatch.setattr(arrivals, "_LOOKS_EVERY_S", 60.0)
    made = Arrivals(url, "arrivals-test")
    yield made
    made.close()


@dataclass
class Waiting:
    """Somebody who waits for a stream."""

    arrivals: Arrivals
    key: str
    woken: threading.Event = field(default_factory=threading.Event)

    def __post_init__(self) -> None:
        threading.Thread(target=self._wait, daemon=True).start()

    def _wait(self) -> None:
        with self.arrivals.watched(self.key) as pause:
            pause()
            self.woken.set()


def said(url: str, *keys: str) -> None:
    """One transaction announces these streams."""
    with psycopg.connect(url) as conn:
        announce(conn, keys)


def said_until_heard(url: str, one: Waiting) -> None:
    """Whoever listens may not listen yet when it is said for the first time."""

    def again() -> bool:
        said(url, "other", one.key)
        return one.woken.wait(0.05)

    until(again, f"{one.key} is woken")


def test_whoever_waits_for_the_stream_is_woken_and_nobody_else(heard: Arrivals, url: str) -> None:
    """The streams of a transaction are told apart."""
    account, user = Waiting(heard, "100000123"), Waiting(heard, "0192-user")
    said_until_heard(url, account)
    assert not user.woken.is_set()
    said_until_heard(url, user)


def test_it_is_heard_again_after_the_server_was_gone(heard: Arrivals, url: str) -> None:
    """The connection that listens is opened anew."""
    said_until_heard(url, Waiting(heard, "before"))
    with psycopg.connect(url) as conn:
        conn.execute(
            "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE application_name = 'arrivals-test'"
        )
    said_until_heard(url, Waiting(heard, "after"))


def test_of_a_large_batch_everybody_hears(heard: Arrivals, url: str) -> None:
    """A payload has a limit; who waits looks whether theirs is among so many."""
    account, user = Waiting(heard, "100000123"), Waiting(heard, "0192-user")

    def again() -> bool:
        said(url, *(str(number) for number in range(5_000)))
        return account.woken.wait(0.05) and user.woken.wait(0.05)

    until(again, "both are woken")
