"""Waiting for something to become true, always with a deadline."""

import time
from collections.abc import Callable

from native.trouble import Trouble

STEP_S = 0.05


class TooLate(Trouble):
    """What was waited for did not happen within its deadline."""


def holds_within(seconds: float, condition: Callable[[], bool], step_s: float = STEP_S) -> bool:
    """Whether the condition comes true before the deadline; it is looked at every step."""
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(step_s)
    return True


def until(condition: Callable[[], bool], seconds: float, what: str) -> None:
    """Return as soon as the condition holds; raise when the deadline passes first."""
    if not holds_within(seconds, condition):
        raise TooLate(f"{what} did not happen within {seconds:.0f} s")
