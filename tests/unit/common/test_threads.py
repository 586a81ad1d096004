"""Threads of which the one that worked last works next."""

from collections.abc import Iterator
from concurrent.futures import CancelledError, Future
from threading import Event, get_ident
from typing import Any

import pytest

from common.threads import WarmThreads
from tests.support.waiting import until


@pytest.fixture
def threads() -> Iterator[WarmThreads]:
    """Three at most."""
    made = WarmThreads(3)
    yield made
    made.shutdown()


def busy(threads: WarmThreads, count: int) -> tuple[Event, list[Future[int]]]:
    """So many calls that are done once the event is set; each answers its thread."""
    end, begun = Event(), [Event() for _ in range(count)]

    def call(mine: Event) -> int:
        mine.set()
        end.wait(30)
        return get_ident()

    calls = [threads.submit(call, mine) for mine in begun]
    for mine in begun[:3]:
        assert mine.wait(30)
    return end, calls


def test_the_one_that_worked_last_works_next(threads: WarmThreads) -> None:
    """However many are free, and however often."""
    ends = [busy(threads, 1) for _ in range(3)]
    for free, (end, calls) in enumerate(ends, 1):
        end.set()
        last = calls[0].result(30)
        until(lambda free=free: len(threads._free) == free, "it is free")  # type: ignore[misc]  # the number of this turn
    for _ in range(5):
        assert threads.submit(get_ident).result(30) == last
        until(lambda: len(threads._free) == 3, "it is free again")


def test_one_thread_is_enough_for_one_call_at_a_time(threads: WarmThreads) -> None:
    """Another is made only where nobody is free."""
    end, calls = busy(threads, 1)
    end.set()
    calls[0].result(30)
    assert len(threads._threads) == 1


def test_calls_beyond_wait_in_order(threads: WarmThreads) -> None:
    """And are done by whoever is free first."""
    end, calls = busy(threads, 3)
    order: list[int] = []
    waiting = [threads.submit(order.append, number) for number in range(20)]
    assert not any(call.running() or call.done() for call in waiting)
    end.set()
    everything: list[Future[Any]] = [*calls, *waiting]
    for call in everything:
        call.result(30)
    assert sorted(order) == list(range(20))
    assert order[0] in (0, 1, 2)


def test_what_a_call_raises_is_for_who_looks(threads: WarmThreads) -> None:
    """The thread goes on."""
    assert isinstance(threads.submit(lambda: 1 / 0).exception(30), ZeroDivisionError)
    assert threads.submit(lambda: "on").result(30) == "on"


def test_the_end_lets_calls_finish_and_drops_who_waits_when_asked() -> None:
    """And nothing is taken in afterwards."""
    threads = WarmThreads(3)
    end, calls = busy(threads, 3)
    kept = threads.submit(get_ident)
    threads.shutdown(wait=False)
    end.set()
    assert {call.result(30) for call in calls} >= {kept.result(30)}
    threads.shutdown()
    with pytest.raises(RuntimeError):
        threads.submit(get_ident)


def test_cancelled_calls_are_never_made() -> None:
    """One that waits can be taken back, alone or with all others at the end."""
    threads = WarmThreads(3)
    end, calls = busy(threads, 3)
    first, second = threads.submit(get_ident), threads.submit(get_ident)
    assert first.cancel()
    threads.shutdown(wait=False, cancel_futures=True)
    end.set()
    threads.shutdown()
    assert all(call.result(30) for call in calls)
    with pytest.raises(CancelledError):
        second.result(30)
