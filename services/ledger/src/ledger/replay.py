"""Replay: the topics read into an empty database at full speed, and nothing said."""

import threading
import time

from common import kafka
from common.consumer import Projection
from common.postgres import connect
from ledger import consumer
from ledger.config import Config
from ledger.events.heard import DIRECTORY
from ledger.store import audit


class NotEmpty(Exception):
    """The database has read something already: a replay into it would prove nothing."""


def replay_all(config: Config, stop: threading.Event) -> dict[str, float]:
    """Reads all topics from their beginning into an empty database and stops at what was their end when it began.

    Says nothing. The directory comes first, for the split rule takes its order of services from it.
    """
    with connect(config.database_url, "ledger-replay") as conn:
        if any(offset for partitions in audit.offsets(conn).values() for offset in partitions.values()):
            raise NotEmpty("replay needs an empty, migrated database; this one stands at offsets above 0")
    started = time.monotonic()
    subscriptions = consumer.subscriptions(config, says=False)
    directory = [s for s in subscriptions if s.topic == config.topic(DIRECTORY)]
    group = f"{config.topic('ledger.replay')}.{time.time_ns()}"
    for step in (directory, subscriptions):
        projection = Projection(config.database_url, config.kafka_bootstrap_servers, group, step)
        _until_end(projection, config, stop)
    with connect(config.database_url, "ledger-replay") as conn:
        applied = sum(sum(partitions.values()) for partitions in audit.offsets(conn).values())
    seconds = time.monotonic() - started
    return {"records": applied, "seconds": round(seconds, 3), "per_second": round(applied / seconds)}


def _until_end(projection: Projection, config: Config, stop: threading.Event) -> None:
    ends = kafka.end_offsets(config.kafka_bootstrap_servers, [s.topic for s in projection.subscriptions])
    reached = threading.Event()

    def watch() -> None:
        with connect(config.database_url, "ledger-replay-watch", autocommit=True) as conn:
            while not stop.wait(0.1):
                at = audit.offsets(conn)
                if all(at.get(topic, {}).get(str(p), 0) >= end for (topic, p), end in ends.items()):
                    break
        reached.set()

    watcher = threading.Thread(target=watch, daemon=True, name="replay-watch")
    watcher.start()
    projection.run(reached)
    watcher.join()
