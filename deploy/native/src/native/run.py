"""`make run`: the whole centre in the foreground, until somebody or something stops it."""

import importlib.util
import os
import signal
import subprocess
import sys
import threading
from types import FrameType

from native.bringup import bring_up
from native.paths import ROOT
from native.site import Site
from native.supervisor import Supervisor

LOAD = ["python", "-m", "demo", "load", "--once"]
SUMMARY = ["python", "-m", "demo", "summary"]


def run(site: Site, then: list[str] | None = None, *, load: bool = True, quiet: bool = False) -> int:
    """Start all, load the city, and stay; or run a command, stop, and return its status."""
    with site.held():
        say("starting the servers, migrating, creating topics")
        bring_up(site.plan, site.servers)
        use = _Use(site, then, load=load)
        supervisor = Supervisor(site.folder, use, quiet=quiet)
        for process in site.plan.lasting():
            supervisor.add(process)
        supervisor.loop()
        supervisor.logs.close()
        return use.status


def run_servers(site: Site) -> None:
    """The three servers alone, until a signal."""
    with site.held():
        bring_up(site.plan, site.servers, steps=False)
        postgres, kafka, redis = site.servers.postgres, site.servers.kafka, site.servers.redis
        say(f"servers are up: {postgres.url}, Kafka {kafka.address}, {redis.url}; Ctrl-C stops them")
        stopping = threading.Event()
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, lambda *_: stopping.set())
        stopping.wait()


def unwind_on_signals() -> None:
    """Let signals unwind the stack, so that what was started so far is stopped as well.

    Ctrl-C is named too: a shell starts background commands deaf to it.
    """

    def unwind(_number: int, _frame: FrameType | None) -> None:
        raise KeyboardInterrupt

    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, unwind)


def command(site: Site, words: list[str]) -> int:
    """Run a command with the set's addresses in its environment."""
    program = [sys.executable if word == "python" else word for word in words]
    return subprocess.run(program, check=False, cwd=ROOT, env=site.environment()).returncode


def say(text: str) -> None:
    """One line for the person who started this."""
    print(f"• {text}", flush=True)


class _Use:
    """What happens once the processes are started; its status is 0 when a signal ended the run while all was well."""

    def __init__(self, site: Site, then: list[str] | None, *, load: bool) -> None:
        self.site, self.then, self.load = site, then, load
        self.status = 0

    def __call__(self) -> None:
        """Use the set; end the run unless it is to stay."""
        try:
            status = self._steps()
        except Exception as error:  # noqa: BLE001  # whatever it was, the run ends and says so
            say(f"{type(error).__name__}: {error}")
            status = 1
        if status is not None:
            self.status = status
            # The manager's loop, in the main thread, hears a signal.
            os.kill(os.getpid(), signal.SIGTERM)

    def _steps(self) -> int | None:
        self.site.wait_ready()
        say("every process is ready")
        if self.load and importlib.util.find_spec("demo.__main__"):
            status = command(self.site, LOAD)
            if status:
                return status
            if self.then is None:
                command(self.site, SUMMARY)
        return None if self.then is None else command(self.site, self.then)
