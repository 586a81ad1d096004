"""How commands speak: a table for people, JSON with --json; refusals on standard error with exit status 1."""

import json
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import wraps
from typing import Annotated, Any, ParamSpec, TypeVar

import typer
from psycopg import OperationalError
from psycopg_pool import PoolTimeout
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeElapsedColumn
from rich.table import Table

from common.env import BadSettings, load
from common.errors import Refusal
from common.postgres import open_pool
from provider_sync.config import Config, Operator
from provider_sync.errors import BadOperatorKey
from provider_sync.gateways import rules_from
from provider_sync.handlers import operators
from provider_sync.handlers.base import Act, Base

UNREACHABLE = 3
P = ParamSpec("P")
R = TypeVar("R")
_PIPE_WIDTH = 1000
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON instead of a table.")]

Reason = Annotated[str, typer.Option("--reason", help="Why; kept in the audit for ever.")]


@contextmanager
def centre() -> Iterator[Base]:
    """The database of the environment's settings, for one command."""
    config = load(Config)
    with open_pool(config.database_url, "provider-sync-operator", size=2, statement_s=60) as pool:
        yield Base(pool, config.topic_prefix, rules_from(config.gate_rules))


@contextmanager
def acting(reason: str = "") -> Iterator[tuple[Base, Act]]:
    """The same for a command that changes something: who does it stands behind the key in OPERATOR_KEY."""
    try:
        key = load(Operator).operator_key
    except BadSettings as error:
        refusal: Refusal = BadOperatorKey()
        raise refusal from error
    with centre() as base:
        yield base, operators.named(base, key, reason)


def refusing(command: Callable[P, R]) -> Callable[P, R]:
    """Turns refusals and wrong settings into a line on standard error and exit status 1, a dead database into 3."""

    @wraps(command)
    def wrapped(*args: P.args, **kwargs: P.kwargs) -> R:
        try:
            return command(*args, **kwargs)
        except (Refusal, BadSettings) as error:
            typer.echo(str(error), err=True)
            raise typer.Exit(1) from None
        except (OperationalError, PoolTimeout) as error:
            typer.echo(f"the database does not answer: {type(error).__name__}", err=True)
            raise typer.Exit(UNREACHABLE) from None

    return wrapped


def show(rows: Sequence[dict[str, Any]], as_json: bool) -> None:
    """Rows with equal keys: JSON, or a table."""
    if as_json:
        typer.echo(json.dumps([*rows], ensure_ascii=False, default=_plain))
        return
    if not rows:
        typer.echo("nothing")
        return
    table = Table(box=None, pad_edge=False)
    for name in rows[0]:
        table.add_column(name.replace("_", " "), overflow="fold")
    for row in rows:
        table.add_row(*map(_cell, row.values()))
    # Nothing is cut off or folded when the output goes into a file or a pipe.
    Console(width=None if Console().is_terminal else _PIPE_WIDTH).print(table)


@contextmanager
def progress() -> Iterator[Callable[[str, int, int], None]]:
    """Bars on standard error, only where somebody looks."""
    console = Console(stderr=True)
    columns = (TextColumn("{task.description:10}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=console, disable=not console.is_terminal) as bars:
        tasks: dict[str, TaskID] = {}

        def step(what: str, more: int, total: int) -> None:
            if what not in tasks:
                tasks[what] = bars.add_task(what, total=total)
            bars.advance(tasks[what], more)

        yield step


def tell(fields: dict[str, Any], as_json: bool, text: str) -> None:
    """One thing: JSON, or a sentence."""
    typer.echo(json.dumps(fields, ensure_ascii=False, default=_plain) if as_json else text)


def _cell(value: Any) -> str:
    """Short for people: instants in UTC without their offset, absent things empty."""
    if isinstance(value, datetime):
        return f"{value.astimezone(UTC):%Y-%m-%d %H:%M:%S}"
    if isinstance(value, dict):
        return ", ".join(f"{name} {_cell(one)}" for name, one in value.items() if one not in ("", None, [], {}))
    return "" if value is None else str(_plain(value))


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.isoformat(timespec="seconds")
    if isinstance(value, list):
        return ", ".join(map(str, value))
    return value if isinstance(value, int | float) else str(value)
