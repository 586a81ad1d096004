"""Waiting for a condition with a deadline; never for a time."""

import time
from collections.abc import Callable


def until(condition: Callable[[], bool], what: str, within_s: float = 30.0) -> None:
    """Polls until `condition` holds; fails with `what` when it does not in time."""
    deadline = time.monotonic() + within_s
    while not condition():
        if time.monotonic() > deadline:
            raise AssertionError(f"not within {within_s} s: {what}")
        time.sleep(0.05)
