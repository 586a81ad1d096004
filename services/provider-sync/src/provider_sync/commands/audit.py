"""The audit: who did what, when and why."""

from datetime import UTC, datetime
from typing import Annotated

import typer

from provider_sync.commands.printed import AsJson, centre, refusing, show
from provider_sync.handlers import desk

audit = typer.Typer(help="What operators did, and what keys were refused for.", no_args_is_help=True)


@audit.command("list")
@refusing
def list_acts(
    who: Annotated[str | None, typer.Option(help="An operator's name, or a key's id.")] = None,
    act: Annotated[str | None, typer.Option(help="The act or its beginning: keys, periods.close.")] = None,
    subject: Annotated[str | None, typer.Option(help="What it was done to.")] = None,
    since: Annotated[datetime | None, typer.Option(help="From then on, UTC.")] = None,
    limit: Annotated[int, typer.Option(min=1, max=10_000, help="How many at the most.")] = 50,
    as_json: AsJson = False,
) -> None:
    """Acts, the newest first."""
    at = since.replace(tzinfo=UTC) if since else None
    with centre() as base:
        show(desk.audit(base, who=who, act=act, subject=subject, since=at, limit=limit), as_json)
