"""The Kafka door of senders: one process reads all inboxes, each partition's records in their order."""

import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import psycopg
from psycopg_pool import PoolTimeout

from common import kafka, logs
from common.telemetry import AdminServer
from provider_sync.handlers.base import Base
from provider_sync.handlers.inbox import Passed, Place, inbox_topic, receive
from provider_sync.store import inboxes
from provider_sync.store.inboxes import Inbox

GROUP = "provider-sync.inbox"
_LOOK_S = 2.0
_BATCH = 2_000

log = logs.get("inbox")


@dataclass
class Reader:
    """The process: offsets are kept beside the facts, Kafka's own are not used."""

    base: Base
    bootstrap: str
    member: str | None = None
    _ids: dict[str, str] = field(default_factory=dict)
    _next: dict[Any, int] = field(default_factory=dict)

    def run(self, stop: threading.Event, admin_port: int | None, problem: Callable[[], str | None]) -> None:
        """Reads until told to stop; survives PostgreSQL and Kafka going away."""
        with AdminServer(admin_port, problem):
            while not stop.is_set():
                try:
                    self._session(stop)
                except (psycopg.OperationalError, PoolTimeout, kafka.KafkaError, OSError) as error:
                    log.warning("reading starts anew", error=type(error).__name__, detail=str(error)[:300])
                    stop.wait(1)

    def _session(self, stop: threading.Event) -> None:
        """Reads the inboxes that are open now; ends when others are."""
        opened = self._opened()
        if not opened:
            stop.wait(_LOOK_S)
            return
        consumer = kafka.consumer(self.bootstrap, self.base.topic(GROUP), self.member)
        kafka.read_raw(consumer)
        try:
            # Asked once, so that the client knows every topic before the group shares the partitions out.
            kafka.oldest_offsets(consumer, opened)
            consumer.subscribe(list(opened), listener=kafka.seeking(consumer, self._stored, self._forget))
            looked = time.monotonic()
            while not stop.is_set():
                self._round(consumer, opened)
                if time.monotonic() - looked > _LOOK_S:
                    if self._opened() != opened:
                        return
                    looked = time.monotonic()
        finally:
            kafka.close(consumer, leave=stop.is_set())

    def _opened(self) -> dict[str, Inbox]:
        """Open inboxes by topic, as far as their topics exist."""
        with self.base.pool.connection() as conn:
            wanted = {self.base.topic(inbox_topic(inbox.provider)): inbox for inbox in inboxes.opened(conn)}
        self._ids = kafka.topic_ids(self.bootstrap, wanted) if wanted else {}
        with self.base.pool.connection() as conn:
            for topic, ident in self._ids.items():
                inboxes.seed(conn, topic, ident)
        return {topic: inbox for topic, inbox in wanted.items() if topic in self._ids}

    def _stored(self, places: Sequence[Any]) -> dict[Any, int]:
        with self.base.pool.connection() as conn:
            stored = inboxes.offsets(conn, {place.topic for place in places})
        found = {p: stored.get((p.topic, self._ids[p.topic], p.partition), 0) for p in places}
        self._next |= found
        return found

    def _forget(self, places: Sequence[Any]) -> None:
        for place in places:
            self._next.pop(place, None)

    def _round(self, consumer: Any, opened: dict[str, Inbox]) -> None:
        kafka.keep_joining(consumer)
        for place, records in consumer.poll(timeout_ms=200, max_records=_BATCH).items():
            expected = self._next.get(place)
            fresh = [record for record in records if expected is not None and record.offset >= expected]
            if expected is None or not fresh:
                continue
            where = Place(place.topic, self._ids[place.topic], place.partition, expected)
            try:
                self._next[place] = receive(self.base, opened[place.topic], where, fresh)
            except Passed:
                log.warning("another process has read on", topic=place.topic, partition=place.partition)
                consumer.seek(place, self._stored([place])[place])
