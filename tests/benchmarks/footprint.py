"""What each process of a running set takes: `python -m native with -- python -m tests.benchmarks.footprint`.

Requests and limits in deploy/kubernetes come from it. Memory at rest is the process's share of pages (PSS), its highest
the sum of what each of its processes ever held (VmHWM, shared pages counted in each).
"""

import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import psutil
import typer

from native.child import Child
from native.paths import ROOT, RUN
from tests.benchmarks.ground import cpu_s

REST_S = 30.0


@dataclass(frozen=True)
class Taken:
    """MiB at rest and at the highest; processor seconds since the start, and millicores at rest."""

    name: str
    rest: float
    highest: float
    cpu: float
    idle: float

    def line(self) -> str:
        """A row of the table."""
        return f"| {self.name} | {self.rest:.0f} | {self.highest:.0f} | {self.cpu:.1f} | {self.idle:.0f} |"


def tree(pid: int) -> list[psutil.Process]:
    """A process and what it started."""
    first = psutil.Process(pid)
    return [first, *first.children(recursive=True)]


def highest_kb(pid: int) -> int:
    """The most memory that a process ever held."""
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmHWM"))


def measured(pids: dict[str, int]) -> list[Taken]:
    """What each takes, after a while at rest."""
    before = {name: cpu_s(pid) for name, pid in pids.items()}
    time.sleep(REST_S)
    found = []
    for name, pid in sorted(pids.items()):
        cpu, processes = cpu_s(pid), tree(pid)
        rest = sum(one.memory_full_info().pss for one in processes) / 2**20
        highest = sum(highest_kb(one.pid) for one in processes) / 2**10
        found.append(Taken(name, rest, highest, cpu, (cpu - before[name]) / REST_S * 1000))
    return found


def main(
    folder: Annotated[Path, typer.Option(envvar="RUN_DIR", help="Of the running set.")] = RUN,
    walks: Annotated[int, typer.Option(help="How often the demonstration's road is walked first.")] = 2,
) -> None:
    """Walk, rest, print."""
    for _ in range(walks):
        subprocess.run([sys.executable, "-m", "demo", "walk"], cwd=ROOT, check=True, stdout=subprocess.DEVNULL)
    names = sorted((folder.absolute() / "pids").glob("*.pid"))
    pids = {file.stem: Child(file.stem, file.parent).pid() for file in names}
    found = measured({name: pid for name, pid in pids.items() if pid})
    typer.echo(
        "| process | MiB at rest | MiB at most | processor seconds | millicores at rest |\n|---|---|---|---|---|"
    )
    for one in found:
        typer.echo(one.line())
    typer.echo(f"all together {sum(one.rest for one in found):.0f} MiB at rest")


if __name__ == "__main__":
    typer.run(main)
