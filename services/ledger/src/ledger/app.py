"""The composition root: each process of the ledger, built from its Config."""

import threading
import time

from flask import Flask

from common import kafka, keys, logs, server
from common.consumer import Projection
from common.env import load
from common.migrations import migrate as apply_migrations
from common.migrations import pending
from common.postgres import connect, open_pool
from common.process import stop_event
from common.relay import Relay
from ledger import api, consumer
from ledger.config import Config
from ledger.events.heard import DIRECTORY
from ledger.migrations import SHARED
from ledger.store import audit

log = logs.get("ledger")


def migrate() -> list[str]:
    """Brings the database to the newest schema; returns what was applied."""
    return apply_migrations(load(Config).database_url, "ledger", SHARED)


def project() -> None:
    """Consumes until SIGTERM."""
    config = _configured()
    consumer.projection(config).run(stop_event(), config.admin_port)


def relay() -> None:
    """Publishes the outbox until SIGTERM."""
    config = _configured()
    Relay(config.database_url, config.kafka_bootstrap_servers, "ledger-relay", event_store=False).run(
        stop_event(), config.admin_port
    )


def web() -> None:
    """Serves the HTTP API until SIGTERM."""
    config = _configured()
    server.serve(
        lambda: flask_app(config),
        lambda: _not_ready(config),
        host=config.http_host,
        port=config.http_port,
        admin_port=config.admin_port,
        workers=config.web_workers,
        threads=config.web_threads,
    )


def flask_app(config: Config) -> Flask:
    """The web app with a pool of its own; make it after the fork."""
    pool = open_pool(config.database_url, "ledger-web", size=config.web_threads)
    made = api.create(pool, keys.verifier(pool), config)
    made.extensions["pool"] = pool
    return made


def replay() -> dict[str, float]:
    """Reads all topics from their beginning into an empty database and stops at what was their end when it began.

    Says nothing. The directory comes first, for the split rule takes its order of services from it.
    """
    config = _configured()
    stop, started = stop_event(), time.monotonic()
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
            while not stop.wait(0.1) and not reached.is_set():
                at = audit.offsets(conn)
                if all(at.get(topic, {}).get(str(p), 0) >= end for (topic, p), end in ends.items()):
                    reached.set()

    watcher = threading.Thread(target=watch, daemon=True, name="replay-watch")
    watcher.start()
    projection.run(reached)
    watcher.join()


def _configured() -> Config:
    config = load(Config)
    logs.configure("ledger", config.log_level)
    return config


def _not_ready(config: Config) -> str | None:
    with connect(config.database_url, "ledger-ready") as conn:
        waiting = pending(conn, "ledger", SHARED)
    return f"migrations wait: {', '.join(m.name for m in waiting)}" if waiting else None
