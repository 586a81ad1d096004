"""One table of figures, as Markdown for people and JSON for programs, with what it was measured on."""

import json
import os
import platform
import statistics
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

import psutil

from common.clock import now, to_wire
from native.paths import ROOT, RUN
from tests.benchmarks.ground import Ground

FOLDER = RUN / "figures"


@dataclass(frozen=True)
class Figure:
    """A row of the table: every run's value, and what it was to reach (None: for information)."""

    name: str
    unit: str
    values: tuple[float, ...]
    goal: float | None = None
    less_is_better: bool = False

    @property
    def median(self) -> float:
        """The middle of the runs."""
        return statistics.median(self.values)

    @property
    def reached(self) -> bool | None:
        """Whether the median reaches the goal."""
        if self.goal is None:
            return None
        return self.median <= self.goal if self.less_is_better else self.median >= self.goal

    def line(self) -> str:
        """The row in Markdown."""
        sign = "≤" if self.less_is_better else "≥"
        goal = "" if self.goal is None else f"{sign} {_number(self.goal)}"
        mark = {None: "", True: "yes", False: "**no**"}[self.reached]
        spread = f"{_number(min(self.values))} – {_number(max(self.values))}" if len(self.values) > 1 else ""
        return f"| {self.name} | {_number(self.median)} | {spread} | {self.unit} | {goal} | {mark} |"

    def plain(self) -> dict[str, Any]:
        """The row for JSON."""
        return {
            "name": self.name, "unit": self.unit, "median": self.median, "values": list(self.values),
            "goal": self.goal, "reached": self.reached,
        }  # fmt: skip


def write(name: str, figures: Sequence[Figure], ground: Ground, asked: dict[str, Any]) -> str:
    """Writes `.run/figures/<name>.md` and `.json`; returns the Markdown."""
    about = {
        "measured": to_wire(now()), "commit": _commit(), "asked": asked, "servers": ground.source,
        **_machine(), "versions": _versions(ground),
    }  # fmt: skip
    FOLDER.mkdir(parents=True, exist_ok=True)
    text = _markdown(name, figures, about)
    Path(FOLDER / f"{name}.md").write_text(text, encoding="utf-8")
    content = {"about": about, "figures": [figure.plain() for figure in figures]}
    Path(FOLDER / f"{name}.json").write_text(json.dumps(content, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    return text


def _markdown(name: str, figures: Sequence[Figure], about: dict[str, Any]) -> str:
    asked = " ".join(f"{key}={value}" for key, value in about["asked"].items())
    postgres = ", ".join(f"{key} {value}" for key, value in about["versions"]["postgresql"].items())
    kinds = ", ".join(f"{key} {value}" for key, value in about["versions"].items() if key != "postgresql")
    return "\n".join([
        f"# Figures: {name}",
        "",
        f"{about['measured']}, commit {about['commit']}, {asked}",
        "",
        f"Machine: {about['cores']} cores of {about['cpu']}, {about['memory_gib']} GiB, {about['system']}.",
        f"Servers: {about['servers']}; PostgreSQL {postgres}; {kinds}.",
        "",
        "| figure | median | spread | unit | to reach | reached |",
        "|---|---|---|---|---|---|",
        *[figure.line() for figure in figures],
        "",
    ])  # fmt: skip


def _machine() -> dict[str, Any]:
    info = Path("/proc/cpuinfo").read_text(encoding="utf-8")
    models = [line.partition(":")[2].strip() for line in info.splitlines() if line.startswith("model name")]
    return {
        "cores": os.cpu_count(),
        "cpu": models[0] if models else platform.processor(),
        "memory_gib": round(psutil.virtual_memory().total / 2**30),
        "system": f"{platform.system()} {platform.release().split('-')[0]}",
    }


def _versions(ground: Ground) -> dict[str, Any]:
    packages = ("kafka-python", "psycopg", "msgspec", "eventsourcing")
    found: dict[str, Any] = {"Python": platform.python_version(), **{name: version(name) for name in packages}}
    return found | {"postgresql": ground.settings()}


def _commit() -> str:
    command = ["git", "-C", str(ROOT), "describe", "--always", "--dirty"]
    done = subprocess.run(command, capture_output=True, text=True)
    return done.stdout.strip() or "unknown"


def _number(value: float) -> str:
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}"
