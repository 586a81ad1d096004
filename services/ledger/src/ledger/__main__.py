"""Everything the ledger does; `python -m ledger --help` lists it."""

import json

import typer

from ledger import app, commands
from ledger.commands.parked import parked

cli = typer.Typer(help=__doc__, no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False)


@cli.command()
def web() -> None:
    """Serve the HTTP API."""
    app.web()


@cli.command()
def project() -> None:
    """Apply what the topics say: facts, closes, names, links; answer requests for drafts."""
    app.project()


@cli.command()
def relay() -> None:
    """Publish statements, drafts and allocations from the outbox."""
    app.relay()


@cli.command()
def migrate() -> None:
    """Bring the database to the newest schema."""
    typer.echo(", ".join(app.migrate()) or "nothing to apply")


@cli.command()
def replay() -> None:
    """Fill the empty, migrated database of DATABASE_URL from the topics, publishing nothing, and stop."""
    typer.echo(json.dumps(app.replay()))


cli.command()(commands.digest)
cli.command()(commands.verify)
cli.command()(commands.trace)
cli.command()(commands.storage)

cli.add_typer(parked, name="parked")

if __name__ == "__main__":
    cli()
