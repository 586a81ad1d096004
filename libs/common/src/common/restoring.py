"""The operators' commands around a restore, the same words in every service: `python -m <service> restore …`."""

import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from common import restore
from common.restore import Part

BEHIND = 4
_SHOWN = 20
Step = Callable[[int, int], None]
"""Told how many more were done, and how many there are."""
Who = Callable[[], str]
Reason = Annotated[str, typer.Option("--reason", help="Why; kept for ever.", prompt="Why")]
_Files = Annotated[list[Path], typer.Option("--heads", exists=True, help="What `restore heads` of a reader wrote.")]
_Topics = Annotated[list[str], typer.Option("--reread", help="This topic too, though it is the same: it lost records.")]


def commands(part: Callable[[], Part], who: Who, *, store: bool = False) -> typer.Typer:
    """The group `restore`: heads and adopt for everybody, status, open and shut where events are stored."""
    group = typer.Typer(help="What a restore needs, step by step; see docs/operations.md.", no_args_is_help=True)
    _add_reader(group, part, who)
    if store:
        _add_store(group, part, who)
    return group


def _add_reader(group: typer.Typer, part: Callable[[], Part], who: Who) -> None:
    @group.command()
    def heads() -> None:
        """Write, as CSV, how far every stream is known here."""
        restore.heads(part(), sys.stdout.buffer)

    @group.command()
    def adopt(reason: Reason, reread: _Topics = []) -> None:  # noqa: B006  # Typer reads the default, nobody writes it
        """Read topics that were made anew from their beginning; what is known already is passed over."""
        name = who()
        found = restore.adopt(part(), reread)
        typer.echo(f"{', '.join(found) or 'no topic'} read from the beginning, says {name}: {reason}")


def _add_store(group: typer.Typer, part: Callable[[], Part], who: Who) -> None:
    @group.command()
    def status() -> None:
        """Say whether events are appended; exit 4 when not."""
        timeline, is_open = restore.opened(part())
        typer.echo(f"timeline {timeline}: {'open' if is_open else 'shut'}")
        raise typer.Exit(0 if is_open else BEHIND)

    @group.command("open")
    def open_(heads: _Files, reason: Reason) -> None:
        """Let events be appended, unless a reader or the topic knows more than the store; exit 4 then."""
        name = who()
        _refuse_behind(part(), heads)
        restore.put_open(part(), name, reason)
        typer.echo("open")

    @group.command()
    def shut(reason: Reason) -> None:
        """Append nothing more until `open`."""
        name = who()
        restore.shut(part())
        typer.echo(f"shut by {name}: {reason}")


def _refuse_behind(part: Part, heads: list[Path]) -> None:
    with ExitStack() as reading:
        try:
            found = restore.behind(part, [reading.enter_context(path.open("rb")) for path in heads])
        except restore.NoHeads as error:
            typer.echo(str(error), err=True)
            raise typer.Exit(2) from None
    lost = restore.lost(part)
    for record in lost[:_SHOWN]:
        typer.echo(f"{record.key}@{record.sequence}: the topic has it, the store does not", err=True)
    for one in found[:_SHOWN]:
        what = "another event there" if one.differs else f"the store ends at {one.store}"
        typer.echo(f"{one.key}: a reader has {one.reader}, {what}", err=True)
    if found or lost:
        typer.echo(f"{len(lost)} events to bring back, {len(found)} streams behind; nothing is opened", err=True)
        raise typer.Exit(BEHIND)


@contextmanager
def progress(what: str) -> Iterator[Step]:
    """A bar on standard error where somebody looks."""
    console = Console(stderr=True)
    columns = (TextColumn("{task.description:10}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=console, disable=not console.is_terminal) as bars:
        task = bars.add_task(what, total=None)

        def step(more: int, total: int) -> None:
            bars.update(task, advance=more, total=total)

        yield step
