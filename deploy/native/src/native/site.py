"""One running set: its data folder, its ports, and whether somebody runs it now."""

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from http.client import HTTPConnection, HTTPException
from pathlib import Path

from native.bringup import servers_of
from native.child import Child
from native.compose import COMPOSE_FILE, Plan, Process, read_plan
from native.credentials import Credentials
from native.hardened import hardened
from native.servers import Servers
from native.supervisor import environment_of, stop_leftovers
from native.trouble import Trouble
from native.waiting import holds_within


class AlreadyRunning(Trouble):
    """Another runner holds the same data folder."""


class NotReady(Trouble):
    """Some processes did not get ready in time; the message says which and what they answered."""


@dataclass(frozen=True)
class Site:
    """A data folder, a shift of all ports, and the list of what runs."""

    folder: Path
    port_base: int = 0
    compose: Path = COMPOSE_FILE
    hard: bool = False

    @cached_property
    def plan(self) -> Plan:
        """What runs here; of a hardened set each secret is in a file."""
        return hardened(self._listed, self.servers, self.credentials) if self.credentials else self._listed

    @property
    def servers(self) -> Servers:
        """Its PostgreSQL, Kafka and Redis."""
        return servers_of(self._listed, self.folder, self.credentials)

    @cached_property
    def credentials(self) -> Credentials | None:
        """Certificates and passwords of a hardened set."""
        if not self.hard:
            return None
        made = Credentials(self.folder / "secrets")
        made.make()
        return made

    @cached_property
    def _listed(self) -> Plan:
        return read_plan(self.folder, self.port_base, self.compose)

    @property
    def runner(self) -> Child:
        """The runner's own process."""
        return Child("runner", self.folder)

    @contextmanager
    def held(self) -> Iterator[None]:
        """Claim the folder for this process, and clear away what a killed run left behind."""
        if self.runner.pid():
            raise AlreadyRunning(f"{self.folder} is in use; `make stop` ends that run")
        self.runner.adopt(os.getpid())
        try:
            stop_leftovers(self.folder)
            self.servers.stop()
            yield
        finally:
            self.servers.stop()
            self.runner.forget()

    def stop(self) -> list[str]:
        """End the runner and whatever is left of its processes and servers; the names of what was left."""
        self.runner.stop(patience_s=60)
        left = stop_leftovers(self.folder) + self.servers.alive()
        self.servers.stop()
        return left

    def environment(self) -> Mapping[str, str]:
        """For commands that use the set from outside: the public addresses and the operator's command."""
        return {
            **environment_of(self.plan.named("provider-sync-load")),
            **{_variable(p): p.public_url for p in self.plan.lasting() if p.public_url and p.number == 1},
            "OPERATOR": "python -m provider_sync",
            "DEMO_DIR": str(self.folder / "demo"),
        }

    def wait_ready(self, seconds: float = 120) -> None:
        """Return when every process says that it is ready."""
        waiting = {process.name: process for process in self.plan.lasting()}
        answers: dict[str, str] = {}

        def all_ready() -> bool:
            for name, process in list(waiting.items()):
                answers[name] = answer(process)
                if answers[name] == "":
                    del waiting[name]
            return not waiting

        if not holds_within(seconds, all_ready, step_s=0.3):
            raise NotReady("\n".join(f"{name} is not ready: {answers[name]}" for name in waiting))


def answer(process: Process) -> str:
    """Empty when the process is ready, else what it said instead."""
    # The plain client: sixteen processes are starting on the same cores, and a richer one costs them time.
    connection = HTTPConnection("127.0.0.1", int(process.environment["ADMIN_PORT"]), timeout=2)
    try:
        connection.request("GET", "/health/ready")
        response = connection.getresponse()
        body = response.read().decode("utf-8", "replace")
    except (OSError, HTTPException) as error:
        return str(error)
    finally:
        connection.close()
    return "" if response.status == 200 else f"{response.status} {body}"


def _variable(process: Process) -> str:
    return process.name.removesuffix("-web").replace("-", "_").upper() + "_URL"
