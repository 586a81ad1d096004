"""Which topics of an outbox exist: the rows of one that does not stand aside, and it is said, until it does."""

import time
from collections.abc import Collection
from dataclasses import dataclass, field

from common import kafka, logs
from common.telemetry import TOPICS_MISSING

log = logs.get("relay")

_AGAIN_S = 10.0


@dataclass
class Outlets:
    """`missing` are topics that rows wait for; the producer itself would wait ten seconds for each, and all with it."""

    bootstrap: str
    missing: list[str] = field(default_factory=list)
    _known: set[str] = field(default_factory=set, repr=False)
    _asked: float = field(default=0.0, repr=False)

    def learn(self, topics: Collection[str]) -> None:
        """Asks the broker for topics not met before; raises KafkaError."""
        new = set(topics).difference(self._known, self.missing)
        if new:
            self._sort(new)

    def returned(self) -> bool:
        """Whether a topic that was missing is there now; asks every ten seconds, raises KafkaError."""
        if not self.missing or time.monotonic() - self._asked < _AGAIN_S:
            return False
        before, self.missing = set(self.missing), []
        self._sort(before)
        return len(self.missing) < len(before)

    def forget(self) -> None:
        """A send failed: its topic may have been removed."""
        self._known.clear()

    def _sort(self, topics: set[str]) -> None:
        there = kafka.topic_ids(self.bootstrap, topics).keys()
        self._known |= there
        self.missing += sorted(topics - there)
        self._asked = time.monotonic()
        TOPICS_MISSING.set(len(self.missing))
        if self.missing:
            log.error("topics do not exist, their rows wait", topics=self.missing)
