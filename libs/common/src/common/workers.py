"""Processes that do the same beside their parent, for work in Python that should have more than one processor."""

import os
import threading
from collections.abc import Callable
from types import TracebackType
from typing import NoReturn, Self

from common import logs
from common.process import stop_event

log = logs.get("workers")

Work = Callable[[threading.Event], None]


class WorkerEnded(Exception):
    """A worker ended before it was told to; whoever supervises the process begins all of them anew."""


class Workers:
    """`count` children that do `work` until the event they are given; made before there are threads or connections.

    A child ends when its parent does, however that ends. When a child ends by itself `stop` is set, and leaving raises
    WorkerEnded.
    """

    def __init__(self, count: int, work: Work, stop: threading.Event) -> None:
        self._stop, self._ending, self._failed = stop, False, False
        hearing, self._held = os.pipe()
        children = [self._forked(hearing, work) for _ in range(count)]
        os.close(hearing)
        self._watching = [threading.Thread(target=self._watch, args=(pid,), name=f"worker-{pid}") for pid in children]

    def _forked(self, hearing: int, work: Work) -> int:
        pid = os.fork()
        if pid == 0:
            os.close(self._held)
            _live(hearing, work)
        return pid

    def __enter__(self) -> Self:
        for thread in self._watching:
            thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._ending = True
        os.close(self._held)
        for thread in self._watching:
            thread.join()
        if self._failed and error is None:
            raise WorkerEnded

    def _watch(self, pid: int) -> None:
        _, status = os.waitpid(pid, 0)
        if not self._ending:
            log.error("a worker ended by itself", pid=pid, status=os.waitstatus_to_exitcode(status))
            self._failed = True
            self._stop.set()


def _live(hearing: int, work: Work) -> NoReturn:
    """In the child: the end of the pipe is the end of the parent."""
    stop, status = stop_event(), 1

    def hear() -> None:
        os.read(hearing, 1)
        stop.set()

    try:
        threading.Thread(target=hear, name="parent", daemon=True).start()
        work(stop)
        status = 0
    except Exception as error:
        log.exception("worker stumbled", error=type(error).__name__)
    finally:
        os._exit(status)
