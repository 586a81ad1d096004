"""The servers of a measurement: given addresses, else a durable set of our own that is stopped afterwards."""

import os
import secrets
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

import psutil
import psycopg
import yaml
from psycopg import sql

from common import kafka
from common.topics import create
from native.child import Child
from native.paths import ROOT, RUN
from native.servers import Servers, free_ports, serving
from tests.support import databases
from tests.support.servers import GIVEN


@dataclass(frozen=True)
class Ground:
    """Where PostgreSQL (superuser) and Kafka answer, and a folder for files and logs."""

    postgres: str
    kafka: str
    source: str
    folder: Path
    pids: Mapping[str, int] = field(default_factory=dict)

    @contextmanager
    def database(self, package: str) -> Iterator[str]:
        """A fresh migrated database of a service, dropped afterwards."""
        template = databases.template_of(self.postgres, package, databases.shared_tables(package))
        with databases.copy_of(self.postgres, template, package) as url:
            yield url

    @contextmanager
    def empty_database(self) -> Iterator[str]:
        """A database without tables for a yardstick, dropped afterwards."""
        with databases.copy_of(self.postgres, "template1", "postgres") as url:
            yield url

    @contextmanager
    def topics(self) -> Iterator[str]:
        """Every topic of the centre under a prefix of its own, deleted afterwards."""
        known = yaml.safe_load((ROOT / "deploy" / "kafka" / "topics.yaml").read_text(encoding="utf-8"))["topics"]
        prefix = f"bench{secrets.token_hex(3)}."
        made = create(self.kafka, known, prefix)
        try:
            yield prefix
        finally:
            self.delete_topics(made)

    def delete_topics(self, names: list[str]) -> None:
        """Gives the disk back."""
        client = kafka.admin(self.kafka)
        client.delete_topics(names)
        client.close()

    def servers_cpu_s(self) -> float:
        """Processor seconds of PostgreSQL and Kafka so far; 0 for servers that are not ours to look into."""
        return sum(cpu_s(pid) for pid in self.pids.values())

    def settle(self) -> None:
        """Writes out what earlier runs left dirty, so that the next one does not pay for it."""
        with psycopg.connect(self.postgres, autocommit=True) as conn:
            conn.execute("CHECKPOINT")

    def settings(self) -> dict[str, str]:
        """What of PostgreSQL's settings decides whether the figures are durable."""
        names = ("server_version", "fsync", "synchronous_commit", "full_page_writes", "shared_buffers")
        with psycopg.connect(self.postgres) as conn:
            rows = [(name, conn.execute(sql.SQL("SHOW {}").format(sql.Identifier(name))).fetchone()) for name in names]
        return {name: str(row[0]) if row else "" for name, row in rows}


@contextmanager
def ground() -> Iterator[Ground]:
    """TEST_POSTGRES_URL and TEST_KAFKA when both are given, else servers of our own with fsync on."""
    folder = RUN / "bench"
    folder.mkdir(parents=True, exist_ok=True)
    postgres, broker = (os.environ.get(name) for name in GIVEN[:2])
    if postgres and broker:
        yield Ground(postgres, broker, "given addresses", folder)
        return
    with serving(Servers.within(folder, free_ports(), durable=True)) as servers:
        pids = {name: child.pid() or 0 for name, child in _children(servers).items()}
        yield Ground(servers.postgres.url, servers.kafka.address, "native", folder, pids)


def _children(servers: Servers) -> dict[str, Child]:
    return {"PostgreSQL": servers.postgres.child, "Kafka": servers.kafka.child}


def cpu_s(pid: int) -> float:
    """Processor seconds of a process so far, with its children, those that ended too."""
    process = psutil.Process(pid)
    total = float(sum(process.cpu_times()[:4]))
    for child in process.children(recursive=True):
        with suppress(psutil.NoSuchProcess):
            total += sum(child.cpu_times()[:4])
    return total
