"""Everything the ledger does; `python -m ledger --help` lists it."""

import json
from typing import Annotated

import typer

from common.env import BadSettings
from ledger import app, commands
from ledger.commands.doctor import doctor
from ledger.commands.parked import parked
from ledger.commands.restoring import restore

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


@cli.command()
def rebuild(
    batch: Annotated[int, typer.Option(min=1, max=10_000, help="Facts in one transaction.")] = 10_000,
    workers: Annotated[int, typer.Option(min=1, max=12, help="Processes that share the partitions.")] = 1,
    accept: Annotated[str, typer.Option(help="The name of an intended difference; kept on record.")] = "",
    why: Annotated[str, typer.Option(help="What the difference is; needed with --accept.")] = "",
    compare_only: Annotated[bool, typer.Option("--compare-only", help="Fill and compare, switch nothing.")] = False,
    back: Annotated[bool, typer.Option("--return", help="Go back to what was live before the last switch.")] = False,
) -> None:
    """Fold the log anew beside the live ledger, compare account by account, switch without a stop.

    Exit 4 when accounts differ and the difference was not accepted, 6 when the live ledger was too busy to switch.
    """
    from ledger import rebuild as work

    if bool(accept) != bool(why.strip()):
        raise typer.BadParameter("an accepted difference needs both --accept and --why")
    wish = work.Wish(batch, workers, (accept, why) if accept else None, not compare_only)
    try:
        outcome = app.rebuild(wish, lambda line: typer.echo(f"rebuild: {line}", err=True), back=back)
    except work.Differs as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(commands.DISAGREES) from None
    except (work.Busy, work.NothingToReturnTo) as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(6) from None
    typer.echo(json.dumps(outcome._asdict() | {"per_second": outcome.per_second}))


@cli.command()
def verify(
    log: Annotated[bool, typer.Option("--log", help="Also fold the whole log by other code and compare.")] = False,
    one_in: Annotated[int, typer.Option(min=1, help="With --log: of so many accounts one.")] = 1,
) -> None:
    """Check that statements, entries and balances brought on agree to the tiyn; exit 4 when they do not."""
    agrees = commands.verify()
    if log:
        verdict = app.verify_log(one_in)
        agrees = agrees and not verdict.different
        typer.echo(json.dumps(verdict._asdict(), ensure_ascii=False, indent=2))
    if not agrees:
        raise typer.Exit(commands.DISAGREES)


cli.command()(doctor)
cli.command()(commands.digest)
cli.command()(commands.trace)
cli.command()(commands.storage)

cli.add_typer(parked, name="parked")
cli.add_typer(restore, name="restore")


def main() -> None:
    """Runs the command line; wrong settings are a message, not a trace."""
    try:
        cli()
    except BadSettings as error:
        typer.echo(str(error), err=True)
        raise SystemExit(2) from None


if __name__ == "__main__":
    main()
