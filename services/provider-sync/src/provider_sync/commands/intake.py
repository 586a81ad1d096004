"""What came in: uploads, payments without an account, and the way of one account's facts."""

from typing import Annotated
from uuid import UUID

import typer

from common.money import format_amount
from provider_sync.commands.printed import AsJson, centre, refusing, show, tell
from provider_sync.errors import NotFound
from provider_sync.handlers import desk

uploads = typer.Typer(help="Files that senders sent.", no_args_is_help=True)
unmatched = typer.Typer(help="Payments for numbers nobody opened.", no_args_is_help=True)

_Limit = Annotated[int, typer.Option(min=1, max=10_000, help="How many at the most.")]


@uploads.command("list")
@refusing
def list_uploads(limit: _Limit = 50, as_json: AsJson = False) -> None:
    """The newest uploads first."""
    with centre() as base:
        show([u | {"sum": format_amount(u["sum"])} for u in desk.uploads(base, limit)], as_json)


@uploads.command("show")
@refusing
def show_upload(upload: UUID, as_json: AsJson = False) -> None:
    """One upload and its problems."""
    with centre() as base:
        found = desk.upload(base, upload)
    if found is None:
        raise NotFound
    found |= {"sum_accepted": format_amount(found["sum_accepted"])}
    tell(found, as_json, "\n".join(f"{name:14} {value}" for name, value in found.items()))


@unmatched.command("list")
@refusing
def list_unmatched(limit: _Limit = 200, as_json: AsJson = False) -> None:
    """Waiting payments, the oldest first."""
    with centre() as base:
        show([q | {"amount": format_amount(q["amount"])} for q in desk.unmatched(base, limit)], as_json)


@refusing
def trace(account: str, limit: _Limit = 1000, as_json: AsJson = False) -> None:
    """The stored events of an account in their order, by any of its numbers, and whether each is sent."""
    with centre() as base:
        show(desk.trace(base, account, limit), as_json)
