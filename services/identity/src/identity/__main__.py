"""The processes of identity: `python -m identity web | project | relay | mail | migrate | keys`."""

import psycopg
import typer

from common import logs
from common.env import BadSettings
from common.errors import Refusal
from common.migrations import migrate as run_migrations
from common.postgres import connect
from common.process import stop_event
from common.relay import Relay
from common.server import serve
from identity import app as parts
from identity import commands, consumer, tasks
from identity.config import Config, from_environment
from identity.handlers import keyring
from identity.migrations import SHARED

app = typer.Typer(help=__doc__, no_args_is_help=True, pretty_exceptions_enable=False)
keys = typer.Typer(help="Keys that sign access tokens.", no_args_is_help=True)
app.add_typer(keys, name="keys")


def _config() -> Config:
    try:
        config = from_environment()
    except BadSettings as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(2) from None
    logs.configure("identity", config.log_level)
    return config


@app.command()
def web() -> None:
    """Serve the HTTP API."""
    config = _config()

    def ready() -> str | None:
        try:
            connect(config.database_url, "identity-health").close()
        except psycopg.Error as error:
            return f"PostgreSQL: {error}"
        return None

    serve(
        lambda: parts.build_web(config),
        ready,
        host=config.http_host,
        port=config.http_port,
        admin_port=config.admin_port or None,
        workers=config.web_workers,
        threads=config.web_threads,
    )


@app.command()
def project() -> None:
    """Listen to the accounts topic."""
    config = _config()
    desk = parts.build_desk(config, "identity-project", pool_size=1)
    consumer.projection(desk).run(stop_event(), config.admin_port or None)


@app.command()
def relay() -> None:
    """Publish users' events and keys."""
    config = _config()
    publisher = Relay(config.database_url, config.kafka_bootstrap_servers, "identity-relay", event_store=True)
    publisher.run(stop_event(), config.admin_port or None)


@app.command()
def mail() -> None:
    """Send queued mail and sweep what is over."""
    config = _config()
    tasks.run_mail(parts.build_desk(config, "identity-mail"), stop_event())


@app.command()
def migrate() -> None:
    """Bring the database to the newest schema and make the first keys."""
    config = _config()
    for name in run_migrations(config.database_url, "identity", SHARED):
        typer.echo(f"applied {name}")
    keyring.provide(parts.build_desk(config, "identity-migrate"))


@keys.command("rotate")
def rotate_keys(
    now: bool = typer.Option(False, "--now", help="Even though services may not know the next key yet."),
    as_json: bool = typer.Option(False, "--json", help="Print JSON."),
) -> None:
    """Let the next key sign, retire the present one."""
    try:
        commands.rotate(parts.build_desk(_config(), "identity-keys"), at_once=now, as_json=as_json)
    except Refusal as refusal:
        typer.echo(refusal.text("en"), err=True)
        raise typer.Exit(1) from None


@keys.command("list")
def list_keys(as_json: bool = typer.Option(False, "--json", help="Print JSON.")) -> None:
    """Show all keys and their states."""
    commands.list_keys(parts.build_desk(_config(), "identity-keys"), as_json=as_json)


if __name__ == "__main__":
    app()
