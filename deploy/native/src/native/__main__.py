"""The command line: `python -m native …`."""

import os
import subprocess
import sys
from pathlib import Path
from typing import Annotated

import typer

from native.classes import keep_classes
from native.compose import COMPOSE_FILE
from native.credentials import Credentials
from native.install import install_missing
from native.paths import ROOT, RUN, forget_home
from native.run import command, run, run_servers, unwind_on_signals
from native.servers import Ports, Servers
from native.site import Site
from native.supervisor import environment_of
from native.trouble import Trouble

app = typer.Typer(help=__doc__, no_args_is_help=True, pretty_exceptions_enable=False)
servers_app = typer.Typer(help="PostgreSQL, Kafka and Redis alone.", no_args_is_help=True)
app.add_typer(servers_app, name="servers")

Folder = Annotated[Path, typer.Option(help="Where the data lives.")]


@app.command()
def install(for_tests: Annotated[bool, typer.Option(help="A browser too, to look at pages with.")] = False) -> None:
    """Install what the servers and the PDF renderer need and this machine lacks: packages and the broker."""
    install_missing(for_tests=for_tests)
    keep_classes()


@servers_app.command()
def start(
    folder: Folder, postgres: int = 15432, kafka: int = 19092, kafka_controller: int = 19093, redis: int = 16379
) -> None:
    """Start the three servers in the background and wait until they answer."""
    servers = Servers.within(folder, Ports(postgres, kafka, kafka_controller, redis))
    servers.start()
    typer.echo(f"PostgreSQL {servers.postgres.url}\nKafka      {servers.kafka.address}")
    typer.echo(f"Redis      {servers.redis.url}")


@servers_app.command()
def stop(folder: Folder) -> None:
    """Stop the three servers of a folder."""
    Servers.within(folder, Ports(0, 0, 0, 0)).stop()


@app.command()
def certificates(folder: Folder) -> None:
    """Make certificates for development and tests: ca.pem for clients, server.pem and server.key for the servers."""
    Credentials(folder.absolute()).make()
    typer.echo(f"{folder}: ca.pem, server.pem, server.key")


Ours = Annotated[Path, typer.Option("--folder", envvar="RUN_DIR", help="Where the data lives.")]
PortBase = Annotated[int, typer.Option(envvar="PORT_BASE", help="How far all ports are shifted; take thousands.")]
Compose = Annotated[Path, typer.Option(envvar="COMPOSE_FILE", help="The list of processes.")]
Words = Annotated[list[str], typer.Argument(help="The command, after `--`.")]


@app.command("run")
def run_all(
    folder: Ours = RUN,
    port_base: PortBase = 0,
    compose: Compose = COMPOSE_FILE,
    only: Annotated[str, typer.Option(help="`servers` for PostgreSQL, Kafka and Redis alone.")] = "",
    load: Annotated[bool, typer.Option(help="Load the demo city when it is not there yet.")] = True,
    quiet: Annotated[bool, typer.Option(help="Leave the logs to the files.")] = False,
) -> None:
    """Run everything in the foreground until Ctrl-C."""
    site = _site(folder, port_base, compose)
    if only == "servers":
        run_servers(site)
    else:
        raise typer.Exit(run(site, load=load, quiet=quiet))


@app.command("with")
def with_all(
    words: Words,
    folder: Ours = RUN,
    port_base: PortBase = 0,
    compose: Compose = COMPOSE_FILE,
    load: Annotated[bool, typer.Option(help="Load the demo city when it is not there yet.")] = True,
) -> None:
    """Run a command against the running set; without one, start a set for it and stop that afterwards."""
    site = _site(folder, port_base, compose)
    if site.runner.pid():
        site.wait_ready()
        raise typer.Exit(command(site, words))
    raise typer.Exit(run(site, words, load=load, quiet=True))


@app.command("exec")
def execute(
    process: str, words: Words, folder: Ours = RUN, port_base: PortBase = 0, compose: Compose = COMPOSE_FILE
) -> None:
    """Run a command with the environment of one of the processes."""
    environment = environment_of(_site(folder, port_base, compose).plan.named(process))
    program = [sys.executable if word == "python" else word for word in words]
    raise typer.Exit(subprocess.run(program, check=False, cwd=ROOT, env=environment).returncode)


@app.command("stop")
def stop_all(folder: Ours = RUN, port_base: PortBase = 0, compose: Compose = COMPOSE_FILE) -> None:
    """Stop a run, and whatever a killed one left behind."""
    left = _site(folder, port_base, compose).stop()
    typer.echo(f"stopped what was left: {', '.join(left)}" if left else "nothing is left running")


@app.command()
def forget(folder: Ours = RUN) -> None:
    """Remove the data folder, and the database's own folder where that had to be elsewhere."""
    for postgres in sorted(folder.glob("**/postgres")):
        forget_home(postgres)
    forget_home(folder)


def _site(folder: Path, port_base: int, compose: Path) -> Site:
    unwind_on_signals()
    # One word for all commands on a set: whoever looks at a hardened one needs its secrets.
    hard = os.environ.get("HARDENED", "no").lower() in ("1", "yes", "true", "on")
    return Site(folder.absolute(), port_base, compose, hard)


if __name__ == "__main__":
    try:
        app()
    except Trouble as trouble:
        raise SystemExit(f"✗ {trouble}") from None
