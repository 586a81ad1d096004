"""One transaction of a file after the other, in threads and in forked processes."""

import subprocess
import sys
from threading import Thread

from provider_sync.gateways.turn import Turn

FORKED = """
import os, sys, time
from provider_sync.gateways.turn import Turn
turn = Turn()
told, tells = os.pipe()
if os.fork() == 0:
    with turn:
        os.write(tells, b"mine")
        if sys.argv[1] == "dies":
            os._exit(9)
        time.sleep(0.3)
        os.write(tells, b" and given back")
    os._exit(0)
assert os.read(told, 4) == b"mine"
with turn:
    print(os.read(told, 99).decode() if sys.argv[1] == "ends" else "mine now", flush=True)
"""


def said(how: str) -> str:
    """What a parent says once it has had its turn after its child."""
    return subprocess.run(
        [sys.executable, "-c", FORKED, how], capture_output=True, text=True, timeout=30
    ).stdout.strip()


def test_a_forked_process_waits_for_the_other() -> None:
    """The parent has it only once the child gave it back."""
    assert said("ends") == "and given back"


def test_a_process_that_dies_gives_it_back() -> None:
    """Killed in its turn."""
    assert said("dies") == "mine now"


def test_threads_take_turns() -> None:
    """A lock of a process alone would let them all in."""
    turn, inside, most = Turn(), [0], [0]

    def go() -> None:
        for _ in range(200):
            with turn:
                inside[0] += 1
                most[0] = max(most[0], inside[0])
                inside[0] -= 1

    threads = [Thread(target=go) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    turn._file.close()
    assert most == [1]
