"""Children that work beside their parent end with it, however it ends, and take it with them when they end alone."""

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest

from tests.support.waiting import until

PROGRAM = """
import os, sys, threading
from common.process import stop_event
from common.workers import Workers

def work(stop):
    open(f"{sys.argv[1]}/{os.getpid()}", "w").close()
    stop.wait()

stop = stop_event()
with Workers(2, work, stop):
    work(stop)
"""
Family = tuple[subprocess.Popen[bytes], list[psutil.Process]]


@pytest.fixture
def family(tmp_path: Path) -> Iterator[Family]:
    """A parent and its two children, all at work."""
    with subprocess.Popen([sys.executable, "-c", PROGRAM, str(tmp_path)]) as parent:
        until(lambda: len(list(tmp_path.iterdir())) == 3, "all are at work")
        children = [psutil.Process(int(path.name)) for path in tmp_path.iterdir() if path.name != str(parent.pid)]
        yield parent, children
        for one in [*children, psutil.Process(parent.pid)] if parent.poll() is None else children:
            if one.is_running():
                one.kill()


def gone(children: list[psutil.Process]) -> Callable[[], bool]:
    """Whether none of them is left."""
    return lambda: not any(one.is_running() for one in children)


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGKILL])
def test_children_end_with_their_parent(family: Family, how: signal.Signals) -> None:
    """Told to stop or killed; no child is left to work on beside the next parent's."""
    parent, children = family
    parent.send_signal(how)
    assert parent.wait(10) == (0 if how == signal.SIGTERM else -signal.SIGKILL)
    until(gone(children), "the children are gone")


def test_a_child_that_ends_alone_ends_them_all(family: Family) -> None:
    """Whoever supervises them sees a failure and begins anew with all."""
    parent, children = family
    os.kill(children[0].pid, signal.SIGKILL)
    assert parent.wait(10) == 1
    until(gone(children), "the other child is gone")
