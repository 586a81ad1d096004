"""What came in: uploads, payments without an account, and the way of one account's facts."""

from typing import Annotated
from uuid import UUID

import typer

from common.money import format_amount
from provider_sync.commands.printed import AsJson, centre, refusing, show, tell
from provider_sync.errors import NotFound
from provider_sync.handlers import desk
from provider_sync.handlers import unmatched as queue
from provider_sync.handlers.base import Act

uploads = typer.Typer(help="Files that senders sent.", no_args_is_help=True)
unmatched = typer.Typer(help="Payments for numbers nobody opened.", no_args_is_help=True)

_Why = Annotated[str, typer.Option(help="Why; kept with the act.")]
_Who = Annotated[str, typer.Option(help="Your name; kept with the act.", envvar="OPERATOR")]
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


@unmatched.command("assign")
@refusing
def assign(
    provider: Annotated[str, typer.Argument(help="Who sent the payment.")],
    reference: Annotated[str, typer.Argument(help="The payment's reference.")],
    account: Annotated[str, typer.Option(help="Any number of the account that it is for.")],
    reason: _Why,
    by: _Who,
    as_json: AsJson = False,
) -> None:
    """Give a waiting payment to an account; the fact says who decided, and why."""
    with centre() as base:
        position = queue.assign(base, provider, reference, account, Act(f"operator/{by}", reason))
    tell({"reference": reference, "position": position}, as_json, f"{reference} is {position}")


@unmatched.command("return")
@refusing
def give_back(
    provider: Annotated[str, typer.Argument(help="Who sent the payment.")],
    reference: Annotated[str, typer.Argument(help="The payment's reference.")],
    reason: _Why,
    by: _Who,
    as_json: AsJson = False,
) -> None:
    """Give the money back to its payer: the payment will match no account any more."""
    with centre() as base:
        queue.give_back(base, provider, reference, Act(f"operator/{by}", reason))
    tell({"reference": reference, "returned": True}, as_json, f"{reference} is returned")


@refusing
def trace(account: str, limit: _Limit = 1000, as_json: AsJson = False) -> None:
    """The stored events of an account in their order, by any of its numbers, and whether each is sent."""
    with centre() as base:
        show(desk.trace(base, account, limit), as_json)
