"""Senders, their keys, and the services they serve."""

from datetime import UTC, datetime
from typing import Annotated

import typer

from provider_sync.commands.printed import AsJson, centre, refusing, show, tell
from provider_sync.handlers import access, desk

providers = typer.Typer(help="Utilities, banks and the centre itself.", no_args_is_help=True)
keys = typer.Typer(help="API keys of senders.", no_args_is_help=True)
services = typer.Typer(help="Services of the directory.", no_args_is_help=True)

_Id = Annotated[str, typer.Argument(help="Lower-case letters, digits, hyphens.")]


@providers.command("add")
@refusing
def add(
    provider: _Id,
    name_ru: Annotated[str, typer.Option(help="Name in Russian.")],
    name_kk: Annotated[str, typer.Option(help="Name in Kazakh.")],
    phone: Annotated[str | None, typer.Option(help="Telephone for residents.")] = None,
    as_json: AsJson = False,
) -> None:
    """Register a sender, or change its names; repeating it changes nothing."""
    with centre() as base:
        new = access.add_provider(base, provider, {"name_ru": name_ru, "name_kk": name_kk, "phone": phone})
    tell({"provider": provider, "changed": new}, as_json, f"{provider} {'is stated' if new else 'was known already'}")


@providers.command("list")
@refusing
def list_providers(as_json: AsJson = False) -> None:
    """All senders."""
    with centre() as base:
        show(desk.providers(base), as_json)


@keys.command("issue")
@refusing
def issue(
    owner: Annotated[str, typer.Option(help="The sender.")],
    scopes: Annotated[str, typer.Option(help="Comma-separated: charges,services:heating,…")],
    label: Annotated[str, typer.Option(help="What it is for; two keys may live under a label.")],
    expires: Annotated[datetime | None, typer.Option(help="End of its life, UTC.")] = None,
    as_json: AsJson = False,
) -> None:
    """Issue a key; its secret is shown this once."""
    ends = expires.replace(tzinfo=UTC) if expires else None
    with centre() as base:
        issued = access.issue(base, owner, [s.strip() for s in scopes.split(",") if s.strip()], label, ends)
    fields = {
        "id": issued.key.id,
        "key": issued.bearer,
        "owner": owner,
        "scopes": issued.key.scopes,
        "expires_at": issued.key.expires_at.isoformat() if issued.key.expires_at else None,
    }
    tell(fields, as_json, f"Authorization: Bearer {issued.bearer}")


@keys.command("revoke")
@refusing
def revoke(key: Annotated[str, typer.Argument(help="The key's id, the part before the dot.")]) -> None:
    """End a key at once."""
    with centre() as base:
        access.revoke(base, key)
    typer.echo(f"{key} is revoked")


@keys.command("list")
@refusing
def list_keys(as_json: AsJson = False) -> None:
    """All keys without their secrets."""
    with centre() as base:
        show(desk.keys_of(base), as_json)


@services.command("list")
@refusing
def list_services(as_json: AsJson = False) -> None:
    """The directory's services in the order of the bill."""
    with centre() as base:
        show(desk.services(base), as_json)
