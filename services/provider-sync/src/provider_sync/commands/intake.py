"""What came in: uploads, payments without an account, and the way of one account's facts."""

from typing import Annotated
from uuid import UUID

import typer

from common.env import load
from common.money import format_amount
from provider_sync.commands.printed import AsJson, Reason, acting, centre, refusing, show, tell
from provider_sync.config import Config
from provider_sync.errors import NotFound
from provider_sync.gateways import Spool
from provider_sync.handlers import desk
from provider_sync.handlers import revert as undoing
from provider_sync.handlers import unmatched as queue
from provider_sync.handlers import uploads as files
from provider_sync.handlers.base import Base
from provider_sync.store import uploads as jobs
from provider_sync.store.uploads import Upload

uploads = typer.Typer(help="Files that senders sent.", no_args_is_help=True)
unmatched = typer.Typer(help="Payments for numbers nobody opened.", no_args_is_help=True)

_Upload = Annotated[UUID, typer.Argument(help="Its id, as `uploads list` shows it.")]
_Limit = Annotated[int, typer.Option(min=1, max=10_000, help="How many at the most.")]


@uploads.command("list")
@refusing
def list_uploads(limit: _Limit = 50, as_json: AsJson = False) -> None:
    """The newest uploads first."""
    with centre() as base:
        show([u | {"sum": format_amount(u["sum"])} for u in desk.uploads(base, limit)], as_json)


@uploads.command("show")
@refusing
def show_upload(upload: _Upload, as_json: AsJson = False) -> None:
    """One upload and its problems."""
    with centre() as base:
        found = desk.upload(base, upload)
    if found is None:
        raise NotFound
    found |= {"sum_accepted": format_amount(found["sum_accepted"])}
    tell(found, as_json, "\n".join(f"{name:14} {value}" for name, value in found.items()))


@uploads.command("differences")
@refusing
def show_differences(upload: _Upload) -> None:
    """What a file changes beside the batch that came before: one JSON object a row."""
    with centre() as base:
        for line in files.differences(base, _found(base, upload)):
            typer.echo(line, nl=False)


@uploads.command("confirm")
@refusing
def confirm(upload: _Upload, reason: Reason, as_json: AsJson = False) -> None:
    """A changed batch is meant: what is new in it is taken."""
    with acting(reason) as (base, act):
        files.confirm(base, _found(base, upload).provider, upload, act)
    tell({"id": str(upload), "confirmed": True}, as_json, f"{upload} goes on")


@uploads.command("dismiss")
@refusing
def dismiss(upload: _Upload, reason: Reason, as_json: AsJson = False) -> None:
    """A changed batch was not meant: nothing of it is taken."""
    config = load(Config)
    spool = Spool(config.spool_dir, config.upload_limit_bytes, config.unpacked_limit_bytes)
    with acting(reason) as (base, act):
        files.dismiss(base, spool, _found(base, upload).provider, upload, act)
    tell({"id": str(upload), "dismissed": True}, as_json, f"{upload} is dismissed")


@uploads.command("revert")
@refusing
def revert(upload: _Upload, reason: Reason, as_json: AsJson = False) -> None:
    """Undo an upload by facts: reversals of its charges, benefits, penalties and payments."""
    with acting(reason) as (base, act):
        done = undoing.revert(base, upload, act, lambda rows: typer.echo(f"{rows} rows undone", err=True))
    fields = {"rows": done.rows, "sum": format_amount(done.tiyn), "refused": done.refused, "stays": done.stays}
    stays = ", ".join(f"{count} {kind}" for kind, count in done.stays.items()) or "nothing"
    tell({"id": str(upload)} | fields, as_json, f"{done.rows} rows undone, {fields['sum']} in all; {stays} stays")


def _found(base: Base, upload: UUID) -> Upload:
    with base.pool.connection() as conn:
        found = jobs.find(conn, upload)
    if found is None:
        raise NotFound
    return found


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
    reason: Reason,
    as_json: AsJson = False,
) -> None:
    """Give a waiting payment to an account; the fact says who decided, and why."""
    with acting(reason) as (base, act):
        position = queue.assign(base, provider, reference, account, act)
    tell({"reference": reference, "position": position}, as_json, f"{reference} is {position}")


@unmatched.command("return")
@refusing
def give_back(
    provider: Annotated[str, typer.Argument(help="Who sent the payment.")],
    reference: Annotated[str, typer.Argument(help="The payment's reference.")],
    reason: Reason,
    as_json: AsJson = False,
) -> None:
    """Give the money back to its payer: the payment will match no account any more."""
    with acting(reason) as (base, act):
        queue.give_back(base, provider, reference, act)
    tell({"reference": reference, "returned": True}, as_json, f"{reference} is returned")


@refusing
def trace(account: str, limit: _Limit = 1000, as_json: AsJson = False) -> None:
    """The stored events of an account in their order, by any of its numbers, and whether each is sent."""
    with centre() as base:
        show(desk.trace(base, account, limit), as_json)
