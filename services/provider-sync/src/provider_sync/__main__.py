"""Everything provider-sync does: its processes, and the operators' commands."""

import typer

from common.env import BadSettings
from provider_sync import app, commands
from provider_sync.errors import BadRules

_STATUSES = """Exit status: 0 done; 1 refused, or settings are missing; 2 wrong usage, or a process has wrong settings;
3 the database does not answer; 4 something is to be done: a difference, a store that is shut, a finding of `doctor`;
5 some dead letters still cannot be heard."""
cli = typer.Typer(
    help=__doc__, epilog=_STATUSES, no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False
)


@cli.command(rich_help_panel="Processes")
def web() -> None:
    """Serve the HTTP API."""
    app.web()


@cli.command(rich_help_panel="Processes")
def load() -> None:
    """Check and append spooled uploads."""
    app.load()


@cli.command(rich_help_panel="Processes")
def inbox() -> None:
    """Read the facts that senders push by Kafka."""
    app.inbox()


@cli.command(rich_help_panel="Processes")
def project() -> None:
    """Hear of the ledger where residents' money went, and which accounts stand still."""
    app.project()


@cli.command(rich_help_panel="Processes")
def relay() -> None:
    """Publish facts and reference data from the outbox."""
    app.relay()


@cli.command(rich_help_panel="Processes")
def migrate() -> None:
    """Bring the database to the newest schema."""
    typer.echo(", ".join(app.migrate()) or "nothing to apply")


_GROUPS = {
    "Who may do what": ("operators", "keys", "audit"),
    "The directory": ("providers", "agents", "services", "tariffs", "buildings", "holders"),
    "What came in": ("uploads", "inboxes", "unmatched", "held", "gate", "periods"),
    "Proof and repair": ("ack", "dead-letters", "republish", "restore"),
}
for _panel, _names in _GROUPS.items():
    for _name in _names:
        cli.add_typer(getattr(commands, _name.replace("-", "_")), name=_name, rich_help_panel=_panel)
cli.command(rich_help_panel="Proof and repair")(commands.doctor)
cli.command(rich_help_panel="Proof and repair")(commands.verify)
cli.command(rich_help_panel="Proof and repair")(commands.trace)
cli.command(rich_help_panel="Proof and repair")(commands.storage)


def main() -> None:
    """Runs the command line; wrong settings are a message, not a trace."""
    try:
        cli()
    except (BadSettings, BadRules) as error:
        typer.echo(str(error), err=True)
        raise SystemExit(2) from None


if __name__ == "__main__":
    main()
