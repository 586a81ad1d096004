"""The real processes of provider-sync and ledger, on databases and topics of their own."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx
import psutil
import psycopg

from native.paths import ROOT
from tests.benchmarks.ground import Ground, cpu_s

READY_WITHIN_S = 180
# A bench that is killed takes its processes along, or they would work beside the next one.
WITH_US = ("setpriv", "--pdeathsig", "TERM")
ROAD = (
    ("provider_sync", "web"),
    ("provider_sync", "load"),
    ("provider_sync", "relay"),
    ("ledger", "project"),
    ("ledger", "relay"),
    ("ledger", "web"),
)


class NotReady(Exception):
    """A process of the centre did not become ready; the message ends with its log."""


def free_port() -> int:
    """A port that nobody listens on at this moment."""
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


@dataclass
class Running:
    """One started process with its ports."""

    name: str
    process: "subprocess.Popen[bytes]"
    log: Path
    port: int
    admin_port: int

    def wait_ready(self) -> None:
        """Returns when its readiness probe says so."""
        deadline = time.monotonic() + READY_WITHIN_S
        while not self._ready():
            if self.process.poll() is not None or time.monotonic() > deadline:
                raise NotReady(f"{self.name}: {self.log.read_text(errors='replace')[-3000:]}")
            time.sleep(0.05)

    def _ready(self) -> bool:
        try:
            return httpx.get(f"http://127.0.0.1:{self.admin_port}/health/ready", timeout=2).status_code == 200
        except httpx.HTTPError:
            return False

    def stop(self) -> None:
        """Ends it as a supervisor would."""
        self.process.send_signal(signal.SIGTERM)
        try:
            self.process.wait(20)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()

    def cpu_s(self) -> float:
        """Processor seconds of the process and of its children so far."""
        return cpu_s(self.process.pid)


@dataclass
class Centre:
    """Databases, topics and processes of one run; `start` and `stop` single processes by package and name."""

    ground: Ground
    prefix: str
    urls: Mapping[str, str]
    folder: Path
    running: dict[str, Running] = field(default_factory=dict)

    def start(self, package: str, command: str, **settings: str) -> Running:
        """Starts `python -m <package> <command>` and waits until it is ready."""
        one = self._launch(package, command, settings)
        one.wait_ready()
        return one

    def start_road(self) -> None:
        """Starts everything between a provider's upload and a reader's answer, side by side."""
        for one in [self._launch(package, command, {}) for package, command in ROAD]:
            one.wait_ready()

    def stop(self, package: str, command: str) -> None:
        """Stops one process."""
        self.running.pop(f"{package}-{command}").stop()

    def stop_all(self) -> None:
        """Stops what still runs, the last started first."""
        for name in reversed(list(self.running)):
            self.running.pop(name).stop()

    def url(self, package: str) -> str:
        """The public address of a service."""
        return f"http://127.0.0.1:{self.running[f'{package}-web'].port}"

    def operator(self, *words: str) -> Any:
        """Runs a command of provider-sync's operator, and reads what it prints when that is JSON."""
        command = [sys.executable, "-m", "provider_sync", *words]
        done = subprocess.run(command, cwd=ROOT, env=self._environment("provider_sync", {}), capture_output=True)
        if done.returncode:
            raise RuntimeError(f"{' '.join(words)}: {(done.stderr or done.stdout).decode(errors='replace')[-2000:]}")
        return json.loads(done.stdout) if "--json" in words else None

    def cpu_s(self) -> dict[str, float]:
        """Processor seconds so far, of each process and of PostgreSQL on behalf of each."""
        return {name: one.cpu_s() for name, one in self.running.items()} | self._backends_cpu_s()

    def _backends_cpu_s(self) -> dict[str, float]:
        found: dict[str, float] = {}
        names = [urlsplit(url).path[1:] for url in self.urls.values()]
        query = "SELECT pid, usename, application_name FROM pg_stat_activity WHERE datname = ANY(%s)"
        with psycopg.connect(self.ground.postgres) as conn:
            for pid, user, name in conn.execute(query, (names,)).fetchall():
                with suppress(psutil.NoSuchProcess):
                    label = f"PostgreSQL for {user} {name.removeprefix(self.prefix)}"
                    found[label] = found.get(label, 0.0) + sum(psutil.Process(pid).cpu_times()[:2])
        return found

    def _launch(self, package: str, command: str, settings: Mapping[str, str]) -> Running:
        name, port, admin_port = f"{package}-{command}", free_port(), free_port()
        log = self.folder / f"{name}.log"
        environment = self._environment(package, settings) | {"HTTP_PORT": str(port), "ADMIN_PORT": str(admin_port)}
        with log.open("ab") as output:
            process = subprocess.Popen(
                [*WITH_US, sys.executable, "-m", package, command],
                cwd=ROOT, env=environment, stdin=subprocess.DEVNULL, stdout=output, stderr=output,
                start_new_session=True,
            )  # fmt: skip
        self.running[name] = Running(name, process, log, port, admin_port)
        return self.running[name]

    def _environment(self, package: str, settings: Mapping[str, str]) -> dict[str, str]:
        own = {
            "DATABASE_URL": self.urls[package],
            "KAFKA_BOOTSTRAP_SERVERS": self.ground.kafka,
            "TOPIC_PREFIX": self.prefix,
            "SPOOL_DIR": str(self.folder / "spool"),
            "OPERATOR_KEY_FILE": str(self.folder / "operator.key"),
            "LOG_LEVEL": "INFO",
            "PYTHONUNBUFFERED": "1",
        }
        return {**os.environ, **own, **settings}


@contextmanager
def centre(ground: Ground) -> Iterator[Centre]:
    """A centre with empty databases; its processes are started by the caller and stopped here."""
    with ExitStack() as made:
        urls = {package: made.enter_context(ground.database(package)) for package in ("provider_sync", "ledger")}
        prefix = made.enter_context(ground.topics())
        folder = ground.folder / prefix.rstrip(".")
        (folder / "spool").mkdir(parents=True)
        one = Centre(ground, prefix, urls, folder)
        made.callback(one.stop_all)
        yield one
