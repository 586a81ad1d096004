"""The composition root: each process of the ledger, built from its Config."""

from typing import TYPE_CHECKING

from common import logs, traces
from common.env import load
from common.migrations import migrate as apply_migrations
from common.migrations import pending
from common.postgres import connect
from common.process import stop_event
from ledger.config import Config
from ledger.migrations import SHARED

if TYPE_CHECKING:
    from flask import Flask

    from ledger.rebuild import Outcome, Tell, Wish
    from ledger.second_books import Verdict

# Each process imports its own parts only: those of the web alone cost the others a second at every start.


def migrate() -> list[str]:
    """Brings the database to the newest schema; returns what was applied."""
    config = load(Config)
    return apply_migrations(config.database_url, "ledger", SHARED, config.running_role)


def project() -> None:
    """Consumes until SIGTERM."""
    from ledger import consumer

    config = _configured()
    consumer.projection(config).run(stop_event(), config.admin_port)


def relay() -> None:
    """Publishes the outbox until SIGTERM."""
    from common.relay import Relay

    config = _configured()
    Relay(config.database_url, config.kafka_bootstrap_servers, "ledger-relay", event_store=False).run(
        stop_event(), config.admin_port
    )


def web() -> None:
    """Serves the HTTP API until SIGTERM."""
    from common import server
    from ledger import api  # noqa: F401  # imported before the fork, its pages are common to parent and workers

    config = _configured()
    server.serve(
        lambda: flask_app(config),
        lambda: _not_ready(config),
        host=config.http_host,
        port=config.http_port,
        shared=config.http_shared,
        admin_port=config.admin_port,
        workers=config.web_workers,
        threads=config.web_threads,
    )


def flask_app(config: Config) -> "Flask":
    """The web app with connections of its own; make it after the fork."""
    from common import keys
    from common.arrivals import Arrivals
    from common.reading import Reading
    from ledger import api

    # One moment for the check of access and everything read after it: a close may come between two statements.
    reading = Reading(config.database_url, "ledger-web")
    arrivals = Arrivals(config.database_url, "ledger-web-arrivals")
    made = api.create(reading, arrivals, keys.verifier(reading), config)
    made.extensions |= {"reading": reading, "arrivals": arrivals}
    return made


def replay() -> dict[str, float]:
    """Fills an empty database from the topics, publishing nothing; see ledger.replay."""
    from ledger.replay import replay_all

    return replay_all(_configured(), stop_event())


def rebuild(wish: "Wish", tell: "Tell", *, back: bool = False) -> "Outcome":
    """Folds the log anew beside the live ledger and switches, or goes back; see ledger.rebuild."""
    from ledger import rebuild as work

    return (work.go_back if back else work.rebuild)(_configured(), wish, tell, stop_event())


def verify_log(one_in: int) -> "Verdict":
    """Folds the log by other code and compares; see ledger.second_books."""
    from ledger.second_books import check

    return check(_configured(), one_in)


def _configured() -> Config:
    config = load(Config)
    logs.configure("ledger", config.log_level)
    traces.configure("ledger")
    return config


def _not_ready(config: Config) -> str | None:
    with connect(config.database_url, "ledger-ready") as conn:
        waiting = pending(conn, "ledger", SHARED)
    return f"migrations wait: {', '.join(m.name for m in waiting)}" if waiting else None
