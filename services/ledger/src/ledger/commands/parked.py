"""`ledger parked …`: accounts and users that stand still, and what an operator does about them."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated, Any

import typer

from common.env import BadSettings, load
from common.errors import Refusal
from ledger.config import Config, Operator
from ledger.errors import BadOperatorKey
from ledger.handlers import operators, repair

parked = typer.Typer(help="Accounts and users that stand still, and what to do about them.", no_args_is_help=True)
AsJson = Annotated[bool, typer.Option("--json", help="For programs.")]
Number = Annotated[str, typer.Argument(help="An account's number, first or later, or a user's id.")]
Reason = Annotated[str, typer.Option("--reason", help="Why; kept for ever.", prompt="Why")]
STILL_PARKED = 5


@parked.command("list")
def list_(as_json: AsJson = False) -> None:
    """List everything that stands still, the oldest first."""
    found = repair.listing(load(Config))
    if as_json:
        _print([one._asdict() for one in found])
        return
    typer.echo(f"{len(found)} parked")
    for one in found:
        place = f"{one.key:38} since {one.since:%Y-%m-%d %H:%M:%S}  stands at {one.version}, {one.waiting} wait"
        typer.echo(f"{place}  {one.reason}: {one.detail or 'a sequence is missing'}")


@parked.command()
def show(number: Number) -> None:
    """Print a stream that stands still with the bytes that are the cause."""
    with _refusing():
        found, letters = repair.look(load(Config), number)
        cause = [one._asdict() | {"value": (one.value or b"").decode("utf-8", "replace")} for one in letters]
        _print(found._asdict() | {"dead_letters": cause})


@parked.command()
def retry(number: Number, reason: Reason) -> None:
    """Apply what stood still and all behind it, once the code can; exit 5 when it still stands still."""
    with _refusing():
        config = load(Config)
        _tell(repair.retry(config, number, _who(config), reason))


@parked.command()
def dismiss(
    number: Number,
    reason: Reason,
    sequence: Annotated[int | None, typer.Option(help="The number an unreadable record had in its log.")] = None,
) -> None:
    """Pass over the fact that is the cause, for good, and go on behind it; the sender may then say a new one."""
    with _refusing():
        config = load(Config)
        _tell(repair.dismiss(config, number, _who(config), reason, sequence))


def _who(config: Config) -> str:
    try:
        return operators.named(config, load(Operator).operator_key)
    except BadSettings as error:
        raise BadOperatorKey from error


def _tell(outcome: repair.Outcome) -> None:
    typer.echo(f"{outcome.applied} applied, stands at {outcome.version}")
    if outcome.reason:
        typer.echo(f"still parked, {outcome.reason}: {outcome.detail or 'a sequence is missing'}", err=True)
        raise typer.Exit(STILL_PARKED)


@contextmanager
def _refusing() -> Iterator[None]:
    try:
        yield
    except Refusal as refusal:
        typer.echo(str(refusal), err=True)
        raise typer.Exit(1) from None


def _print(found: Any) -> None:
    typer.echo(json.dumps(found, ensure_ascii=False, indent=2, default=str))
