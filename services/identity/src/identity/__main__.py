"""The processes of identity."""

from typing import TYPE_CHECKING

import typer

from common import logs, traces
from common.process import settings_or_exit, stop_event
from identity import commands
from identity.config import Config, from_environment

if TYPE_CHECKING:
    from identity.handlers.desk import Desk

# A process imports web, Kafka or mail only when it needs them: the web's parts alone cost a second at every start.

app = typer.Typer(help=__doc__, no_args_is_help=True, pretty_exceptions_enable=False)


def _config() -> Config:
    config = _settings()
    logs.configure("identity", config.log_level)
    traces.configure("identity")
    return config


def _settings() -> Config:
    """For commands whose standard output belongs to their answer, not to logs."""
    return settings_or_exit(from_environment)


def _desk() -> "Desk":
    """For one command of an operator."""
    from identity.app.desk import build_desk

    return build_desk(_config(), "identity-operator", pool_size=1)


app.add_typer(commands.build(_desk))


@app.command()
def web() -> None:
    """Serve the HTTP API."""
    from identity.app.web import serve_web

    serve_web(_config())


@app.command()
def project() -> None:
    """Listen to the accounts topic."""
    from identity.app.desk import build_desk
    from identity.consumer import projection

    config = _config()
    projection(build_desk(config, "identity-project", pool_size=1)).run(stop_event(), config.admin_port or None)


@app.command()
def relay() -> None:
    """Publish users' events and keys."""
    from common.relay import Relay
    from identity.store.waits import measures

    config = _config()
    publisher = Relay(
        config.database_url,
        config.kafka_bootstrap_servers,
        "identity-relay",
        event_store=True,
        measures=measures(config.budgets, config.proof_failures_in_city),
    )
    publisher.run(stop_event(), config.admin_port or None)


@app.command()
def mail() -> None:
    """Send queued mail and sweep what is over."""
    from identity.app.desk import build_desk
    from identity.tasks import run_mail

    run_mail(build_desk(_config(), "identity-mail"), stop_event())


@app.command()
def doctor(as_json: commands.AsJson = False) -> None:
    """Look at database, topics, mail and keys; exit status 4 when something is to be done now."""
    from common.doctor import Patient, examine, report
    from identity.events import USERS
    from identity.migrations import SHARED
    from identity.store.doctor import QUESTIONS

    config = _settings()
    own = config.topic_prefix + USERS
    patient = Patient("identity", SHARED, config.database_url, config.kafka_bootstrap_servers, QUESTIONS, own)
    report(examine(patient), as_json)


@app.command()
def migrate() -> None:
    """Bring the database to the newest schema and make the first keys."""
    from common.migrations import migrate as run_migrations
    from identity.app.desk import build_desk
    from identity.handlers import keyring
    from identity.migrations import SHARED

    config = _config()
    for name in run_migrations(config.database_url, "identity", SHARED, config.running_role):
        typer.echo(f"applied {name}")
    keyring.provide(build_desk(config, "identity-migrate"))


if __name__ == "__main__":
    app()
