"""Whoever waits for a stream to be applied hears it with the commit, by PostgreSQL's NOTIFY, instead of asking on."""

import threading
from collections import defaultdict
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager, suppress

from psycopg import OperationalError

from common.postgres import Connection, connect

_CHANNEL = "applied"
# One payload holds 8,000 bytes. Of a larger batch nobody is named: all who wait look whether theirs is among so many.
_MOST, _SOME = 200, ""
_LOOKS_EVERY_S = 0.25
_HEARS_FOR_S = 0.5


def announce(conn: Connection, keys: Collection[str]) -> None:
    """Says with this transaction's commit that these streams have moved on."""
    if keys:
        said = " ".join(keys) if len(keys) <= _MOST else _SOME
        conn.execute("SELECT pg_notify(%s, %s)", (_CHANNEL, said))


class Arrivals:
    """Hears what is announced, from the first time somebody waits; make it after the fork, close it at the end."""

    def __init__(self, url: str, name: str) -> None:
        self._url, self._name = url, name
        self._lock, self._waiting = threading.Lock(), defaultdict[str, set[threading.Event]](set)
        self._over = threading.Event()
        self._hearing: threading.Thread | None = None

    @contextmanager
    def watched(self, key: str) -> Iterator[Callable[[], None]]:
        """What is called inside waits until the stream may have moved on, and never longer than a quarter of a second.

        What is announced between the two is not missed; what is not heard, because the server was gone, is seen late.
        """
        moved = threading.Event()
        with self._lock:
            self._waiting[key].add(moved)
            if self._hearing is None:
                self._hearing = threading.Thread(target=self._hear, name="arrivals", daemon=True)
                self._hearing.start()

        def pause() -> None:
            moved.wait(_LOOKS_EVERY_S)
            moved.clear()

        try:
            yield pause
        finally:
            with self._lock:
                self._waiting[key].discard(moved)
                if not self._waiting[key]:
                    del self._waiting[key]

    def close(self) -> None:
        """Ends the thread that hears."""
        self._over.set()
        if self._hearing:
            self._hearing.join()

    def _hear(self) -> None:
        while not self._over.wait(0):
            with suppress(OperationalError), connect(self._url, self._name, autocommit=True) as conn:
                conn.execute(f"LISTEN {_CHANNEL}")
                self._listen(conn)
            self._over.wait(_HEARS_FOR_S if not self._over.is_set() else 0)

    def _listen(self, conn: Connection) -> None:
        while not self._over.is_set():
            for said in conn.notifies(timeout=_HEARS_FOR_S):
                self._wake(said.payload)

    def _wake(self, said: str) -> None:
        with self._lock:
            for key in list(self._waiting) if said == _SOME else said.split(" "):
                for moved in self._waiting.get(key, ()):
                    moved.set()
