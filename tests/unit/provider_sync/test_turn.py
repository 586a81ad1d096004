"""One transaction of a file after the other, in one process and between processes."""

import subprocess
import sys
from pathlib import Path

from provider_sync.gateways.turn import Turn
from tests.support.waiting import until

HOLDER = """
import sys, time
from pathlib import Path
from provider_sync.gateways.turn import Turn
with Turn(Path(sys.argv[1])):
    print("mine", flush=True)
    time.sleep(600)
"""


def test_another_process_has_it_until_it_dies(tmp_path: Path) -> None:
    """Killed, it gives it back."""
    with subprocess.Popen([sys.executable, "-c", HOLDER, str(tmp_path / "turn")], stdout=subprocess.PIPE) as other:
        assert other.stdout is not None
        assert other.stdout.readline() == b"mine\n"
        waiting = subprocess.Popen(["flock", "-n", str(tmp_path / "turn"), "true"])
        assert waiting.wait(10) == 1
        other.kill()
        with Turn(tmp_path / "turn"):
            until(lambda: other.poll() is not None, "the other is gone")


def test_without_a_place_for_its_file_threads_take_turns(tmp_path: Path) -> None:
    """It only saves work: nothing fails for want of it."""
    turn = Turn(tmp_path / "nowhere" / "turn")
    for _ in range(2):
        with turn:
            assert turn._threads.locked()
    assert not turn._threads.locked()
