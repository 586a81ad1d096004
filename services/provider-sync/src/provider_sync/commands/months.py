"""The months: how they stand, and closing one."""

from collections.abc import Iterator
from typing import Annotated

import typer

from common.clock import to_wire
from common.errors import Refusal
from common.period import BadPeriod, Period, following, parse_period
from provider_sync.commands.printed import AsJson, acting, centre, refusing, show, tell
from provider_sync.errors import PeriodInvalid
from provider_sync.handlers import periods as handlers

periods = typer.Typer(help="Months of account.", no_args_is_help=True)


@periods.command("status")
@refusing
def status(as_json: AsJson = False) -> None:
    """Closed months, the first open one, and uploads that hold up a close."""
    with centre() as base:
        months = handlers.status(base)
    if as_json:
        closed = [{"period": c.period, "cut_off": to_wire(c.cut_off)} for c in months.closed]
        appending = [str(upload) for upload in months.appending]
        tell({"closed": closed, "first_open": months.first_open, "appending": appending}, True, "")
        return
    show([{"period": c.period, "cut-off": c.cut_off} for c in months.closed], False)
    typer.echo(f"first open: {months.first_open or 'any month'}")
    for upload in months.appending:
        typer.echo(f"being appended: {upload}")


@periods.command("close")
@refusing
def close(
    month: Annotated[str, typer.Argument(help="For example 2026-10.")],
    through: Annotated[str, typer.Option(help="Close the following months up to this one, too.")] = "",
    as_json: AsJson = False,
) -> None:
    """Close a month: what is said later about it counts in the next one."""
    first, last = _month(month), _month(through or month)
    with acting() as (base, by):
        for period in _months(first, last):
            closed = handlers.close(base, period, by.who)
            at = to_wire(closed.cut_off)
            tell({"period": closed.period, "cut_off": at}, as_json, f"{closed.period} is closed as of {at}")


def _months(first: Period, last: Period) -> Iterator[Period]:
    period = first
    while period <= last:
        yield period
        period = following(period)


def _month(text: str) -> Period:
    try:
        return parse_period(text)
    except BadPeriod as error:
        refusal: Refusal = PeriodInvalid()
        raise refusal from error
