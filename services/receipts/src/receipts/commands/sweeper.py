"""The command-line door: the sweeper's loop."""

import threading
import time

import psycopg
from kombu.exceptions import OperationalError as BrokerError

from common import logs
from common.backlog import Backlog
from common.postgres import Pool, connect
from common.telemetry import AdminServer
from receipts.gateways.files import Files
from receipts.gateways.queue import Queue
from receipts.handlers import sweeping
from receipts.store.documents import BULK_NOTICE, CHANNEL
from receipts.store.says import Says
from receipts.store.waits import MEASURES

log = logs.get("sweep")
_FAILURES = (psycopg.Error, BrokerError, ConnectionError, TimeoutError)


class Sweeper:
    """Sends each announced document to the workers as soon as its transaction commits, and sweeps every while.

    Two of them do no harm: a message too many finds nothing to claim.
    """

    def __init__(
        self, url: str, pool: Pool, says: Says, queue: Queue, files: Files, *, every_s: int, bulk_turns: int
    ) -> None:
        self._url, self._pool, self._says, self._queue, self._files = url, pool, says, queue, files
        self._every_s, self._bulk_turns = every_s, bulk_turns
        self._problem: str | None = "not started"

    def run(self, stop: threading.Event, admin_port: int | None = None) -> None:
        """Works until `stop`; survives PostgreSQL and Redis going away."""
        counted = Backlog(self._url, "receipts-sweep", MEASURES)
        with AdminServer(admin_port, lambda: self._problem), counted:
            while not stop.is_set():
                try:
                    self._session(stop)
                except _FAILURES as error:
                    self._problem = f"{type(error).__name__}: {error}"
                    log.warning("sweeper starts anew", error=type(error).__name__, detail=str(error)[:300])
                    stop.wait(1)

    def _session(self, stop: threading.Event) -> None:
        with connect(self._url, "receipts-sweep", autocommit=True) as conn:
            conn.execute(f"LISTEN {CHANNEL}")
            older_than_s = 0
            while not stop.is_set():
                sweeping.sweep(self._pool, self._says, self._queue, self._files, older_than_s, self._bulk_turns)
                older_than_s, self._problem = self._every_s, None
                until = time.monotonic() + self._every_s
                while not stop.is_set() and time.monotonic() < until:
                    for notice in conn.notifies(timeout=0.5):
                        self._tell(notice.payload)

    def _tell(self, notice: str) -> None:
        if notice != BULK_NOTICE:
            self._queue.render(notice)
            return
        for _ in range(self._bulk_turns):
            self._queue.drain()
