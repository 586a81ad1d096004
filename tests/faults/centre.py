"""Servers and processes of one fault run: the compose file's own list, on free ports, in a folder of its own."""

import os
import random
import socket
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

import psycopg

from native.bringup import bring_up
from native.compose import COMPOSE_FILE, Plan, Process, read_plan
from native.paths import forget_home
from native.servers import Ports, Servers
from native.site import answer
from native.waiting import TooLate, until
from tests.faults.keeper import Keeper, Kept, kill
from tests.support import leaks

ROAD = ("topics", "provider-sync-", "ledger-")
# Below the ports that the system gives to outgoing connections.
BASES = range(1, 12_500)


@dataclass
class Centre:
    """The part of the settlement centre under test; `services` are prefixes of names in the compose file."""

    folder: Path
    services: tuple[str, ...] = ROAD
    settings: Mapping[str, str] = field(default_factory=dict)
    keeper: Keeper = field(default_factory=Keeper)

    @cached_property
    def plan(self) -> Plan:
        """The processes that take part, with their ports moved to where nobody listens."""
        for base in random.SystemRandom().sample(BASES, 200):
            plan = read_plan(self.folder, base, COMPOSE_FILE)
            if all(map(_free, _ports(plan))):
                return Plan(tuple(p for p in plan.processes if p.name.startswith(self.services)), plan.ports)
        raise TooLate("no range of free ports was found")

    @cached_property
    def servers(self) -> Servers:
        """Durable PostgreSQL and Kafka: what they acknowledge must be there after a kill."""
        at = self.plan.ports
        ports = Ports(at["POSTGRES"], at["KAFKA"], at["KAFKA_CONTROLLER"], at["REDIS"])
        return Servers.within(self.folder, ports, durable=True, shared_buffers="128MB")

    def url(self, process: str) -> str:
        """A web process's public address."""
        found = self.plan.named(process).public_url
        assert found
        return found

    def database(self, process: str) -> str:
        """The database a process works on."""
        return self.plan.named(process).environment["DATABASE_URL"]

    @property
    def kafka(self) -> str:
        """The broker's address."""
        return self.servers.kafka.address

    def start(self) -> None:
        """Everything up and ready."""
        bring_up(self.plan, self.servers)
        for process in self.plan.lasting():
            self.keep(process.name, process.command, process.environment)
        self.wait_ready()

    def keep(self, name: str, command: tuple[str, ...], environment: Mapping[str, str]) -> None:
        """Start a process and keep it running."""
        given = {**environment, **self.settings}
        self.keeper.start(Kept(name, command, given, self.folder / f"{name}.log"))

    def wait_ready(self, seconds: float = 60) -> None:
        """Return when every process of the plan says that it is ready."""
        waiting = {process.name: process for process in self.plan.lasting() if process.name in self.keeper.kept}

        def ready() -> bool:
            for name, process in list(waiting.items()):
                if not answer(process):
                    del waiting[name]
            return not waiting

        until(ready, seconds, "the processes' readiness")

    def process(self, name: str) -> Process:
        """A process of the plan."""
        return self.plan.named(name)

    def environment(self, process: str) -> dict[str, str]:
        """What an operator's command of a process's service runs with."""
        return {**os.environ, **self.process(process).environment, **self.settings}

    def targets(self) -> list[str]:
        """What can be killed."""
        return [*sorted(self.keeper.kept), "postgres", "kafka"]

    def kill(self, target: str, chance: random.Random) -> str:
        """kill -9 of one process of the target; says what was killed."""
        if target in ("postgres", "kafka", "redis"):
            pid = getattr(self.servers, target).child.pid()
            assert pid, f"{target} is down"
            kill(pid)
            return f"{target} ({pid})"
        kept = self.keeper.kept[target]
        until(lambda: bool(kept.pids()), 30, f"{target}'s life before its death")
        pids = kept.pids()
        number = chance.randrange(len(pids))
        kill(pids[number])
        return f"{target}{'' if number == 0 else ' child'} ({pids[number]})"

    def revive(self, target: str, deadline_s: float = 180) -> None:
        """Start a killed server again; PostgreSQL refuses while processes of the killed one are still about."""
        server = getattr(self.servers, target)

        def started() -> bool:
            try:
                server.start()
                server.wait()
            except TooLate:
                return False
            return True

        until(started, deadline_s, f"{target}'s return")

    def stop(self) -> None:
        """Everything down."""
        self.keeper.stop()
        self.servers.stop()


@contextmanager
def running(centre: Centre) -> Iterator[Centre]:
    """The centre while the block runs, its logs searched afterwards; they stay when it fails, data never does."""
    centre.folder.mkdir(parents=True, exist_ok=True)
    try:
        centre.start()
        yield centre
    finally:
        centre.stop()
        forget_home(centre.folder / "postgres")
        forget_home(centre.folder / "kafka")
    leaks.none_in(centre.folder)


def rows(url: str, query: str, values: tuple[object, ...] = ()) -> list[tuple[object, ...]]:
    """One query's answer."""
    with psycopg.connect(url, connect_timeout=3) as conn:
        return conn.execute(query.encode(), values).fetchall()


def number(url: str, query: str, values: tuple[object, ...] = ()) -> int:
    """One query's one number."""
    found = rows(url, query, values)[0][0]
    assert isinstance(found, int)
    return found


def _ports(plan: Plan) -> list[int]:
    named = (p.environment.get(key) for p in plan.processes for key in ("HTTP_PORT", "ADMIN_PORT"))
    return [*plan.ports.values(), *(int(port) for port in named if port)]


def _free(port: int) -> bool:
    with socket.socket() as one:
        one.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            one.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True
