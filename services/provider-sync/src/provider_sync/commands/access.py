"""Operators, and the keys of senders."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Annotated

import typer

from common.env import load
from provider_sync.commands.printed import AsJson, Reason, acting, centre, refusing, show, tell
from provider_sync.config import OperatorFile
from provider_sync.errors import BadOperatorKey
from provider_sync.handlers import access, desk
from provider_sync.handlers import operators as handlers
from provider_sync.handlers.access import Issued

keys = typer.Typer(help="API keys of senders.", no_args_is_help=True)
operators = typer.Typer(help="Who may run the commands that change something.", no_args_is_help=True)

_Key = Annotated[str, typer.Argument(help="The key's id, the part before the dot.")]
_Expires = Annotated[datetime | None, typer.Option(help="End of its life, UTC.")]


@keys.command("issue")
@refusing
def issue(
    owner: Annotated[str, typer.Option(help="The sender.")],
    scopes: Annotated[
        str,
        typer.Option(
            help="Comma-separated. Kinds of fact: accounts, meters, charges, payments, holders, master-data, take-over "
            "(ends after 30 days unless --expires says when), unnamed-adjustment. Services: services:heating,… or "
            "services:*. For a bank's cashiers: due."
        ),
    ],
    label: Annotated[str, typer.Option(help="What it is for; two keys may live under a label.")],
    expires: _Expires = None,
    reason: Reason = "",
    as_json: AsJson = False,
) -> None:
    """Issue a key; its secret is shown this once."""
    named = [s.strip() for s in scopes.split(",") if s.strip()]
    with acting(reason) as (base, by):
        issued = access.issue(base, by, owner, named, label, _utc(expires))
    _tell(issued, as_json)


@keys.command("rotate")
@refusing
def rotate(
    key: _Key,
    overlap_hours: Annotated[
        int | None, typer.Option(min=0, help="The old key ends after so many hours; without this, when you revoke it.")
    ] = None,
    reason: Reason = "",
    as_json: AsJson = False,
) -> None:
    """Issue a second key like this one, so that the sender can change over without a gap."""
    overlap = None if overlap_hours is None else timedelta(hours=overlap_hours)
    with acting(reason) as (base, by):
        issued = access.rotate(base, by, key, overlap)
    _tell(issued, as_json)


@keys.command("revoke")
@refusing
def revoke(key: _Key, reason: Reason = "") -> None:
    """End a key at once, in every process."""
    with acting(reason) as (base, by):
        access.revoke(base, by, key)
    typer.echo(f"{key} is revoked")


@keys.command("list")
@refusing
def list_keys(as_json: AsJson = False) -> None:
    """All keys without their secrets."""
    with centre() as base:
        show(desk.keys_of(base), as_json)


@operators.command("issue")
@refusing
def issue_operator(
    name: Annotated[str, typer.Argument(help="Who acts under it: lower-case letters, digits, dots, hyphens.")],
    expires: _Expires = None,
    save: Annotated[bool, typer.Option("--save", help="Put it into the file OPERATOR_KEY_FILE, not on the screen.")] = (
        False
    ),
    to: Annotated[
        Path | None, typer.Option(help="Put it into this file, not on the screen.", show_default=False)
    ] = None,
    reason: Reason = "",
    as_json: AsJson = False,
) -> None:
    """Issue a key to an operator. The first one needs no key; every further one is issued by an operator."""
    file = load(OperatorFile).operator_key_file if save else to
    try:
        with acting(reason) as (base, by):
            issued = handlers.issue(base, by, name, _utc(expires))
    except BadOperatorKey:
        with centre() as base:
            issued = handlers.issue(base, None, name, _utc(expires))
    if file is None:
        _tell(issued, as_json)
    else:
        _put(file, issued.bearer)
        tell({"id": issued.key.id, "file": str(file)}, as_json, f"{issued.key.id} is in {file}")


@operators.command("revoke")
@refusing
def revoke_operator(key: _Key, reason: Reason = "") -> None:
    """End an operator's key at once."""
    revoke(key, reason)


@operators.command("list")
@refusing
def list_operators(as_json: AsJson = False) -> None:
    """Operators' keys without their secrets."""
    with centre() as base:
        show(desk.keys_of(base, operators=True), as_json)


def _tell(issued: Issued, as_json: bool) -> None:
    key = issued.key
    ends = key.expires_at.isoformat() if key.expires_at else None
    fields = {"id": key.id, "key": issued.bearer, "owner": key.owner, "scopes": key.scopes, "expires_at": ends}
    text = f"OPERATOR_KEY={issued.bearer}" if key.owner.startswith("operator/") else f"Bearer {issued.bearer}"
    tell(fields, as_json, text if key.owner.startswith("operator/") else f"Authorization: {text}")


def _put(file: Path, bearer: str) -> None:
    """Readable by its owner alone from the first byte on."""
    file.parent.mkdir(parents=True, exist_ok=True)
    file.unlink(missing_ok=True)
    file.touch(mode=0o600)
    file.write_text(bearer + "\n", "utf-8")


def _utc(at: datetime | None) -> datetime | None:
    return at.replace(tzinfo=UTC) if at else None
