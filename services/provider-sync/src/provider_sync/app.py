"""The composition root: each process of provider-sync, built from its Config."""

from functools import partial
from threading import Event, Thread
from typing import TYPE_CHECKING

import psycopg

from common import logs, traces
from common.env import load as load_settings
from common.migrations import migrate as apply_migrations
from common.postgres import Pool, connect, open_pool
from common.process import collect_rarely, settle, stop_event
from common.telemetry import AdminServer
from common.workers import Workers
from provider_sync.config import Config
from provider_sync.gateways import Spool, rules_from
from provider_sync.handlers.base import Base
from provider_sync.migrations import SHARED

if TYPE_CHECKING:
    from flask import Flask

    from provider_sync.gateways.turn import Turn
    from provider_sync.handlers.load import Loader

_LOAD = "provider-sync-load"

# Each process imports its own parts only: those of the web alone cost the others a second at every start.


def migrate() -> list[str]:
    """Brings the database to the newest schema; returns what was applied."""
    config = load_settings(Config)
    return apply_migrations(config.database_url, "provider_sync", SHARED, config.running_role)


def web() -> None:
    """Serves the HTTP API until SIGTERM."""
    from common import server
    from provider_sync import api  # noqa: F401  # imported before the fork, its pages are common to parent and workers

    config = _configured()
    server.serve(
        lambda: flask_app(config),
        lambda: _not_ready(config),
        host=config.http_host,
        port=config.http_port,
        shared=config.http_shared,
        admin_port=config.admin_port or None,
        workers=config.web_workers,
        threads=config.web_threads,
    )


def flask_app(config: Config) -> "Flask":
    """The web app with a pool of its own; make it after the fork."""
    from provider_sync import api

    pool = open_pool(config.database_url, "provider-sync-web", size=config.web_connections)
    app = api.create(_base(pool, config), _spool(config), config)
    app.extensions["pool"] = pool
    return app


def load() -> None:
    """Loads uploads until SIGTERM, several side by side so that a small file need not wait for a large one."""
    from provider_sync.gateways.turn import Turn
    from provider_sync.handlers import acks
    from provider_sync.handlers.load import Loader  # noqa: F401  # before the fork, common to parent and workers

    config, stop, turn = _configured(), stop_event(), Turn()
    settle()
    with Workers(config.load_workers - 1, partial(_load, config, turn), stop):
        collect_rarely()
        with open_pool(config.database_url, _LOAD, size=3, statement_s=120) as pool:
            loader = _loader(pool, config, turn)
            works = (loader.run, partial(acks.run, loader.base))
            threads = [Thread(target=work, args=(stop,)) for work in works]
            with AdminServer(config.admin_port or None, lambda: _not_ready(config)):
                for thread in threads:
                    thread.start()
                for thread in threads:
                    thread.join()


def _load(config: Config, turn: "Turn", stop: Event) -> None:
    """The same in a worker."""
    collect_rarely()
    with open_pool(config.database_url, _LOAD, size=2, statement_s=120) as pool:
        _loader(pool, config, turn).run(stop)


def _loader(pool: Pool, config: Config, turn: "Turn") -> "Loader":
    from provider_sync.handlers.load import Loader

    return Loader(
        _base(pool, config),
        _spool(config),
        config.profiles_dir,
        config.batch_rows,
        config.atomic_rows_max,
        config.lease_s,
        config.currency,
        turn,
    )


def inbox() -> None:
    """Reads the inboxes of all senders until SIGTERM."""
    from provider_sync.inbox import Reader

    config, stop = _configured(), stop_event()
    collect_rarely()
    with open_pool(config.database_url, "provider-sync-inbox", size=2, statement_s=120) as pool:
        reader = Reader(_base(pool, config), config.kafka_bootstrap_servers, config.consumer_member or None)
        reader.run(stop, config.admin_port or None, lambda: _not_ready(config))


def project() -> None:
    """Hears what the ledger says until SIGTERM."""
    from provider_sync import consumer

    config = _configured()
    consumer.projection(config).run(stop_event(), config.admin_port or None)


def relay() -> None:
    """Publishes the outbox until SIGTERM."""
    from common.relay import Relay
    from provider_sync.store.waits import MEASURES

    config = _configured()
    publisher = Relay(
        config.database_url,
        config.kafka_bootstrap_servers,
        "provider-sync-relay",
        event_store=True,
        measures=MEASURES,
    )
    publisher.run(stop_event(), config.admin_port or None)


def _configured() -> Config:
    config = load_settings(Config)
    # A wrong file of rules stops the process here, before it forks.
    rules_from(config.gate_rules)
    logs.configure("provider-sync", config.log_level)
    traces.configure("provider-sync")
    return config


def _base(pool: Pool, config: Config) -> Base:
    return Base(pool, config.topic_prefix, rules_from(config.gate_rules))


def _spool(config: Config) -> Spool:
    return Spool(config.spool_dir, config.upload_limit_bytes, config.unpacked_limit_bytes)


def _not_ready(config: Config) -> str | None:
    try:
        connect(config.database_url, "provider-sync-health").close()
    except psycopg.Error as error:
        return f"PostgreSQL: {error}"
    return None
