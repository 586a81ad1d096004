"""Repair: dead letters of what is heard, and sending once more what is stored."""

from typing import Annotated

import typer

from provider_sync.commands.printed import AsJson, Reason, acting, centre, progress, refusing, show, tell
from provider_sync.handlers import letters
from provider_sync.handlers import republish as handlers

dead_letters = typer.Typer(help="Records of the ledger that could not be heard.", no_args_is_help=True)
republish = typer.Typer(help="Send stored events once more; readers pass over what they have.", no_args_is_help=True)
STILL_DEAD = 5

_Places = Annotated[list[str] | None, typer.Argument(help="<topic>/<partition>/<offset>, as listed.")]
_All = Annotated[bool, typer.Option("--all", help="All open ones.")]


@dead_letters.command("list")
@refusing
def list_letters(
    closed: Annotated[bool, typer.Option("--closed", help="Also replayed and dismissed ones.")] = False,
    limit: Annotated[int, typer.Option(min=1, max=10_000, help="How many at the most.")] = 200,
    as_json: AsJson = False,
) -> None:
    """Open dead letters, the oldest first."""
    with centre() as base:
        found = letters.listed(base, closed=closed, limit=limit)
    show(
        [
            {
                "place": letters.place_of(one), "key": one.key, "reason": one.reason, "detail": one.detail[:200],
                "attempts": one.attempts, "since": one.recorded_at, "state": one.state,
            }
            for one in found
        ],
        as_json,
    )  # fmt: skip


@dead_letters.command("show")
@refusing
def show_letter(place: Annotated[str, typer.Argument(help="As listed.")], as_json: AsJson = False) -> None:
    """One dead letter with its bytes."""
    with centre() as base:
        letter = letters.show(base, place)
    value = bytes(letter.value).decode("utf-8", "backslashreplace") if letter.value is not None else None
    fields = letter._asdict() | {"value": value}
    tell(fields, as_json, "\n".join(f"{name:12} {field}" for name, field in fields.items()))


@dead_letters.command("replay")
@refusing
def replay(places: _Places = None, every: _All = False, reason: Reason = "", as_json: AsJson = False) -> None:
    """Hear them again with the code of today. Exit status 5 when some still cannot be heard."""
    with acting(reason) as (base, by):
        found = letters.replay(base, by, letters.every_open(base) if every else places or [])
    left = {place: why for place, why in found.items() if why is not None}
    text = "\n".join([f"{len(found) - len(left)} heard", *(f"{place}: {why}" for place, why in left.items())])
    tell({"heard": len(found) - len(left), "left": left}, as_json, text)
    if left:
        raise typer.Exit(STILL_DEAD)


@dead_letters.command("dismiss")
@refusing
def dismiss(places: _Places = None, every: _All = False, reason: Reason = "", as_json: AsJson = False) -> None:
    """Decide that they are never heard; the reason is kept."""
    with acting(reason) as (base, by):
        number = letters.dismiss(base, by, letters.every_open(base) if every else places or [])
    tell({"dismissed": number}, as_json, f"{number} dismissed")


@republish.command("account")
@refusing
def republish_account(
    account: Annotated[str, typer.Argument(help="Any of its numbers.")],
    first: Annotated[int, typer.Option("--from", min=1, help="The first sequence.")] = 1,
    last: Annotated[int, typer.Option("--to", min=1, help="The last one.")] = 2_000_000_000,
    reason: Reason = "",
    as_json: AsJson = False,
) -> None:
    """Send events of one account once more."""
    with acting(reason) as (base, by):
        sent = handlers.account(base, by, account, first, last)
    tell({"events": sent}, as_json, f"{sent} events are in the outbox")


@republish.command("partition")
@refusing
def republish_partition(
    partition: int,
    after: Annotated[str, typer.Option(help="Only accounts behind this one.")] = "",
    through: Annotated[str, typer.Option(help="And up to this one.")] = handlers.LAST,
    reason: Reason = "",
    as_json: AsJson = False,
) -> None:
    """Send all events of a partition's accounts once more; `--after` goes on with what was interrupted."""
    with acting(reason) as (base, by), progress() as step:
        sent = handlers.partition(base, by, partition, after, through, step)
    tell({"events": sent}, as_json, f"{sent} events are in the outbox")
