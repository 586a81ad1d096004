"""A process that works in batches gives back what large ones took."""

import subprocess
import sys

_SCRIPT = """
import sys, threading
from common import process

def resident_mib():
    lines = open("/proc/self/status").read().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmRSS")) / 1024

class Answer:
    def __init__(self):
        self.itself, self.records = self, [b"x" * 100_000 for _ in range(1_000)]

process.TIDY_S = float(sys.argv[1])
process.collect_rarely()
process.collect_rarely()
before = resident_mib()
answer = Answer()
behind = bytes(1_000)
assert resident_mib() > before + 90
del answer
passing, patience = threading.Event(), int(sys.argv[2])
while resident_mib() > before + 20 and patience:
    passing.wait(0.05)
    patience -= 1
print(threading.active_count(), resident_mib() < before + 20)
"""


def test_what_a_cycle_held_is_given_back_to_the_system() -> None:
    """An answer of a hundred MB that refers to itself; without the clock nobody would come by before it matters."""
    assert _after(tidy_s=0.1, looks=400) == "2 True"
    assert _after(tidy_s=3_600, looks=10) == "2 False"


def _after(tidy_s: float, looks: int) -> str:
    words = [sys.executable, "-c", _SCRIPT, str(tidy_s), str(looks)]
    return subprocess.run(words, check=True, capture_output=True, text=True, timeout=60).stdout.strip()
