"""What stands beside F1: the bare pipeline, and the `eventsourcing` library from its append to its projection."""

import re
import resource
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from tests.benchmarks import bare_pipeline
from tests.benchmarks.doors import Unexpected
from tests.benchmarks.ground import Ground

_PRINTED = re.compile(r"^(intake|relay|projection|end to end) facts/s (\d+)$", re.MULTILINE)


@dataclass(frozen=True)
class Bare:
    """Facts a second of each stage and end to end, as the bare pipeline prints them, and the CPU it took."""

    intake: float
    relay: float
    projection: float
    end_to_end: float
    cpu_per_fact_us: float


def bare(ground: Ground, facts: int) -> Bare:
    """Runs the bare pipeline as it stands, in a process and a database of its own."""
    whole = -(-facts // bare_pipeline.BATCH) * bare_pipeline.BATCH
    with ground.empty_database() as url:
        ground.settle()
        before = ground.servers_cpu_s() + _children_cpu_s()
        command = [sys.executable, str(Path(bare_pipeline.__file__)), "--dsn", url, "--kafka", ground.kafka]
        process = subprocess.Popen([*command, "--facts", str(whole)], stdout=subprocess.PIPE, text=True)
        output, _ = process.communicate(timeout=3600)
        spent = ground.servers_cpu_s() + _children_cpu_s() - before
        ground.delete_topics([f"bare-{process.pid}"])
    found = {name: float(value) for name, value in _PRINTED.findall(output)}
    if process.returncode or len(found) != 4:
        raise Unexpected(f"the bare pipeline ended with {process.returncode}: {output}")
    return Bare(found["intake"], found["relay"], found["projection"], found["end to end"], spent / whole * 1e6)


def _children_cpu_s() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def library(ground: Ground, facts: int, per_save: int, *way: str) -> float:
    """Facts a second of the `eventsourcing` library, from the first append to the last one projected.

    With the way `append` the append alone.
    """
    with ground.empty_database() as url:
        ground.settle()
        command = [sys.executable, "-m", "tests.benchmarks.library", url, str(facts), str(per_save), *way]
        done = subprocess.run(command, capture_output=True, text=True, timeout=3600)
    if done.returncode:
        raise Unexpected(f"the library's run ended with {done.returncode}: {done.stderr[-2000:]}")
    return float(done.stdout.split()[-1])
