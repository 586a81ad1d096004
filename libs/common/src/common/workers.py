"""Processes that do the same beside their parent, for work in Python that should have more than one processor."""

import multiprocessing
import threading
from collections.abc import Callable
from types import TracebackType
from typing import Self

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
        # Forked, for what was imported is common to all then.
        fork = multiprocessing.get_context("fork")
        self._children = [fork.Process(target=_live, args=(work,)) for _ in range(count)]
        for child in self._children:
            child.start()
        self._watching = [threading.Thread(target=self._watch, args=(child,)) for child in self._children]
        self._stop, self._ending, self._failed = stop, False, False

    def __enter__(self) -> Self:
        for thread in self._watching:
            thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._ending = True
        for child in self._children:
            child.terminate()
        for thread in self._watching:
            thread.join()
        if self._failed and error is None:
            raise WorkerEnded

    def _watch(self, child: multiprocessing.process.BaseProcess) -> None:
        child.join()
        if not self._ending:
            log.error("a worker ended by itself", pid=child.pid, status=child.exitcode)
            self._failed = True
            self._stop.set()


def _live(work: Work) -> None:
    """In the child."""
    stop, parent = stop_event(), multiprocessing.parent_process()

    def outlive() -> None:
        if parent is not None:
            parent.join()
        stop.set()

    threading.Thread(target=outlive, name="parent", daemon=True).start()
    work(stop)
