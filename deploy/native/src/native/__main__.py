"""The command line: `python -m native …`."""

from pathlib import Path
from typing import Annotated

import typer

from native.install import install_missing
from native.servers import Ports, Servers

app = typer.Typer(help=__doc__, no_args_is_help=True)
servers_app = typer.Typer(help="PostgreSQL, Kafka and Redis alone.", no_args_is_help=True)
app.add_typer(servers_app, name="servers")

Folder = Annotated[Path, typer.Option(help="Where the data lives.")]


@app.command()
def install() -> None:
    """Install with apt what the servers and the PDF renderer need and this machine lacks."""
    install_missing()


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


if __name__ == "__main__":
    app()
