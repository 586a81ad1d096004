"""The door for operators: `digest`, `verify`, `trace`, `storage`; JSON on standard output unless said otherwise."""

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


def verify() -> bool:
    """Prints where two ways to the same sum differ; whether they agree."""
    found = audit.verify(load(Config))
    _print(found)
    return bool(found["agrees"])


def trace(number: str = typer.Argument(..., help="An account's number, first or later.")) -> None:
    """Print an account's way: offset, head of its log, rows, statements."""
    found = audit.trace(load(Config), number)
    if found is None:
        typer.echo(f"no account is known by {number}", err=True)
        raise typer.Exit(UNKNOWN)
    _print(found)


def storage(
    as_json: bool = typer.Option(False, "--json", help="For programs."),
) -> None:
    """Print how many bytes on disk each kind of row takes, indexes included."""
    found = audit.storage(load(Config))
    if as_json:
        _print({kind.name: kind._asdict() | {"bytes_per_row": kind.bytes_per_row} for kind in found})
        return
    typer.echo(f"{'kind':20}{'parts':>6}{'rows':>14}{'table':>16}{'indexes':>16}{'bytes a row':>13}")
    for kind in found:
        each = "–" if kind.bytes_per_row is None else f"{kind.bytes_per_row:,}"
        sizes = f"{kind.table_bytes:>16,}{kind.index_bytes:>16,}"
        typer.echo(f"{kind.name:20}{kind.parts:>6}{kind.rows:>14,}{sizes}{each:>13}")


def _print(found: dict[str, Any]) -> None:
    typer.echo(json.dumps(found, ensure_ascii=False, indent=2, default=str))
