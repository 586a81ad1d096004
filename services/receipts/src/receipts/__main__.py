"""The processes of receipts."""

import typer

from common import logs
from common.postgres import open_pool
from common.process import stop_event
from common.telemetry import AdminServer
from receipts.config import Config, from_environment

# Each process imports its own parts only: the layout engine alone costs a web process seconds and 40 MB.

cli = typer.Typer(help=__doc__, no_args_is_help=True)


def _config() -> Config:
    config = from_environment()
    logs.configure("receipts", config.log_level)
    return config


@cli.command()
def web() -> None:
    """Serve the HTTP API."""
    from receipts.app.web import serve_web

    serve_web(_config())


@cli.command()
def project() -> None:
    """Keep statements, holders, access and keys; take the ledger's drafts."""
    from receipts.app.streams import projection

    config = _config()
    projection(config).run(stop_event(), config.admin_port or None)


@cli.command()
def relay() -> None:
    """Publish what the outbox holds."""
    from receipts.app.streams import relay as build

    config = _config()
    build(config).run(stop_event(), config.admin_port or None)


@cli.command()
def worker() -> None:
    """Render documents (Celery)."""
    from receipts.app.health import database_problem
    from receipts.app.worker import celery
    from receipts.tasks import work

    config = _config()
    with AdminServer(config.admin_port or None, lambda: database_problem(config)):
        work(celery(config), config.render_processes, config.log_level)


@cli.command()
def sweep() -> None:
    """Hand documents to the workers; send again what was lost, end what cannot end well."""
    from receipts.app.sweep import sweeper

    config = _config()
    with open_pool(config.database_url, "receipts-sweep", size=2, statement_s=30) as pool:
        sweeper(config, pool).run(stop_event(), config.admin_port or None)


@cli.command()
def prepare(period: str = typer.Argument(..., help="A closed month, 2026-10."), language: str = "ru") -> None:
    """Make the receipts of a closed month for all accounts, behind every waiting resident."""
    from receipts.commands import prepare as prepare_month

    config = _config()
    with open_pool(config.database_url, "receipts-prepare", size=1, statement_s=60) as pool:
        typer.echo(f"{prepare_month(pool, period, language)} receipts queued")


@cli.command()
def trace(account: str = typer.Argument(..., help="An account's id.")) -> None:
    """Print, as JSON, the statements known of an account and the documents made of them."""
    from receipts.commands import trace as trace_account

    typer.echo(trace_account(_config().database_url, account))


@cli.command()
def migrate() -> None:
    """Bring the database to the newest schema."""
    from receipts.app.streams import migrate_database

    for name in migrate_database(_config()):
        typer.echo(f"applied {name}")


if __name__ == "__main__":
    cli()
