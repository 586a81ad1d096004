"""Operators' commands."""

import json

import typer

from identity.handlers import keyring
from identity.handlers.desk import Desk
from identity.store.keys import Key


def show_keys(keys: list[Key], *, as_json: bool) -> None:
    """Prints keys without their private part."""
    rows = [{"kid": key.kid, "state": key.state, "since": key.changed_at.isoformat()} for key in keys]
    if as_json:
        typer.echo(json.dumps(rows))
        return
    for row in rows:
        typer.echo(f"{row['state']:8} {row['kid']}  since {row['since']}")


def rotate(desk: Desk, *, at_once: bool, as_json: bool) -> None:
    """The next key begins to sign, the present one retires."""
    show_keys(keyring.rotate(desk, at_once=at_once), as_json=as_json)


def list_keys(desk: Desk, *, as_json: bool) -> None:
    """All keys and their states."""
    show_keys(keyring.published(desk), as_json=as_json)
