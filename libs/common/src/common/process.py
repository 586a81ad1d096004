"""How a process begins (wrong settings end it with a message), how it ends (SIGTERM and SIGINT set one event that every
loop looks at), and how it collects.
"""

import ctypes
import gc
import signal
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from functools import cache
from types import FrameType
from typing import TypeVar

import typer

from common.env import BadSettings

Settings = TypeVar("Settings")

TIDY_S = 5.0
# A process at work gives nothing back that it would not take again at once, and a batch of its is long to walk through.
_BUSY, _BUSY_S = 0.1, 60.0


def settings_or_exit(read: Callable[[], Settings]) -> Settings:
    """What `read` makes of the environment; wrong settings are told on standard error, and the exit status is 2."""
    try:
        return read()
    except BadSettings as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(2) from None


def stop_event() -> threading.Event:
    """An event set by the first SIGTERM or SIGINT; call from the main thread."""
    stop = threading.Event()

    def on_signal(number: int, frame: FrameType | None) -> None:
        stop.set()

    signal.signal(signal.SIGTERM, on_signal)
    signal.signal(signal.SIGINT, on_signal)
    return stop


def collect_rarely() -> None:
    """For processes that work in batches: a batch is many objects that end together, without cycles.

    With Python's usual thresholds a quarter of a projection's time went into walking through them in vain. The few
    cycles there are hold answers of the broker of several MB, so a thread looks for them by the clock.
    """
    settle()
    gc.set_threshold(200_000, 20, 50)
    _tidy_by_the_clock()


def settle() -> None:
    """What was imported and built stays as long as the process: no collection walks through it again.

    Called before a fork it also keeps these pages common to parent and children.
    """
    gc.collect()
    _give_back()
    gc.freeze()


@cache
def _tidy_by_the_clock() -> threading.Thread:
    """One thread in each process, however often it is asked for."""
    thread = threading.Thread(target=_tidy, name="tidy", daemon=True)
    thread.start()
    return thread


def _tidy() -> None:
    tidied = time.monotonic()
    while True:
        used = time.process_time()
        time.sleep(TIDY_S)
        at_work = time.process_time() - used > _BUSY * TIDY_S
        if not at_work or time.monotonic() - tidied > _BUSY_S:
            gc.collect()
            _give_back()
            tidied = time.monotonic()


def _give_back() -> None:
    """Free pages return to the system; a C library without the call keeps them."""
    with suppress(AttributeError):
        ctypes.CDLL(None).malloc_trim(0)
