"""The months: how they stand, what they look like beside the last one, closing them, and showing statements anew."""

from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any

import typer

from common.clock import to_wire
from common.errors import Refusal
from common.money import format_amount
from common.period import BadPeriod, Period, following, parse_period
from provider_sync.commands.printed import AsJson, Reason, acting, centre, refusing, show, tell
from provider_sync.errors import BadOperatorKey, PeriodInvalid
from provider_sync.handlers import months, operators, reissue
from provider_sync.handlers import periods as handlers
from provider_sync.handlers.base import Act, Base
from provider_sync.handlers.months import Preview, Standing
from provider_sync.store.calendar import Closed

periods = typer.Typer(help="Months of account.", no_args_is_help=True)

_Month = Annotated[str, typer.Argument(help="For example 2026-10.")]
_ConfirmKey = Annotated[
    Path | None,
    typer.Option(
        help="A file with another operator's key: asks and confirms at once, for scripts.", show_default=False
    ),
]


@periods.command("status")
@refusing
def status(as_json: AsJson = False) -> None:
    """How the month stands that closes next: submissions, what is held or unmatched, uploads, parked accounts."""
    with centre() as base:
        found = months.standing(base)
    if as_json:
        tell(_standing(found), True, "")
        return
    rows = [closed._asdict() | {"cut_off": closed.cut_off} for closed in found.months.closed]
    show(rows, False)
    typer.echo(f"first open: {found.months.first_open or 'any month'}")
    typer.echo(
        f"held facts: {found.held}    unmatched payments: {found.unmatched}, {format_amount(found.unmatched_sum)}"
    )
    for asked in found.asked:
        typer.echo(f"{asked.asked_by} asked to close {asked.period}; another operator closes it: {asked.reason}")
    if found.submissions:
        typer.echo(f"\nwho said that this was all for {found.months.first_open}")
        show(found.submissions, False)
    if found.uploads:
        typer.echo("\nuploads under way")
        show(found.uploads, False)
    if found.parked:
        typer.echo("\naccounts that stand still in the ledger")
        show(found.parked, False)


def _standing(found: Standing) -> dict[str, Any]:
    return {
        "closed": [closed._asdict() | {"cut_off": to_wire(closed.cut_off)} for closed in found.months.closed],
        "first_open": found.months.first_open,
        "appending": list(map(str, found.months.appending)),
        "asked": [asked._asdict() for asked in found.asked],
        "submissions": found.submissions,
        "held": found.held,
        "unmatched": {"count": found.unmatched, "sum": format_amount(found.unmatched_sum)},
        "uploads": found.uploads,
        "parked": found.parked,
    }


@periods.command("preview")
@refusing
def preview(
    month: Annotated[str, typer.Argument(help="The month; the one that closes next when left out.")] = "",
    as_json: AsJson = False,
) -> None:
    """A month beside the last one: totals per provider, the largest jumps, and 20 accounts to look at."""
    with centre() as base:
        found = months.preview(base, _month(month) if month else None)
    jumps = [row | {name: format_amount(row[name]) for name in ("before", "now")} for row in found.jumps]
    if as_json:
        fields = {"period": found.period, "totals": found.totals, "jumps": jumps, "accounts": found.accounts}
        tell(fields, True, "")
    else:
        _tell_preview(found, jumps)


def _tell_preview(found: Preview, jumps: list[dict[str, Any]]) -> None:
    typer.echo(f"{found.period} beside the month before")
    show(found.totals, False)
    typer.echo("\nthe largest jumps, in whole tenge")
    show(jumps, False)
    typer.echo("\naccounts to look at")
    typer.echo("  ".join(found.accounts) or "nothing")


@periods.command("close")
@refusing
def close(
    month: _Month,
    through: Annotated[str, typer.Option(help="Close the following months up to this one, too.")] = "",
    reason: Annotated[str, typer.Option(help="Why, though facts are held or submissions are missing.")] = "",
    confirm_key: _ConfirmKey = None,
    as_json: AsJson = False,
) -> None:
    """Close a month: the first operator asks, another one runs the same command and closes it.

    What is said later about a closed month counts in the next one. It is refused while facts are held or a provider has
    not said that this was all, unless somebody says why it is closed all the same.
    """
    first, last = _month(month), _month(through or month)
    with acting(reason) as (base, by):
        second = _second(base, confirm_key, by) if confirm_key else None
        for period in _months(first, last):
            found = handlers.close(base, period, by)
            if second is not None and not isinstance(found, Closed):
                found = handlers.close(base, period, second)
            if isinstance(found, Closed):
                at = to_wire(found.cut_off)
                tell({"period": period, "cut_off": at}, as_json, f"{period} is closed as of {at}")
                continue
            asked = f"{period}: asked; another operator runs the same command to close it"
            tell({"period": period, "asked_by": found.asked_by}, as_json, asked)
            break


def _second(base: Base, file: Path, by: Act) -> Act:
    """The other operator; raises BadOperatorKey, SameOperator."""
    try:
        key = file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        refusal: Refusal = BadOperatorKey()
        raise refusal from error
    return operators.second(base, key, by)


@periods.command("take-back")
@refusing
def take_back(month: _Month, reason: Reason = "") -> None:
    """Take a request to close a month back."""
    with acting(reason) as (base, by):
        handlers.take_back(base, _month(month), by)
    typer.echo(f"{month} will not be closed")


@periods.command("reissue")
@refusing
def reissue_statements(
    month: _Month,
    accounts: Annotated[str, typer.Option(help="Numbers, comma-separated; or @FILE with one on each line.")],
    corrects: Annotated[str, typer.Option(help="What was shown wrongly: residents, address, tariff, …")],
    reason: Reason = "",
    as_json: AsJson = False,
) -> None:
    """Show issued statements anew: the next version repeats the money and corrects what was shown; all or none."""
    with acting(reason) as (base, by):
        asked = reissue.reissue(base, _month(month), _numbers(accounts), corrects, by)
    show([one._asdict() for one in asked], as_json)


def _numbers(text: str) -> list[str]:
    if text.startswith("@"):
        try:
            text = Path(text[1:]).read_text(encoding="utf-8").replace("\n", ",")
        except (OSError, UnicodeDecodeError) as error:
            raise typer.BadParameter(f"{text[1:]} cannot be read", param_hint="--accounts") from error
    numbers = list(dict.fromkeys(number.strip() for number in text.split(",") if number.strip()))
    if not 1 <= len(numbers) <= reissue.LIMIT:
        raise typer.BadParameter(f"1 to {reissue.LIMIT} numbers", param_hint="--accounts")
    return numbers


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
