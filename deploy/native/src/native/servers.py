"""The three servers together: started side by side, stopped in reverse order."""

import random
import socket
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from native.credentials import Credentials
from native.databases import create_databases
from native.kafka import Kafka
from native.postgres import Postgres
from native.redis_server import Redis

_OURS = (20_000, 32_768)


@dataclass(frozen=True)
class Ports:
    """The ports of one set of servers."""

    postgres: int
    kafka: int
    kafka_controller: int
    redis: int


@dataclass(frozen=True)
class Servers:
    """PostgreSQL, Kafka and Redis with their data in one folder."""

    postgres: Postgres
    kafka: Kafka
    redis: Redis

    @classmethod
    def within(
        cls,
        folder: Path,
        ports: Ports,
        *,
        durable: bool = True,
        shared_buffers: str = "1GB",
        credentials: Credentials | None = None,
    ) -> "Servers":
        """The set whose data is in the folder; nothing is started yet. With credentials nobody comes in without."""
        folder = folder.absolute()
        return cls(
            Postgres(folder, ports.postgres, durable, shared_buffers, credentials),
            Kafka(folder, ports.kafka, ports.kafka_controller, durable, credentials=credentials),
            Redis(folder, ports.redis, durable, credentials),
        )

    def start(self) -> None:
        """Start all, after ending what a killed run left behind, and wait until each answers."""
        self.stop()
        for server in (self.postgres, self.redis, self.kafka):
            server.start()
        for server in (self.postgres, self.redis, self.kafka):
            server.wait()
        create_databases(self.postgres.url, self.postgres.credentials)

    def stop(self) -> None:
        """Stop all; a server that does not run is no fault."""
        for server in (self.kafka, self.redis, self.postgres):
            server.stop()

    def alive(self) -> list[str]:
        """The names of those whose process lives."""
        return [server.child.name for server in (self.postgres, self.redis, self.kafka) if server.child.pid()]


@contextmanager
def serving(servers: Servers) -> Iterator[Servers]:
    """The servers while the block runs."""
    with ExitStack() as leaving:
        leaving.callback(servers.stop)
        servers.start()
        yield servers


def free_ports() -> Ports:
    """Ports that nobody listens on at this moment, below those the kernel gives to outgoing connections."""
    found: list[int] = []
    while len(found) < 4:
        port = random.randrange(*_OURS)  # noqa: S311 - a port is no secret
        with socket.socket() as probe:
            if port not in found and probe.connect_ex(("127.0.0.1", port)) != 0:
                found.append(port)
    return Ports(*found)
