"""The processes of receipts."""

import typer

from common import logs
from common.postgres import open_pool
from common.process import stop_event
from common.telemetry import AdminServer
from receipts import app as build
from receipts.commands import prepare as prepare_month
from receipts.config import Config, from_environment
from receipts.tasks import work

cli = typer.Typer(help=__doc__, no_args_is_help=True)


def _config() -> Config:
    config = from_environment()
    logs.configure("receipts", config.log_level)
    return config


@cli.command()
def web() -> None:
    """Serve the HTTP API."""
    build.serve_web(_config())


@cli.command()
def project() -> None:
    """Keep statements, holders, access and keys; take the ledger's drafts."""
    config = _config()
    build.projection(config).run(stop_event(), config.admin_port or None)


@cli.command()
def relay() -> None:
    """Publish what the outbox holds."""
    config = _config()
    build.relay(config).run(stop_event(), config.admin_port or None)


@cli.command()
def worker() -> None:
    """Render documents (Celery)."""
    config = _config()
    with AdminServer(config.admin_port or None, lambda: build.database_problem(config)):
        work(build.celery(config), config.render_processes, config.log_level)


@cli.command()
def sweep() -> None:
    """Hand documents to the workers; send again what was lost, end what cannot end well."""
    config = _config()
    build.sweeper(config).run(stop_event(), config.admin_port or None)


@cli.command()
def prepare(period: str = typer.Argument(..., help="A closed month, 2026-10."), language: str = "ru") -> None:
    """Make the receipts of a closed month for all accounts, behind every waiting resident."""
    config = _config()
    pool = open_pool(config.database_url, "receipts-prepare", size=1, statement_s=60)
    typer.echo(f"{prepare_month(pool, period, language)} receipts queued")
    pool.close()


@cli.command()
def migrate() -> None:
    """Bring the database to the newest schema."""
    for name in build.migrate_database(_config()):
        typer.echo(f"applied {name}")


if __name__ == "__main__":
    cli()
