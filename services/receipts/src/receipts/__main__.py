"""The processes of receipts."""

import logging
from collections.abc import Callable
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from common import logs, traces
from common.errors import Refusal
from common.period import BadPeriod
from common.postgres import open_pool
from common.process import settings_or_exit, stop_event
from common.telemetry import AdminServer
from receipts.commands.restoring import restore
from receipts.config import Config, from_environment

# Each process imports its own parts only: the layout engine alone costs a web process seconds and 40 MB.

cli = typer.Typer(help=__doc__, no_args_is_help=True)


class Language(StrEnum):
    """What a document may be printed in."""

    RU = "ru"
    KK = "kk"
    BOTH = "ru+kk"


class Audience(StrEnum):
    """Whom a month is made for."""

    PAPER = "paper"
    EVERYONE = "everyone"


def _config() -> Config:
    config = settings_or_exit(from_environment)
    logs.configure("receipts", config.log_level)
    traces.configure("receipts")
    # Their steps are seven lines a document and four a child; what is wrong with one is said elsewhere.
    for steps in ("weasyprint.progress", "fontTools"):
        logging.getLogger(steps).setLevel(logging.WARNING)
    return config


def _told(command: Callable[[Config], object]) -> None:
    """A refusal is a sentence on standard error and exit status 1."""
    try:
        command(_config())
    except (Refusal, BadPeriod) as refusal:
        typer.echo(str(refusal), err=True)
        raise typer.Exit(1) from None


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


_Period = Annotated[str, typer.Argument(help="A closed month, 2026-10.")]
_Tongue = Annotated[Language, typer.Option(help="The language of the receipts: ru, kk, or both side by side.")]
_For = Annotated[Audience, typer.Option("--for", help="paper: accounts in nobody's cabinet. everyone: all accounts.")]


@cli.command()
def run(
    period: _Period,
    language: _Tongue = Language.BOTH,
    audience: _For = Audience.PAPER,
    out: Annotated[str, typer.Option(help="Folder or s3://bucket/prefix; FILES_DIR/runs unless given.")] = "",
) -> None:
    """Make a closed month's receipts for many and hand them out in walking order, with a count sheet.

    Workers make them behind every waiting resident. Interrupt it at will: the same command goes on where it stood, and
    nothing is made twice. When all is done, the same command makes what changed since, as a further part.
    """
    from receipts.commands.runs import run_month

    _told(lambda config: run_month(config, period, language.value, audience.value, out))


@cli.command()
def pause(period: _Period, language: _Tongue = Language.BOTH, audience: _For = Audience.PAPER) -> None:
    """Let the workers leave a month's run alone until `continue`; what is under way is finished."""
    from receipts.commands.runs import pause_month

    _told(lambda config: pause_month(config, period, language.value, audience.value, paused=True))


@cli.command("continue")
def go_on(period: _Period, language: _Tongue = Language.BOTH, audience: _For = Audience.PAPER) -> None:
    """Let the workers go on with a paused run."""
    from receipts.commands.runs import pause_month

    _told(lambda config: pause_month(config, period, language.value, audience.value, paused=False))


@cli.command()
def runs(as_json: Annotated[bool, typer.Option("--json", help="Print JSON instead of a table.")] = False) -> None:
    """The newest runs and how far they are."""
    from receipts.commands.runs import list_runs

    _told(lambda config: list_runs(config, as_json))


@cli.command()
def preview(
    example: Annotated[str, typer.Option(help="An invented receipt; `--example list` names them.")] = "normal",
    language: _Tongue = Language.RU,
    to: Annotated[Path, typer.Option(help="The folder the PDF is written to.")] = Path(),
) -> None:
    """Render an invented receipt with the form as it is now; needs no server."""
    from receipts.commands.preview import preview as write_preview
    from receipts.examples import EXAMPLES

    if example not in EXAMPLES:
        typer.echo("\n".join(f"{name:14}{made.__doc__}" for name, made in EXAMPLES.items()))
        raise typer.Exit(0 if example == "list" else 2)
    typer.echo(write_preview(example, language.value, to))


@cli.command()
def trace(account: str = typer.Argument(..., help="An account's id.")) -> None:
    """Print, as JSON, the statements known of an account and the documents made of them."""
    from receipts.commands.trace import trace as trace_account

    typer.echo(trace_account(_config().database_url, account))


@cli.command()
def doctor(as_json: Annotated[bool, typer.Option("--json", help="Print JSON instead of lines.")] = False) -> None:
    """Look at database, topics, documents and runs; exit status 4 when something is to be done now."""
    from receipts.commands.doctor import doctor as look

    look(from_environment(), as_json)  # no logs: standard output belongs to the answer


@cli.command()
def migrate() -> None:
    """Bring the database to the newest schema."""
    from receipts.app.streams import migrate_database

    for name in migrate_database(_config()):
        typer.echo(f"applied {name}")


cli.add_typer(restore, name="restore")

if __name__ == "__main__":
    cli()
