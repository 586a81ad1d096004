"""How a process begins (wrong settings end it with a message), how it ends (SIGTERM and SIGINT set one event that every
loop looks at), and how it collects.
"""

import gc
import signal
import threading
from collections.abc import Callable
from types import FrameType
from typing import TypeVar

import typer

from common.env import BadSettings

Settings = TypeVar("Settings")


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

    With Python's usual thresholds a quarter of a projection's time went into walking through them in vain.
    """
    gc.freeze()
    gc.set_threshold(200_000, 20, 50)
