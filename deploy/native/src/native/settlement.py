"""The operator's command over all services: `settlement trace <account>`.

It asks each service by that service's own command and reads nobody's database; a service that does not answer is named.
"""

import json
import subprocess
import sys
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.pretty import Pretty

from native.paths import ROOT, RUN
from native.site import Site
from native.supervisor import environment_of

# Who is asked, with whose environment, in the order in which a fact travels.
STATIONS = {
    "provider_sync": ("provider-sync-load", "events stored, in their order"),
    "ledger": ("ledger-project", "offset, head, rows, statements"),
    "identity": ("identity-project", "payments known as proof, cabinets"),
    "receipts": ("receipts-project", "statements known, receipts made"),
}

app = typer.Typer(help=__doc__, no_args_is_help=True)


@app.callback()
def settlement() -> None:
    """Commands that ask all services of a running set."""


@app.command()
def trace(
    account: Annotated[str, typer.Argument(help="An account's number.")],
    folder: Annotated[Path, typer.Option(envvar="RUN_DIR", help="Where the run's data lives.")] = RUN,
    port_base: Annotated[int, typer.Option(envvar="PORT_BASE", help="How far the run's ports are shifted.")] = 0,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON document instead of sections.")] = False,
) -> None:
    """Show the way of an account's facts: event → offset → row → statement → receipt. Exit 3 when nobody knows it."""
    site = Site(folder, port_base)
    answers = {package: asked(site, package, process, account) for package, (process, _) in STATIONS.items()}
    if as_json:
        typer.echo(json.dumps(answers, ensure_ascii=False, indent=1))
    else:
        show(answers)
    if all("error" in answer for answer in answers.values()):
        raise typer.Exit(3)


def asked(site: Site, package: str, process: str, account: str) -> dict[str, Any]:
    """What a service's own `trace` says; `error` when it says nothing."""
    program = [sys.executable, "-m", package, "trace", account, "--json"]
    environment = environment_of(site.plan.named(process))
    done = subprocess.run(program, check=False, cwd=ROOT, env=environment, capture_output=True, text=True)
    if done.returncode != 0:
        return {"error": (done.stderr or done.stdout).strip()[-500:]}
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def show(answers: dict[str, dict[str, Any]]) -> None:
    """One section per station."""
    console = Console()
    for package, answer in answers.items():
        console.rule(f"[bold]{package.replace('_', '-')}[/bold]: {STATIONS[package][1]}", align="left")
        console.print(answer["error"] if "error" in answer else Pretty(answer, expand_all=False))
