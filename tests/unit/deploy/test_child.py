"""A background process known by its pid file."""

import os
import signal
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from native.child import Child, born
from native.waiting import TooLate, holds_within, until

LASTING = "import signal, sys; print('up', flush=True); signal.pause()"
DEAF = "import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('up', flush=True); signal.pause()"


@pytest.fixture
def child(tmp_path: Path) -> Iterator[Child]:
    """A child that is certainly gone afterwards."""
    found = Child("one", tmp_path)
    yield found
    found.stop(patience_s=0.1)


def start(child: Child, program: str) -> int:
    """Start a Python program and wait for its first word."""
    child.start([sys.executable, "-c", program], os.environ, child.folder)
    until(lambda: child.log_file.read_text() != "", 10, "the first word")
    return child.pid() or 0


def test_another_run_knows_the_process_by_its_file(child: Child) -> None:
    """The pid is on disk, not in the memory of who started it."""
    pid = start(child, LASTING)
    assert Child("one", child.folder).pid() == pid


def test_a_stopped_process_is_gone_and_forgotten(child: Child) -> None:
    """Nothing is left that a later run could mistake."""
    pid = start(child, LASTING)
    child.stop()
    assert born(pid) == ""
    assert not child.pid_file.exists()


def test_who_does_not_listen_is_killed(child: Child) -> None:
    """After a while a stop is not a request any more."""
    pid = start(child, DEAF)
    child.stop(patience_s=0.3)
    assert born(pid) == ""


def test_a_pid_that_somebody_else_got_is_not_ours(child: Child) -> None:
    """After a crash of the machine the number may belong to any program: ours is never sent a signal by mistake."""
    child.pid_file.write_text(f"{os.getpid()} 12345\n")
    assert child.pid() is None
    child.stop()


def test_a_killed_process_is_not_taken_for_a_living_one(child: Child) -> None:
    """Even before its exit status was taken."""
    pid = start(child, LASTING)
    os.kill(pid, signal.SIGKILL)
    until(lambda: child.pid() is None, 10, "the end")


def test_the_end_of_the_log_says_why_a_start_failed(child: Child) -> None:
    """The person who waits for a server reads its own words."""
    child.start([sys.executable, "-c", "raise SystemExit('no room left')"], os.environ, child.folder)
    assert holds_within(10, lambda: child.pid() is None)
    with pytest.raises(TooLate, match="no room left"):
        child.must_live()
