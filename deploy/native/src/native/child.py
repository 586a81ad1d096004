"""A background process known by a pid file, so that a later run finds what an earlier one left behind."""

import os
import signal
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from native.waiting import TooLate, holds_within

# Processes that this very process started: it must take their exit status, or they stay zombies.
_OWN: dict[int, "subprocess.Popen[bytes]"] = {}


@dataclass(frozen=True)
class Child:
    """One server: its name, and the folder with its pid file and log."""

    name: str
    folder: Path
    stop_signal: signal.Signals = signal.SIGTERM

    @property
    def pid_file(self) -> Path:
        """Where pid and start time are written down."""
        return self.folder / f"{self.name}.pid"

    @property
    def log_file(self) -> Path:
        """Where its output goes."""
        return self.folder / f"{self.name}.log"

    def start(self, command: Sequence[str], env: Mapping[str, str], cwd: Path, user: str | None = None) -> None:
        """Start the command in a session of its own, as another system user when one is named."""
        with self.log_file.open("ab") as log:
            process = subprocess.Popen(
                command, cwd=cwd, env=dict(env), stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                start_new_session=True, user=user, group=user, extra_groups=[] if user else None,
            )  # fmt: skip
        _OWN[process.pid] = process
        self.adopt(process.pid)

    def adopt(self, pid: int) -> None:
        """Write down the pid of a process that was started elsewhere."""
        self.pid_file.parent.mkdir(parents=True, exist_ok=True)
        self.pid_file.write_text(f"{pid} {born(pid)}\n")

    def forget(self) -> None:
        """Write down that there is no process."""
        self.pid_file.unlink(missing_ok=True)

    def pid(self) -> int | None:
        """The pid of the running process, or None; a pid that another program got since is not ours."""
        if not self.pid_file.exists():
            return None
        pid, _, stamp = self.pid_file.read_text().strip().partition(" ")
        return int(pid) if stamp and born(int(pid)) == stamp else None

    def stop(self, patience_s: float = 30) -> None:
        """Ask the process to end, insist after a while, and forget its pid."""
        pid = self.pid()
        if pid is not None:
            _send(pid, self.stop_signal)
            if not holds_within(patience_s, lambda: self._gone(pid)):
                _send(pid, signal.SIGKILL)
                holds_within(patience_s, lambda: self._gone(pid))
        self.forget()

    def _gone(self, pid: int) -> bool:
        _reap(pid)
        return self.pid() != pid

    def must_live(self) -> None:
        """Raise with the end of its log when the process has died."""
        pid = self.pid()
        if pid is not None:
            _reap(pid)
        if self.pid() is None:
            tail = "\n".join(self.log_file.read_text(errors="replace").splitlines()[-20:])
            raise TooLate(f"{self.name} ended instead of starting; the end of {self.log_file}:\n{tail}")


def born(pid: int) -> str:
    """When the process started, in clock ticks since boot; empty when there is none, or a dead one."""
    try:
        after_name = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except (FileNotFoundError, ProcessLookupError):
        return ""
    return "" if after_name[0] in "ZX" else after_name[19]


def _send(pid: int, number: signal.Signals) -> None:
    try:
        os.kill(pid, number)
    except ProcessLookupError:
        return


def _reap(pid: int) -> None:
    """Take the exit status when the process is a child of ours."""
    if pid in _OWN:
        _OWN[pid].poll()
