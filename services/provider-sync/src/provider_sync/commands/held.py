"""Held facts: what the gate found odd, and the operator's word about it."""

from collections.abc import Callable, Sequence
from typing import Annotated, Any

import typer

from common.money import format_amount
from provider_sync.commands.printed import AsJson, Reason, acting, centre, refusing, show, tell
from provider_sync.errors import NotHeld
from provider_sync.handlers import held as handlers
from provider_sync.handlers.base import Act, Base
from provider_sync.handlers.held import Word

held = typer.Typer(help="Facts that the gate holds until an operator decides.", no_args_is_help=True)

_Batch = Annotated[int | None, typer.Option("--batch", help="All that waits of this batch.", show_default=False)]
_Ids = Annotated[list[int] | None, typer.Argument(help="Numbers of held facts, as `held list` shows them.")]


@held.command("list")
@refusing
def list_held(
    batch: _Batch = None,
    state: Annotated[str, typer.Option(help="held, approved or refused.")] = "held",
    limit: Annotated[int, typer.Option(min=1, max=100_000, help="How many at the most.")] = 200,
    as_json: AsJson = False,
) -> None:
    """Held facts, the oldest first, each with the rule that holds it."""
    with centre() as base:
        rows = handlers.listed(base, limit, batch, state)
    hidden = ("held_at", "state", "code") if state == "held" else ("held_at", "code")
    show([_shown(row) if as_json else _narrow(_shown(row), hidden) for row in rows], as_json)


@held.command("batches")
@refusing
def list_batches(as_json: AsJson = False) -> None:
    """What waits, by the request or upload it came with; `one decision` means that the batch as a whole is odd."""
    with centre() as base:
        show([_shown(row) for row in handlers.batches(base, 1000)], as_json)


@held.command("show")
@refusing
def show_held(number: Annotated[int, typer.Argument(help="As `held list` shows it.")], as_json: AsJson = False) -> None:
    """One held fact whole: what was sent, and what is odd about it."""
    with centre() as base:
        found = _shown(handlers.show(base, number))
    tell(found, as_json, "\n".join(f"{name:12} {'' if v is None else v}" for name, v in found.items()))


@held.command("approve")
@refusing
def approve(
    numbers: _Ids = None, batch: _Batch = None, reason: Reason = "", as_json: AsJson = False,
) -> None:  # fmt: skip
    """Let facts in after all: they count in the month that is open now. What is no longer good stays held."""
    _decide(numbers, batch, reason, as_json, handlers.approve)


@held.command("refuse")
@refusing
def refuse(
    numbers: _Ids = None, batch: _Batch = None, reason: Reason = "", as_json: AsJson = False,
) -> None:  # fmt: skip
    """Refuse facts for good; the sender reads the reason under `GET /v1/facts/{reference}`."""
    _decide(numbers, batch, reason, as_json, handlers.refuse)


def _decide(
    numbers: Sequence[int] | None, batch: int | None, reason: str, as_json: bool,
    act: Callable[[Base, Sequence[int], Act], list[Word]],
) -> None:  # fmt: skip
    """A batch goes part by part, each in a transaction of its own; what is done stays done when one is interrupted."""
    if bool(numbers) == (batch is not None):
        raise NotHeld(number="-", state="name facts, or --batch")
    words: list[Word] = []
    with acting(reason) as (base, by):
        parts = handlers.parts(base, batch) if batch is not None else [list(numbers or ())]
        for part in parts:
            words += act(base, part, by)
            if len(parts) > 1:
                typer.echo(f"{len(words)} of {sum(map(len, parts))}", err=True)
    _tell(words, as_json)


def _tell(words: Sequence[Word], as_json: bool) -> None:
    rows: list[dict[str, Any]] = [
        {
            "id": word.id, "reference": word.reference, "state": word.state, "position": word.position,
            "code": word.refusal.code if word.refusal else None,
            "detail": word.refusal.text() if word.refusal else None,
        }
        for word in words
    ]  # fmt: skip
    stuck = [row for row in rows if row["state"] == "held"]
    if as_json or len(rows) <= 20:
        show(rows, as_json)
    else:
        show(stuck[:20], False)
        typer.echo(f"{len(rows) - len(stuck)} decided, {len(stuck)} still held")
    if stuck:
        raise typer.Exit(2)


def _shown(row: dict[str, Any]) -> dict[str, Any]:
    amount = row.get("amount")
    return row | {"amount": format_amount(amount) if amount is not None else None}


def _narrow(row: dict[str, Any], hidden: Sequence[str]) -> dict[str, Any]:
    return {name: value for name, value in row.items() if name not in hidden}
