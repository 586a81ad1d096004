"""Requests on their way: who has not sent one whole in time is cut off, so that the thread that reads serves others.

The web server itself waits for ever for a head or a body that comes byte by byte.
"""

import socket
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from time import monotonic
from typing import Any

from gunicorn.workers.gthread import TConn, ThreadWorker

from common.env import load
from common.threads import WarmThreads


@dataclass(frozen=True)
class Patience:
    """Seconds that a request has from its first byte to its last, head and body; those that stream have their own."""

    request_within_s: int = 25


_underway: dict[socket.socket, float] = {}


class PatientWorker(ThreadWorker):  # type: ignore[misc]  # the library is untyped
    """gunicorn's threads, with a clock for each request that is being read."""

    def init_process(self) -> None:
        """In the worker, after the fork."""
        self.within_s = load(Patience).request_within_s
        try:
            super().init_process()
        finally:
            if self.tpool:
                self.tpool.shutdown(wait=False)

    def get_thread_pool(self) -> WarmThreads:
        """As gunicorn documents it."""
        return WarmThreads(self.cfg.threads)

    def handle(self, conn: TConn) -> Any:
        """In a thread of the pool: one request of a connection."""
        _underway[conn.sock] = monotonic() + self.within_s
        try:
            return super().handle(conn)
        finally:
            _underway.pop(conn.sock, None)

    def murder_pending(self) -> None:
        """In the main loop, at least once a second."""
        super().murder_pending()
        for connection, deadline in list(_underway.items()):
            if monotonic() > deadline:
                # Its reader sees an end; the answer that says so can still be written.
                with suppress(OSError):
                    connection.shutdown(socket.SHUT_RD)


def arrived(environ: Mapping[str, Any]) -> None:
    """The request has come whole, or is read by a clock of its own."""
    _underway.pop(environ.get("gunicorn.socket"), None)  # type: ignore[arg-type]  # None elsewhere than under gunicorn
