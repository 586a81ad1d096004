"""A closed month for many, as the operator sees it: progress with rate and time left, pause, continue, list."""

import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table

from common.period import parse_period
from common.postgres import Pool, open_pool
from common.process import stop_event
from receipts.config import Config
from receipts.gateways.files import Files, open_store
from receipts.handlers import runs
from receipts.handlers.runs import Order
from receipts.store.runs import Run

_LOOK_EVERY_S, _LINE_EVERY_S = 1.0, 5.0
_SILENCE_S = 90.0
_LISTED = 20


def run_month(config: Config, period: str, language: str, audience: str, out: str) -> None:
    """Fills, waits for the workers, hands out; SIGINT and SIGTERM leave it to the workers and to the next call."""
    order, stop = Order(parse_period(period), language, audience), stop_event()
    with _pool(config) as pool:
        run = runs.begin(pool, order)
        typer.echo(f"{run.period}, {run.language}, {run.audience}, part {run.part}: {run.total} receipts")
        if run.state == "making" and not _made(pool, run, stop):
            typer.echo("Interrupted. Workers go on; the same command shows how far they are, `pause` stops them.")
            raise typer.Exit(130)
        runs.number(pool, order)
        _hand_out(pool, config, runs.look(pool, order), out, stop)


def pause_month(config: Config, period: str, language: str, audience: str, *, paused: bool) -> None:
    """Pauses a run or lets it go on."""
    with _pool(config) as pool:
        run = runs.pause(pool, Order(parse_period(period), language, audience), paused)
        left = runs.left(pool, run)
    typer.echo(f"{run.period}, {run.language}, {run.audience}: {'paused' if paused else 'goes on'}, {left} left")


def list_runs(config: Config, as_json: bool) -> None:
    """The newest runs."""
    with _pool(config) as pool:
        rows = [asdict(run) | {"left": runs.left(pool, run)} for run in runs.listed(pool, _LISTED)]
    if as_json:
        typer.echo(json.dumps(rows, default=str))
        return
    table = Table(box=None, pad_edge=False)
    names = ("period", "language", "audience", "part", "state", "paused", "total", "left", "started_at")
    for name in names:
        table.add_column(name.removesuffix("_at"))
    for row in rows:
        table.add_row(*(_shown(row[name]) for name in names))
    Console().print(table if rows else "no runs yet")


def _made(pool: Pool, run: Run, stop: threading.Event) -> bool:
    """Shows how far the workers are until all documents have ended; False when it was interrupted."""
    with _progress() as progress:
        bar = progress.add_task("making", total=run.total, speed="")
        began, moved_at, before = time.monotonic(), time.monotonic(), runs.left(pool, run)
        at_first = before
        while (left := runs.left(pool, run)) and not stop.is_set():
            now = time.monotonic()
            moved_at = now if left < before else moved_at
            speed = f"{(at_first - left) / (now - began):.1f}/s" if left < at_first else ""
            progress.update(bar, completed=run.total - left, speed=speed, description=_saying(now - moved_at))
            if not progress.console.is_terminal and left != before:
                typer.echo(f"{run.total - left} of {run.total} {speed}", err=True)
            before = left
            stop.wait(_LOOK_EVERY_S if progress.console.is_terminal else _LINE_EVERY_S)
        progress.update(bar, completed=run.total - left)
    return left == 0


def _saying(silent_s: float) -> str:
    return "making" if silent_s < _SILENCE_S else "nothing moves: paused, or no receipts-worker?"


def _hand_out(pool: Pool, config: Config, run: Run, out: str, stop: threading.Event) -> None:
    place = out or f"{config.files_dir.rstrip('/')}/runs"
    output, files = open_store(place, config.s3_endpoint), Files(open_store(config.files_dir, config.s3_endpoint))
    with _progress() as progress:
        bar = progress.add_task("writing", total=run.total, speed="")
        while not stop.is_set() and (count := runs.write_portion(pool, files, output, run)):
            progress.advance(bar, count)
    if stop.is_set():
        typer.echo("Interrupted while writing; the same command goes on.")
        raise typer.Exit(130)
    made, missing = runs.finish(pool, output, run)
    typer.echo(f"{made} receipts and count-sheet.csv in {place}/{runs.folder(run)}")
    if missing:
        typer.echo(f"{missing} could not be made: see not-made.csv there", err=True)
        raise typer.Exit(2)


def _progress() -> Progress:
    bar = (TextColumn("{task.description:8}"), BarColumn(), MofNCompleteColumn())
    return Progress(*bar, TextColumn("{task.fields[speed]}"), TimeRemainingColumn(), console=Console(stderr=True))


def _shown(value: object) -> str:
    if isinstance(value, bool):
        return "yes" if value else ""
    return f"{value:%Y-%m-%d %H:%M}" if hasattr(value, "strftime") else str(value)


@contextmanager
def _pool(config: Config) -> Iterator[Pool]:
    with open_pool(config.database_url, "receipts-run", size=1, statement_s=300) as pool:
        yield pool
