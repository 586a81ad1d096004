"""The door for operators: `digest`, `verify`, `trace`, all of them JSON on standard output."""

import json
from typing import Any

import typer

from common.env import load
from ledger.config import Config
from ledger.handlers import audit

UNKNOWN, DISAGREES = 3, 4


def digest() -> None:
    """Print the SHA-256 of the projection's canonical rows and the offsets it stands at."""
    _print(audit.digest(load(Config)))


def verify() -> None:
    """Check that statements, entries and balances brought on agree to the tiyn; exit 4 when they do not."""
    found = audit.verify(load(Config))
    _print(found)
    if not found["agrees"]:
        raise typer.Exit(DISAGREES)


def trace(number: str = typer.Argument(..., help="An account's number, first or later.")) -> None:
    """Print an account's way: offset, head of its log, rows, statements."""
    found = audit.trace(load(Config), number)
    if found is None:
        typer.echo(f"no account is known by {number}", err=True)
        raise typer.Exit(UNKNOWN)
    _print(found)


def _print(found: dict[str, Any]) -> None:
    typer.echo(json.dumps(found, ensure_ascii=False, indent=2, default=str))
