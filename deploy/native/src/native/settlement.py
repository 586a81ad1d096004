"""The operator's command over all services: `settlement trace <account>`, `settlement doctor`, `settlement month`.

It asks each service by that service's own command and reads nobody's database; a service that does not answer is named.
"""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any

import typer

from common import doctor as doctors
from common.doctor import ILL
from native import checklist, checkup
from native.asking import told
from native.paths import RUN
from native.site import Site

# Who is asked, with whose environment, in the order in which a fact travels.
STATIONS = {
    "provider_sync": ("provider-sync-load", "events stored, in their order, and whether each is sent"),
    "ledger": ("ledger-project", "offset, head of the log, rows, statements issued"),
    "receipts": ("receipts-project", "statements heard, documents made of them"),
}

app = typer.Typer(help=__doc__, no_args_is_help=True)
Folder = Annotated[Path, typer.Option(envvar="RUN_DIR", help="Where the run's data lives.")]
PortBase = Annotated[int, typer.Option(envvar="PORT_BASE", help="How far the run's ports are shifted.")]
AsJson = Annotated[bool, typer.Option("--json", help="One JSON document instead of sections.")]


@app.callback()
def settlement() -> None:
    """Commands that ask all services of a running set."""


@app.command()
def doctor(
    folder: Folder = RUN,
    port_base: PortBase = 0,
    deep: Annotated[
        bool, typer.Option("--deep", help="Also fold one account in a hundred anew by other code; takes minutes.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Is everything well? ✓ well, ! look at it in working hours, ✗ act now. Exit 4 when something is to be done now."""
    found = checkup.look(Site(folder.absolute(), port_base), deep)
    if as_json:
        typer.echo(
            json.dumps({who: [f._asdict() for f in said] for who, said in found.items()}, ensure_ascii=False, indent=1)
        )
    else:
        checkup.show(found)
    if any(finding.state == "ill" for said in found.values() for finding in said):
        raise typer.Exit(ILL)


@app.command()
def month(
    period: Annotated[str, typer.Argument(help="For example 2026-10.")],
    folder: Folder = RUN,
    port_base: PortBase = 0,
    as_json: AsJson = False,
) -> None:
    """What is done and what is to do until a month is closed, printed and told. Exit 4 while something is to do."""
    found = checklist.of(Site(folder.absolute(), port_base), period)
    if as_json:
        typer.echo(json.dumps([step._asdict() for step in found], ensure_ascii=False, indent=1))
    else:
        typer.echo("\n".join(map(doctors.line, found)))
    if any(step.state != "well" for step in found):
        raise typer.Exit(ILL)


@app.command()
def trace(
    account: Annotated[str, typer.Argument(help="An account's number.")],
    folder: Folder = RUN,
    port_base: PortBase = 0,
    as_json: AsJson = False,
) -> None:
    """Show the way of an account's facts: event → offset → row → statement → receipt. Exit 3 when nobody knows it."""
    site = Site(folder, port_base)
    answers = {package: traced(site, package, process, account) for package, (process, _) in STATIONS.items()}
    if as_json:
        typer.echo(json.dumps(answers, ensure_ascii=False, indent=1))
    else:
        show(answers)
    if all(isinstance(answer, dict) and "error" in answer for answer in answers.values()):
        raise typer.Exit(3)


def traced(site: Site, package: str, process: str, account: str) -> Any:
    """What a service's own `trace` says; `error` when it says nothing."""
    form = ["--json"] if package == "provider_sync" else []
    return told(site, process, package, "trace", account, *form)


def show(answers: dict[str, Any]) -> None:
    """One section per station, one block of aligned columns per kind of row."""
    for package, answer in answers.items():
        typer.echo(f"\n== {package.replace('_', '-')}: {STATIONS[package][1]}")
        if isinstance(answer, dict) and "error" in answer:
            typer.echo(answer["error"])
            continue
        for title, rows in tables(answer):
            typer.echo(f"\n{title} ({len(rows)})" if title else "")
            for line in aligned(rows):
                typer.echo(line)


def tables(answer: Any) -> Iterator[tuple[str, list[dict[str, Any]]]]:
    """What a service answered, as named lists of rows; single values together make one row."""
    if isinstance(answer, list):
        yield "", answer
        return
    single = {name: value for name, value in answer.items() if not isinstance(value, list)}
    if single:
        yield "", [single]
    for name, value in answer.items():
        if isinstance(value, list):
            yield name, [row if isinstance(row, dict) else {name: row} for row in value]


def aligned(rows: list[dict[str, Any]]) -> Iterator[str]:
    """A head line and a line per row, never folded: a narrow terminal wraps, `less -S` does not."""
    names = list(rows[0]) if rows else []
    cells = [names, *([cell(row.get(name)) for name in names] for row in rows)]
    widths = [max(len(line[column]) for line in cells) for column in range(len(names))]
    for line in cells:
        yield "  ".join(text.ljust(width) for text, width in zip(line, widths, strict=True)).rstrip()


def cell(value: Any) -> str:
    """A value in a table."""
    if isinstance(value, dict | list):
        return json.dumps(value, ensure_ascii=False)
    return "" if value is None else str(value)
