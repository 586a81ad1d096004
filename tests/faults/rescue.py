"""What an operator does when PostgreSQL or Kafka is lost, as docs/operations.md has them type it."""

import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from time import monotonic

from native.backup import Backup
from native.bringup import run_once
from native.paths import forget_home
from native.postgres import Postgres
from tests.faults.centre import Centre, number, rows
from tests.faults.keeper import Kept, kill, poll_until

# Whose environment a command of each service runs with.
SERVICES = {
    "provider_sync": "provider-sync-load",
    "identity": "identity-web",
    "ledger": "ledger-project",
    "receipts": "receipts-web",
}
STORES = ("provider_sync", "identity")
WHY = "the restore drill"


class Refused(Exception):
    """A command ended with another status than 0; `status` and what it said."""

    def __init__(self, status: int, said: str) -> None:
        super().__init__(f"{status}: {said}")
        self.status = status


@dataclass
class Rescue:
    """A centre, its backup, and how long each step took."""

    centre: Centre
    backup: Backup = field(init=False)
    took: dict[str, float] = field(default_factory=dict)
    tell: Callable[[str], None] = lambda _: None

    def __post_init__(self) -> None:
        self.backup = Backup(self.centre.servers.postgres, self.centre.folder / "backup")

    @property
    def services(self) -> list[str]:
        """The services that take part."""
        running = {process.name for process in self.centre.plan.processes}
        return [service for service, process in SERVICES.items() if process in running]

    @contextmanager
    def step(self, what: str) -> Iterator[None]:
        """Measures a step."""
        self.tell(what)
        begun = monotonic()
        yield
        self.took[what] = monotonic() - begun

    def command(self, service: str, *words: str, out: Path | None = None) -> str:
        """What `python -m <service> …` prints; raises Refused."""
        self.tell(f"  python -m {service} {' '.join(words)}")
        environment = {**self.centre.environment(SERVICES[service]), "OPERATOR": "drill"}
        ended = subprocess.run(
            [sys.executable, "-m", service, *words], env=environment, capture_output=True, timeout=600
        )
        if ended.returncode:
            raise Refused(ended.returncode, ended.stderr.decode() + ended.stdout.decode())
        if out is not None:
            out.write_bytes(ended.stdout)
        return ended.stdout.decode()

    def status_of(self, service: str, *words: str) -> int:
        """With which status a command ends."""
        try:
            self.command(service, *words)
        except Refused as refused:
            return refused.status
        return 0

    def lose(self, *, kafka: bool) -> list[Kept]:
        """kill -9 of the servers and everything else; the files of PostgreSQL, and of Kafka, are gone."""
        for server in ("postgres", "kafka") if kafka else ("postgres",):
            pid = getattr(self.centre.servers, server).child.pid()
            assert pid
            kill(pid)
        kept = list(self.centre.keeper.kept.values())
        self.centre.keeper.stop()
        self.backup.stop()
        forget_home(self.centre.folder / "postgres")
        if kafka:
            forget_home(self.centre.folder / "kafka")
        return kept

    def restore_postgres(self, until_time: str = "") -> None:
        """The server of the last copy and the log."""
        self.backup.restore(until_time)
        self.centre.servers.postgres.start()
        recovered(self.centre.servers.postgres)

    def empty_kafka(self) -> None:
        """A new broker with the topics of the file."""
        self.centre.servers.kafka.start()
        self.centre.servers.kafka.wait()
        run_once(self.centre.plan.named("topics"))

    def start(self, kept: list[Kept], *ends: str) -> None:
        """The processes again, or those whose names end so."""
        for one in kept:
            if one.name not in self.centre.keeper.kept and (not ends or one.name.endswith(ends)):
                self.centre.keep(one.name, tuple(one.command), one.environment)

    def adopt(self) -> None:
        """Every reader begins at the beginning of the new topics."""
        for service in self.services:
            self.command(service, "restore", "adopt", "--reason", WHY)

    def republish(self) -> None:
        """Everything that was said, by the services that said it, until the outboxes are empty."""
        for service in [service for service in self.services if service != "receipts"]:
            operator = ("--operator", "drill") if service == "identity" else ()
            self.command(service, "restore", "republish", *operator, "--reason", WHY)
            database = self.centre.database(SERVICES[service])
            self.settled(lambda url=database: number(url, "SELECT count(*) FROM outbox"), "an outbox")  # type: ignore[misc]

    def bring_back(self) -> None:
        """What the stores lost and the topics have."""
        for service in [service for service in STORES if service in self.services]:
            operator = ("--operator", "drill") if service == "identity" else ()
            self.command(service, "restore", "bring-back", *operator, "--reason", WHY)

    def heads(self) -> list[str]:
        """`--heads` of every reader."""
        words = []
        for service in [service for service in self.services if service != "provider_sync"]:
            file = self.centre.folder / f"heads-{service}.csv"
            self.command(service, "restore", "heads", out=file)
            words += ["--heads", str(file)]
        return words

    def open(self) -> None:
        """Held against their readers, the stores are appended to again. Raises Refused."""
        heads = self.heads()
        for service in [service for service in STORES if service in self.services]:
            self.command(service, "restore", "open", *_of(service, heads), "--reason", WHY)

    def settled(self, waiting: Callable[[], int], what: str) -> None:
        """Returns when nothing waits."""
        for _ in poll_until(150, 0.2):
            if waiting() == 0:
                return
        raise AssertionError(f"{what} did not run empty")


def recovered(server: Postgres) -> None:
    """Returns when the server has read the log to its end, or to the moment that was named."""
    server.wait()
    for _ in poll_until(120, 0.1):
        if rows(server.url, "SELECT pg_is_in_recovery()") == [(False,)]:
            return
    raise AssertionError("the recovery does not end")


def _of(service: str, heads: list[str]) -> list[str]:
    """Those readers that hear the service: identity hears accounts only, receipts users only."""
    deaf = {"provider_sync": "heads-receipts", "identity": "heads-identity"}[service]
    files = [word for word in heads if word != "--heads" and deaf not in word]
    return [part for file in files for part in ("--heads", file)]
