"""How long each partition stood still although it had more to read: what a rebalance costs those who wait."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import psycopg

from common import kafka

_OFFSETS = "SELECT partition, next_offset FROM consumer_offsets WHERE topic = %s"


@dataclass
class Pauses:
    """The longest pause of each partition, in seconds, as seen every few hundredths of a second."""

    longest: dict[int, float] = field(default_factory=dict)
    _moved: dict[int, tuple[int, float]] = field(default_factory=dict)

    def look(self, at: dict[int, int], ends: dict[int, int]) -> None:
        """Where the partitions stand now, and where they end."""
        now = time.monotonic()
        for partition, offset in at.items():
            before, since = self._moved.get(partition, (-1, now))
            if offset != before or offset >= ends.get(partition, 0):
                self._moved[partition] = (offset, now)
            else:
                self.longest[partition] = max(self.longest.get(partition, 0.0), now - since)

    def line(self) -> str:
        """One line for a person."""
        each = ", ".join(f"{partition}: {seconds:.1f}" for partition, seconds in sorted(self.longest.items()))
        return f"longest pause of a partition {max(self.longest.values(), default=0):.1f} s ({each})"


@contextmanager
def watched(url: str, bootstrap: str, topic: str) -> Iterator[Pauses]:
    """Looks on while the block runs."""
    pauses, done = Pauses(), threading.Event()

    def look() -> None:
        ends = kafka.Ends(bootstrap, [topic], 5_000)
        with psycopg.connect(url, autocommit=True) as conn:
            while not done.wait(0.05):
                found = {place.partition: end for place, end in ends.ask().items()}
                pauses.look(dict(conn.execute(_OFFSETS, (topic,)).fetchall()), found)
        ends.close()

    watcher = threading.Thread(target=look, daemon=True)
    watcher.start()
    try:
        yield pauses
    finally:
        done.set()
        watcher.join(10)
