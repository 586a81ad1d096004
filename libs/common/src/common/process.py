"""How a long-running process ends: SIGTERM and SIGINT set one event that every loop looks at."""

import signal
import threading
from types import FrameType


def stop_event() -> threading.Event:
    """An event set by the first SIGTERM or SIGINT; call from the main thread."""
    stop = threading.Event()

    def on_signal(number: int, frame: FrameType | None) -> None:
        stop.set()

    signal.signal(signal.SIGTERM, on_signal)
    signal.signal(signal.SIGINT, on_signal)
    return stop
