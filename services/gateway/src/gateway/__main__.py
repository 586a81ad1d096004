"""The processes of the gateway."""

import logging

import typer

from common import logs
from common.process import settings_or_exit
from gateway.config import Config, from_environment

cli = typer.Typer(help=__doc__, no_args_is_help=True)


def _config() -> Config:
    config = settings_or_exit(from_environment)
    logs.configure("gateway", config.log_level)
    logging.getLogger("urllib3").setLevel(logging.WARNING)  # it would log account numbers in addresses
    return config


@cli.command()
def web() -> None:
    """Serve the pages."""
    from gateway.app import serve_web

    serve_web(_config())


@cli.command()
def migrate() -> None:
    """Bring the database to the newest schema."""
    from gateway.app import migrate_database

    for name in migrate_database(_config()):
        typer.echo(f"applied {name}")


if __name__ == "__main__":
    cli()
