"""The whole product running, with a small city in it, on servers and ports of its own."""

import os
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from demo.journal import Journal
from demo.papers import Cabinet as Papers
from native.paths import ROOT
from native.site import Site
from tests.e2e.ports import free_shift
from tests.support import leaks

READY = "What to try next"
PATIENCE_S = 600.0


@dataclass(frozen=True)
class City:
    """Its folder, and the environment of commands that use it."""

    folder: Path
    environment: Mapping[str, str]

    @property
    def cabinet(self) -> str:
        """The address of the cabinet."""
        return self.environment["GATEWAY_URL"]

    def papers(self) -> Papers:
        """What the uploaded files say of each account."""
        return Papers(Journal(self.folder / "demo").sent())

    def command(self, *words: str, patience_s: float = 300) -> subprocess.CompletedProcess[str]:
        """Runs a command of ours against the set."""
        return subprocess.run(
            [sys.executable, "-m", *words], cwd=ROOT, env=self.environment, capture_output=True, text=True,
            timeout=patience_s,
        )  # fmt: skip

    def logs(self) -> str:
        """The ends of all logs, for a failure's message."""
        logs = sorted(self.folder.rglob("*.log"))
        return "\n".join(f"== {log.name}\n{log.read_text(errors='replace')[-2000:]}" for log in logs)


@contextmanager
def running(folder: Path, accounts: int = 60) -> Iterator[City]:
    """Starts everything as `make run` does, waits until the city is loaded, stops it and searches its logs."""
    shift = free_shift()
    settings = os.environ | {
        "RUN_DIR": str(folder), "PORT_BASE": str(shift), "ACCOUNTS": str(accounts), "SEED": "2026", "COLUMNS": "160",
    }  # fmt: skip
    printed = folder.with_suffix(".txt")
    native = [sys.executable, "-m", "native"]
    with printed.open("wb") as out:
        runner = subprocess.Popen([*native, "run", "--quiet"], cwd=ROOT, env=settings, stdout=out, stderr=out)
    try:
        city = City(folder, dict(Site(folder, shift).environment()) | settings)
        _wait_loaded(runner, printed, city)
        yield city
    finally:
        runner.terminate()
        runner.wait(120)
        _, found = leaks.searched([folder])
        for words in (["stop"], ["forget"]):
            subprocess.run([*native, *words], cwd=ROOT, env=settings, capture_output=True, timeout=120)
        assert not found, "\n".join(found)


def _wait_loaded(runner: "subprocess.Popen[bytes]", printed: Path, city: City) -> None:
    until = time.monotonic() + PATIENCE_S
    while READY not in (said := printed.read_text(errors="replace")):
        if runner.poll() is not None or time.monotonic() > until:
            raise AssertionError(f"the set did not come up\n{said}\n{city.logs()}")
        time.sleep(0.5)
