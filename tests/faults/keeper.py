"""Child processes that are started again when they die, as a container runtime does it."""

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from native.child import born
from native.paths import ROOT
from native.waiting import until

PAUSE_S = 0.3
PATIENCE_S = 12.0


@dataclass
class Kept:
    """One process: its command and environment; `ended` lists exit codes that nobody asked for."""

    name: str
    command: Sequence[str]
    environment: Mapping[str, str]
    log: Path
    ended: list[int] = field(default_factory=list)
    _child: "subprocess.Popen[bytes] | None" = field(default=None, repr=False)
    _stopping: threading.Event = field(default_factory=threading.Event, repr=False)
    _watcher: threading.Thread | None = field(default=None, repr=False)

    def start(self) -> None:
        """Start it and keep it running until `stop`."""
        self._spawn()
        self._watcher = threading.Thread(target=self._keep, name=f"keep-{self.name}", daemon=True)
        self._watcher.start()

    def pids(self) -> list[int]:
        """The process and its children, the process first; empty while it is down."""
        child = self._child
        if child is None or not born(child.pid):
            return []
        return [child.pid, *_children(child.pid)]

    def stop(self) -> None:
        """End it for good: politely, then by force, with everything it started."""
        self._stopping.set()
        child, watcher = self._child, self._watcher
        if child is None or watcher is None:
            return
        _signal_group(child.pid, signal.SIGTERM)
        watcher.join(PATIENCE_S)
        _signal_group(child.pid, signal.SIGKILL)
        watcher.join(PATIENCE_S)

    def _spawn(self) -> None:
        command = [sys.executable if word == "python" else word for word in self.command]
        with self.log.open("ab") as log:
            self._child = subprocess.Popen(
                command, cwd=ROOT, env={**os.environ, "PYTHONUNBUFFERED": "1", **self.environment},
                stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True,
            )  # fmt: skip

    def _keep(self) -> None:
        while self._child is not None:
            code = self._child.wait()
            if self._stopping.is_set():
                return
            if code != -signal.SIGKILL:
                self.ended.append(code)
            self._stopping.wait(PAUSE_S)
            if self._stopping.is_set():
                return
            self._spawn()


@dataclass
class Keeper:
    """All kept processes of a run."""

    kept: dict[str, Kept] = field(default_factory=dict)

    def start(self, one: Kept) -> None:
        """Take a process in and start it."""
        self.kept[one.name] = one
        one.start()

    def stop(self, *names: str) -> None:
        """End these processes, or all, side by side."""
        ending = [self.kept.pop(name) for name in names or list(self.kept)]
        threads = [threading.Thread(target=one.stop) for one in ending]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    def exits(self) -> dict[str, list[int]]:
        """The processes that ended by themselves, with their codes."""
        return {one.name: one.ended for one in self.kept.values() if one.ended}


def kill(pid: int) -> None:
    """kill -9, and see it dead: who is killed twice dies once."""
    with suppress(ProcessLookupError):
        os.kill(pid, signal.SIGKILL)
    until(lambda: not born(pid), 30, f"the end of {pid}")


def _signal_group(pid: int, number: signal.Signals) -> None:
    try:
        os.killpg(pid, number)
    except ProcessLookupError:
        return


def _children(pid: int) -> list[int]:
    try:
        text = Path(f"/proc/{pid}/task/{pid}/children").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return []
    return [int(word) for word in text.split()]


def poll_until(deadline_s: float, step_s: float = 0.05) -> "Poll":
    """Iterates until the deadline; `for _ in poll_until(30): if ok: break` … `else: too late`."""
    return Poll(time.monotonic() + deadline_s, step_s)


@dataclass
class Poll:
    """An iterator that ends at a deadline."""

    deadline: float
    step_s: float
    begun: bool = False

    def __iter__(self) -> "Poll":
        return self

    def __next__(self) -> float:
        if time.monotonic() > self.deadline:
            raise StopIteration
        if self.begun:
            time.sleep(self.step_s)
        self.begun = True
        return self.deadline - time.monotonic()
