"""Everything provider-sync does: its processes, and the operators' commands."""

import typer

from common.env import BadSettings
from provider_sync import app, commands
from provider_sync.errors import BadRules

cli = typer.Typer(help=__doc__, no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False)


@cli.command()
def web() -> None:
    """Serve the HTTP API."""
    app.web()


@cli.command()
def load() -> None:
    """Check and append spooled uploads."""
    app.load()


@cli.command()
def inbox() -> None:
    """Read the facts that senders push by Kafka."""
    app.inbox()


@cli.command()
def project() -> None:
    """Hear of the ledger where residents' money went, and which accounts stand still."""
    app.project()


@cli.command()
def relay() -> None:
    """Publish facts and reference data from the outbox."""
    app.relay()


@cli.command()
def migrate() -> None:
    """Bring the database to the newest schema."""
    typer.echo(", ".join(app.migrate()) or "nothing to apply")


cli.add_typer(commands.operators, name="operators")
cli.add_typer(commands.providers, name="providers")
cli.add_typer(commands.agents, name="agents")
cli.add_typer(commands.keys, name="keys")
cli.add_typer(commands.services, name="services")
cli.add_typer(commands.tariffs, name="tariffs")
cli.add_typer(commands.buildings, name="buildings")
cli.add_typer(commands.periods, name="periods")
cli.add_typer(commands.held, name="held")
cli.add_typer(commands.gate, name="gate")
cli.add_typer(commands.uploads, name="uploads")
cli.add_typer(commands.inboxes, name="inboxes")
cli.add_typer(commands.unmatched, name="unmatched")
cli.add_typer(commands.audit, name="audit")
cli.add_typer(commands.dead_letters, name="dead-letters")
cli.add_typer(commands.republish, name="republish")
cli.add_typer(commands.ack, name="ack")
cli.command()(commands.verify)
cli.command()(commands.trace)


def main() -> None:
    """Runs the command line; wrong settings are a message, not a trace."""
    try:
        cli()
    except (BadSettings, BadRules) as error:
        typer.echo(str(error), err=True)
        raise SystemExit(2) from None


if __name__ == "__main__":
    main()
