"""From nothing to ready: servers and one-shot commands, each as soon as what it needs is there."""

import subprocess
import sys
from collections.abc import Callable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

from native.compose import Plan, Process
from native.credentials import Credentials
from native.databases import create_databases
from native.kafka import Kafka
from native.paths import ROOT
from native.postgres import Postgres
from native.redis_server import Redis
from native.servers import Ports, Servers
from native.supervisor import environment_of
from native.trouble import Trouble


class StepFailed(Trouble):
    """A one-shot command ended with an error; the message is its output."""


def servers_of(plan: Plan, folder: Path, credentials: Credentials | None = None) -> Servers:
    """The plan's three servers with their data in the folder."""
    at = plan.ports
    ports = Ports(at["POSTGRES"], at["KAFKA"], at["KAFKA_CONTROLLER"], at["REDIS"])
    return Servers.within(folder, ports, credentials=credentials)


def bring_up(plan: Plan, servers: Servers, *, steps: bool = True) -> None:
    """Start the servers and run the one-shot commands, side by side as far as their needs allow."""
    work: dict[str, Callable[[], None]] = {
        "postgres": lambda: _postgres(servers),
        "kafka": lambda: _started(servers.kafka),
        "redis": lambda: _started(servers.redis),
    }
    with ThreadPoolExecutor(max_workers=16) as pool:
        done: dict[str, Future[None]] = {name: pool.submit(task) for name, task in work.items()}
        for process in plan.steps() if steps else ():
            done[process.name] = pool.submit(_after, dict(done), process)
        for future in done.values():
            future.result()


def _after(done: Mapping[str, Future[None]], process: Process) -> None:
    for need in process.needs:
        done[need].result()
    run_once(process)


def run_once(process: Process) -> None:
    """Run a one-shot command; raise with its output when it fails."""
    command = [sys.executable if word == "python" else word for word in process.command]
    ended = subprocess.run(
        command, cwd=ROOT, env=environment_of(process), check=False,
        text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
    )  # fmt: skip
    if ended.returncode:
        raise StepFailed(f"{process.name} failed ({ended.returncode}):\n{ended.stdout}")


def _postgres(servers: Servers) -> None:
    _started(servers.postgres)
    create_databases(servers.postgres.url, servers.postgres.credentials)


def _started(server: Postgres | Kafka | Redis) -> None:
    server.start()
    server.wait()
