"""What the broker says of the ends of topics, asked apart from the fetching that may stand still without a word."""

import os
import threading
import time
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from common import clock, kafka, logs

log = logs.get("watchdog")

EVERY_S = 5.0
AGAIN_S = 1.0
HUNG_S = 120.0
_ANSWER_MS = 5_000


class Watchdog:
    """A thread that asks every five seconds where the topics end, and ends a process whose main loop hangs.

    `ends` and `asked` are the last answer and when it was asked for; `silent_s` how long the broker did not answer.
    """

    def __init__(self, bootstrap: str, topics: Sequence[str]) -> None:
        self._ends = kafka.Ends(bootstrap, topics, _ANSWER_MS)
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True, name="watchdog")
        self._answered = self._beat = time.monotonic()
        self.ends: dict[Any, int] = {}
        self.asked: datetime | None = None

    def start(self) -> None:
        """Begins to ask."""
        self._thread.start()

    def stop(self) -> None:
        """Ends the thread; waits for its last question."""
        self._stop.set()
        self._thread.join(_ANSWER_MS / 1000 + 2)

    def beat(self) -> None:
        """The main loop lives."""
        self._beat = time.monotonic()

    @property
    def silent_s(self) -> float:
        """For how many seconds the broker has not answered."""
        return time.monotonic() - self._answered

    def _run(self) -> None:
        wait = AGAIN_S
        while not self._stop.wait(wait):
            if time.monotonic() - self._beat > HUNG_S:
                log.error("the main loop hangs", seconds=round(time.monotonic() - self._beat))
                os._exit(1)
            wait = EVERY_S if self._ask() else AGAIN_S
        self._ends.close()

    def _ask(self) -> bool:
        at = clock.now()
        try:
            self.ends = self._ends.ask()
        except (kafka.KafkaError, OSError) as error:
            log.warning("the broker does not answer", error=type(error).__name__, seconds=round(self.silent_s))
            return False
        self.asked, self._answered = at, time.monotonic()
        return True
