"""All lasting processes under honcho's manager: prefixed logs, a restart for what dies, one clean end."""

import ctypes
import multiprocessing
import os
import shlex
import signal
import sys
import threading
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from types import FrameType
from typing import Any, TextIO

import honcho.manager
from honcho.manager import Manager
from honcho.printer import Message, Printer
from honcho.process import Process as HonchoProcess

from native.child import Child
from native.compose import Process
from native.paths import ROOT
from native.waiting import holds_within

LONGEST_PAUSE_S = 30.0
STEADY_S = 60.0
PR_SET_PDEATHSIG = 1
# Workers finish the document in hand before they go; honcho alone would kill them after five seconds.
honcho.manager.KILL_WAIT = 25


class Kept(HonchoProcess):  # type: ignore[misc]  # honcho ships no types
    """A process that is started again when it dies, after a pause that grows while it keeps dying."""

    def __init__(self, *args: Any, stopping: Any, child: Child, **more: Any) -> None:
        super().__init__(*args, **more)
        self.stopping, self.child = stopping, child

    def run(self, events: Any = None, ignore_signals: bool = False) -> None:
        """Live until told to stop, or until the manager itself is gone."""
        self._events, pause = events, 0.5
        if ignore_signals:
            for number in (signal.SIGINT, signal.SIGTERM):
                # Not SIG_IGN: an ignored signal stays ignored in the program that is started.
                signal.signal(number, lambda *_: None)
        self._die_with_manager()
        while True:
            born = time.monotonic()
            status = self._live()
            if self.stopping.is_set():
                break
            pause = 0.5 if time.monotonic() - born > STEADY_S else min(pause * 2, LONGEST_PAUSE_S)
            self._send_message(f"ended with {status}, starts again in {pause:.0f} s\n".encode())
            if self.stopping.wait(pause):
                break
        self._send_message({"returncode": status}, type="stop")

    def _live(self) -> int:
        self._child = self._child_ctor(self.cmd, env=self.env, cwd=self.cwd)
        self.child.adopt(self._child.pid)
        self._send_message({"pid": self._child.pid}, type="start")
        if self.stopping.is_set():
            self._child.terminate()
        for line in iter(self._child.stdout.readline, b""):
            self._send_message(line)
        self._child.stdout.close()
        status: int = self._child.wait()
        self.child.forget()
        return status

    def _die_with_manager(self) -> None:
        """Without a manager nobody reads the output; the kernel tells us when it is gone, however it went."""

        def orphaned(_number: int, _frame: FrameType | None) -> None:
            self.stopping.set()
            self._events.cancel_join_thread()
            if self._child is not None:
                self._child.terminate()

        signal.signal(signal.SIGHUP, orphaned)
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGHUP)


class Logs(Printer):  # type: ignore[misc]  # honcho ships no types
    """Prints every line with its process's name and writes it to the process's own file."""

    def __init__(self, folder: Path, output: TextIO, *, quiet: bool) -> None:
        super().__init__(output)
        folder.mkdir(parents=True, exist_ok=True)
        self.folder, self.quiet = folder, quiet
        self.files: dict[str, TextIO] = {}
        self._writing = False

    def write(self, message: Message) -> None:
        """Print and keep one message; a signal's own message that comes in the middle of another is left out."""
        if self._writing:
            return
        self._writing = True
        try:
            self._write(message)
        finally:
            self._writing = False

    def _write(self, message: Message) -> None:
        if not self.quiet:
            super().write(message)
        if message.name not in self.files:
            path = self.folder / f"{message.name}.log"
            self.files[message.name] = path.open("w", encoding="utf-8", buffering=1)
        data = message.data
        self.files[message.name].write(data.decode("utf-8", "replace") if isinstance(data, bytes) else data)

    def close(self) -> None:
        """Close the files."""
        for file in self.files.values():
            file.close()


class Supervisor(Manager):  # type: ignore[misc]  # honcho ships no types
    """The lasting processes of a plan."""

    def __init__(self, folder: Path, when_started: Callable[[], None], *, quiet: bool) -> None:
        self.logs = Logs(folder / "logs", sys.stdout, quiet=quiet)
        super().__init__(self.logs)
        self.folder, self.when_started = folder, when_started
        self.stopping = multiprocessing.Event()
        self._process_ctor = self._kept

    def add(self, process: Process) -> None:
        """Take a process in; it starts with the others in `loop`."""
        command = shlex.join([sys.executable if word == "python" else word for word in process.command])
        self.add_process(process.name, f"exec {command}", env=environment_of(process), cwd=str(ROOT))

    def terminate(self) -> None:
        """Tell the processes to end."""
        self.stopping.set()
        super().terminate()

    def _start(self) -> None:
        super()._start()
        # Only now: a thread that runs while others are forked may leave them a lock that nobody opens.
        threading.Thread(target=self.when_started, daemon=True).start()

    def _killall(self, force: bool = False) -> None:
        """Signal the processes, the last in the file first; the pid files know them before any message came."""
        for name in reversed(list(self._processes)):
            pid = Child(name, self.folder / "pids").pid()
            if pid is not None:
                self._procmgr.kill(pid) if force else self._procmgr.terminate(pid)

    def _kept(self, *args: Any, name: str, **more: Any) -> Kept:
        child = Child(name, self.folder / "pids")
        return Kept(*args, name=name, stopping=self.stopping, child=child, **more)


def environment_of(process: Process) -> Mapping[str, str]:
    """The machine's environment with the process's own settings over it."""
    return {**os.environ, "PYTHONUNBUFFERED": "1", **process.environment}


def stop_leftovers(folder: Path) -> list[str]:
    """End the processes that a killed run left behind; the names of those that were still there."""
    left = [Child(file.stem, folder) for file in sorted((folder / "pids").glob("*.pid"))]
    children = [Child(one.name, folder / "pids") for one in left]
    alive = [child for child in children if child.pid()]
    for child in alive:
        os.kill(child.pid() or 0, signal.SIGTERM)
    holds_within(25, lambda: not any(child.pid() for child in alive))
    for child in children:
        child.stop(patience_s=1)
    return [child.name for child in alive]
