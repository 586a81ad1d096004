"""Acknowledgements, and whether everything is still as it was appended."""

import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from common.env import load
from provider_sync.commands.printed import AsJson, centre, progress, refusing, show, tell
from provider_sync.config import Config
from provider_sync.gateways.signing import AckKey, BadSignature
from provider_sync.handlers import acks
from provider_sync.handlers import verify as handlers

ack = typer.Typer(help="Signed acknowledgements of what senders sent.", no_args_is_help=True)
DIFFERENT = 4
_BEGINNING = datetime(1970, 1, 1, tzinfo=UTC)

_Sender = Annotated[str, typer.Argument(help="Whose chain.")]


@ack.command("list")
@refusing
def list_acks(
    sender: _Sender,
    after: Annotated[int, typer.Option(min=0, help="Behind this number.")] = 0,
    limit: Annotated[int, typer.Option(min=1, max=10_000, help="How many at the most.")] = 50,
    as_json: AsJson = False,
) -> None:
    """A sender's acknowledgements by number."""
    with centre() as base:
        page = acks.page(base, sender, after, limit)
    show([{"number": s.no, "at": s.at, "sha256": acks.digest_of(s.body)} for s in page], as_json)


@ack.command("show")
@refusing
def show_ack(
    sender: _Sender, number: int, signed: Annotated[bool, typer.Option("--signed", help="As it is sent out.")] = False
) -> None:
    """What an acknowledgement says, or the signed form of it."""
    with centre() as base:
        stored = acks.of_number(base, sender, number)
        typer.echo(acks.sign(base, AckKey.at(load(Config).ack_key_file), stored) if signed else stored.body)


@ack.command("verify")
@refusing
def verify_ack(
    file: Annotated[
        Path,
        typer.Argument(
            help="The file as it was downloaded, or - for standard input.", exists=True, dir_okay=False, allow_dash=True
        ),
    ],
) -> None:
    """Is this one of ours, and does the chain still hold it? Exit status 4 when not."""
    token = (sys.stdin.buffer.read() if str(file) == "-" else file.read_bytes()).decode("ascii", "replace")
    with centre() as base:
        try:
            sender, number = handlers.check_ack(base, token)
        except BadSignature as error:
            typer.echo(f"not in order: {error}", err=True)
            raise typer.Exit(DIFFERENT) from None
    typer.echo(f"acknowledgement {number} of {sender} is in order")


@refusing
def verify(
    since: Annotated[datetime | None, typer.Option(help="Only what was recorded from then on, UTC.")] = None,
    as_json: AsJson = False,
) -> None:
    """Hold every stored event against the journal and the acknowledgements. Exit status 4 when anything differs."""
    start = since.replace(tzinfo=UTC) if since else _BEGINNING
    with centre() as base, progress() as step:
        found = [*handlers.check(base, start, step)]
    tell({"findings": found}, as_json, "\n".join(found) or "nothing was changed, nothing was removed")
    if found:
        raise typer.Exit(DIFFERENT)
