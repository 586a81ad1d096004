"""Safeguards taken away, in the tests only: the audit must notice, or its green means nothing."""

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field, replace
from typing import Self
from unittest import mock

import psycopg
from psycopg import sql

from common import consumer
from common.consumer import PassedOver, Projection, Safeguards
from common.postgres import Connection
from common.relay import Relay, Row
from ledger.config import Config
from ledger.consumer import subscriptions
from tests.faults import audit
from tests.faults.centre import Centre
from tests.support import stores

# The ledger's keys would catch what is applied twice; without them it is the offset row's lock alone that does.
KEYS = {"postings": "postings_pkey", "changes": "changes_pkey", "readings": "readings_pkey"}
LookedUp = Callable[[Connection, str], PassedOver]
# Under the lock the second reader never comes; without it, it may be slow. A session may idle for ten seconds.
ALONE_S, TOGETHER_S = 3.0, 8.0


@dataclass
class CursorRelay(Relay):
    """M1: remembers the last position it saw instead of reading what is still there."""

    last: int = 0
    reads: int = 0

    def _read(self, conn: Connection) -> list[Row]:
        self.hint = self.last
        self.reads += 1
        rows = super()._read(conn)
        self.last = rows[-1].position if rows else self.last
        return rows


@contextmanager
def another_ledger(centre: Centre, name: str) -> Iterator[str]:
    """An empty ledger beside the first one, which will read the same topics."""
    url = centre.database("ledger-project").rsplit("/", 1)[0] + f"/{name}"
    with psycopg.connect(centre.servers.postgres.url, autocommit=True) as conn:
        conn.execute(sql.SQL("CREATE DATABASE {} OWNER ledger").format(sql.Identifier(name)))
    environment = {**centre.environment("ledger-project"), "DATABASE_URL": url}
    subprocess.run([sys.executable, "-m", "ledger", "migrate"], env=environment, check=True, capture_output=True)
    with psycopg.connect(url, autocommit=True) as conn:
        for table, key in KEYS.items():
            conn.execute(
                sql.SQL("ALTER TABLE {} DROP CONSTRAINT {}").format(sql.Identifier(table), sql.Identifier(key))
            )
    yield url


@contextmanager
def two_readers(centre: Centre, url: str, safeguards: Safeguards) -> Iterator[None]:
    """Two processes that do not know of each other, as when one was frozen and wakes up, in the same batch at once.

    Heads of streams are looked at as for small batches: those of a large one follow in a statement that makes the
    second reader wait for the first, so it finds what it has as seen, and the lock is not needed.
    """
    config = Config(database_url=url, kafka_bootstrap_servers=centre.kafka)
    meeting = threading.Barrier(2, timeout=ALONE_S if safeguards.lock_offsets else TOGETHER_S)
    with ExitStack() as reading:
        reading.enter_context(mock.patch.object(consumer, "_MANY", sys.maxsize))
        for name in ("sleeper", "successor"):
            reader = Projection(url, centre.kafka, f"{url.rsplit('/', 1)[1]}.{name}", [], safeguards=safeguards)
            reader.subscriptions = [
                replace(one, passed_over=_meeting(meeting, one.passed_over)) if one.topic == audit.ACCOUNTS else one
                for one in subscriptions(config)
            ]
            reader.__post_init__()
            reading.enter_context(stores.running(reader))
        yield


def _meeting(meeting: threading.Barrier, passed_over: LookedUp | None) -> LookedUp:
    """Waits, once the batch's offsets are read, for the other reader to come as far; under the lock it never does."""

    def after_meeting(conn: Connection, topic: str) -> PassedOver:
        with suppress(threading.BrokenBarrierError):
            meeting.wait()
        return passed_over(conn, topic) if passed_over else {}

    return after_meeting


@dataclass
class Stutter:
    """Freezes a process for moments, again and again: its transactions stay open while others pass them."""

    centre: Centre
    name: str
    stop: threading.Event = field(default_factory=threading.Event)

    def __enter__(self) -> Self:
        self._thread = threading.Thread(target=self._run)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop.set()
        self._thread.join()

    def _run(self) -> None:
        while not self.stop.wait(0.03):
            for pid in self.centre.keeper.kept[self.name].pids():
                with suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGSTOP)
                    self.stop.wait(0.12)
                    os.kill(pid, signal.SIGCONT)
