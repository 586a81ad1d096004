"""The command line: `python -m demo …`."""

from collections.abc import Callable
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from demo.centre import OperatorRefused
from demo.city.generate import generate as generate_city
from demo.doors import Late, UnexpectedAnswer
from demo.load import LoadFailed, is_loaded
from demo.load import load as load_city
from demo.place import Place
from demo.screen import Screen
from demo.summary import summary as print_summary
from demo.walk import walk as walk_road
from demo.walker import Mismatch

app = typer.Typer(no_args_is_help=True)
_console = Console()
_HOST = "http://127.0.0.1"


def _door(port: int, variable: str) -> object:
    return typer.Option(help="Where it listens.", envvar=variable, show_default=f"{_HOST}:{port}")


Url = Annotated[str, typer.Option(help="Where it listens.")]
Accounts = Annotated[int, typer.Option(min=20, help="How many accounts the city has.", envvar="ACCOUNTS")]
Seed = Annotated[int, typer.Option(help="The same seed gives the same bytes.", envvar="SEED")]


@app.callback()
def main(
    context: typer.Context,
    folder: Annotated[Path, typer.Option(help="Where the demo keeps city, keys and logins.", envvar="DEMO_DIR")] = Path(
        ".run/demo"
    ),
    provider_sync: Annotated[str, _door(18101, "PROVIDER_SYNC_URL")] = f"{_HOST}:18101",
    ledger: Annotated[str, _door(18102, "LEDGER_URL")] = f"{_HOST}:18102",
    identity: Annotated[str, _door(18103, "IDENTITY_URL")] = f"{_HOST}:18103",
    receipts: Annotated[str, _door(18104, "RECEIPTS_URL")] = f"{_HOST}:18104",
    gateway: Annotated[str, _door(18100, "GATEWAY_URL")] = f"{_HOST}:18100",
    mail: Annotated[str, _door(18026, "MAIL_URL")] = f"{_HOST}:18026",
    operator: Annotated[
        str, typer.Option(help="The operator's command line.", envvar="OPERATOR")
    ] = "python -m native exec provider-sync-load -- python -m provider_sync",
) -> None:
    """A city to try the settlement centre with, and a stranger who walks through it."""
    context.obj = Place(folder, provider_sync, ledger, identity, receipts, gateway, mail, operator)


@app.command()
def generate(
    out: Annotated[Path, typer.Option(help="The folder the files go to.")] = Path("demo/out"),
    accounts: Accounts = 2000,
    seed: Seed = 2026,
) -> None:
    """Write the city as files, as its providers and banks would send them."""
    manifest = generate_city(accounts, seed, out)
    rows = sum(entry["count"] for entry in manifest["files"])
    _console.print(f"{accounts} accounts: {rows} rows in {len(manifest['files'])} files in {out}")


@app.command()
def load(
    context: typer.Context,
    accounts: Accounts = 2000,
    seed: Seed = 2026,
    once: Annotated[bool, typer.Option("--once", help="Do nothing when the city is already there.")] = False,
) -> None:
    """Bring the city in: keys by the operator's command line, everything else by HTTP."""
    _told(lambda: _load(context.obj, accounts, seed, once))


@app.command()
def walk(context: typer.Context) -> None:
    """Walk the whole road as a stranger and compare every number with the uploaded files."""
    _told(lambda: walk_road(context.obj, Screen(_console)))


@app.command()
def summary(context: typer.Context) -> None:
    """Print addresses, logins, a provider's key and what to try next."""
    print_summary(context.obj, _console)


def _load(place: Place, accounts: int, seed: int, once: bool) -> None:
    if once and is_loaded(place):
        _console.print("The city is already there.")
        return
    _console.print(f"Loading a city of {accounts} accounts:")
    load_city(place, accounts, seed, _console)


def _told(action: Callable[[], object]) -> None:
    """Run it; what goes wrong is told readably and ends with exit code 1."""
    try:
        action()
    except (Mismatch, Late, UnexpectedAnswer, OperatorRefused, LoadFailed, LookupError) as failure:
        Screen(_console).failed(str(failure))
        raise typer.Exit(1) from failure
