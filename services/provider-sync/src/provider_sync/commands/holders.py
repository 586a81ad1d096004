"""Names and addresses of those who hold accounts."""

from typing import Annotated

import typer

from provider_sync.commands.printed import AsJson, Reason, acting, refusing, tell
from provider_sync.handlers import holders as handlers

holders = typer.Typer(help="Names and addresses of those who hold accounts.", no_args_is_help=True)


@holders.command("forget")
@refusing
def forget_holder(
    number: Annotated[str, typer.Argument(help="Any number of the account.")], reason: Reason, as_json: AsJson = False
) -> None:
    """Erase name, address and telephone here, in the ledger, in receipts and their documents; the account stays."""
    with acting(reason) as (base, by):
        new = handlers.forget(base, by, number)
    tell({"account": number, "changed": new}, as_json, f"{number}: {'forgotten' if new else 'nobody is held there'}")
