"""A plain limit per address and minute, in this process's memory: it slows a guesser, it guards no secret."""

import time
from threading import Lock


class Throttle:
    """Counts calls; at most `per_minute` from one address."""

    def __init__(self, per_minute: int) -> None:
        self._limit, self._lock = per_minute, Lock()
        self._minute, self._counts = 0, dict[str, int]()

    def admits(self, address: str) -> bool:
        """Counts this call and answers whether it is within the limit."""
        minute = int(time.monotonic() // 60)
        with self._lock:
            if minute != self._minute:
                self._minute, self._counts = minute, {}
            self._counts[address] = self._counts.get(address, 0) + 1
            return self._counts[address] <= self._limit
