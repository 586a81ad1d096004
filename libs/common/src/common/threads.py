"""Threads for short calls, of whom the one that worked last works next: its connection and what it touched are warm.

The standard library's pool wakes them in turn, and with each call one more who finds nothing to do.
"""

from collections import deque
from collections.abc import Callable
from concurrent.futures import Executor, Future
from functools import partial
from threading import Lock, Thread
from typing import Any, ParamSpec, TypeVar

_P = ParamSpec("_P")
_T = TypeVar("_T")
_Work = tuple[Future[Any], Callable[[], Any]]


class _Seat:
    """Of one thread: what it is to do, and the bell that tells it so. Nothing to do is the end."""

    def __init__(self, work: _Work | None) -> None:
        self.work, self.bell = work, Lock()
        self.bell.acquire()


class WarmThreads(Executor):
    """At most so many threads, each made when nobody is free; calls beyond wait in order. Make it after the fork."""

    def __init__(self, most: int) -> None:
        self._most, self._threads = most, list[Thread]()
        self._lock = Lock()
        self._free, self._waiting = list[_Seat](), deque[_Work]()
        self._over = False

    def submit(self, call: Callable[_P, _T], /, *args: _P.args, **kwargs: _P.kwargs) -> Future[_T]:
        """As of any executor; raises RuntimeError after the end."""
        future: Future[_T] = Future()
        work = future, partial(call, *args, **kwargs)
        with self._lock:
            if self._over:
                raise RuntimeError("these threads have ended")
            if self._free:
                seat = self._free.pop()
                seat.work = work
                seat.bell.release()
            elif len(self._threads) < self._most:
                self._threads.append(Thread(target=self._serve, args=(_Seat(work),)))
                self._threads[-1].start()
            else:
                self._waiting.append(work)
        return future

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        """As of any executor: what was submitted is done, unless it waits and is cancelled."""
        with self._lock:
            self._over = True
            free, self._free = self._free, []
            dropped = list(self._waiting) if cancel_futures else []
            if cancel_futures:
                self._waiting.clear()
        for future, _ in dropped:
            future.cancel()
        for seat in free:
            seat.bell.release()
        if wait:
            for thread in self._threads:
                thread.join()

    def _serve(self, seat: _Seat) -> None:
        while seat.work is not None:
            _done(*seat.work)
            seat.work = None
            with self._lock:
                if self._waiting:
                    seat.work = self._waiting.popleft()
                    continue
                if self._over:
                    return
                self._free.append(seat)
            seat.bell.acquire()


def _done(future: Future[Any], call: Callable[[], Any]) -> None:
    if not future.set_running_or_notify_cancel():
        return
    try:
        result = call()
    except BaseException as error:  # noqa: BLE001  # whoever looks at the future meets it
        future.set_exception(error)
    else:
        future.set_result(result)
