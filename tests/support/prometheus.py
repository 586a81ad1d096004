"""A real Prometheus that asks processes on this machine, with our alert rules made faster."""

import re
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

import httpx
import yaml

from native.paths import ROOT
from native.waiting import until

RULES = ROOT / "deploy" / "observability" / "alerts.yml"
# A minute of the rules is this long: nothing is counted more often than every fifteen seconds (common.backlog).
MINUTE_S = 15


@dataclass(frozen=True)
class Prometheus:
    """One that runs; `began` is when."""

    url: str
    began: float

    def firing(self) -> set[str]:
        """The alerts that fire now."""
        found = self._asked("query", query='ALERTS{alertstate="firing"}')
        return {series["metric"]["alertname"] for series in found}

    def fired(self) -> dict[str, list[int]]:
        """How often each alert began to fire since the start, for each process that it fired for."""
        window = {"start": self.began, "end": time.time(), "step": 1}
        counted: dict[str, list[int]] = {}
        for series in self._asked("query_range", query='ALERTS{alertstate="firing"}', **window):
            moments = [moment for moment, _ in series["values"]]
            rises = 1 + sum(later - earlier > 1.5 for earlier, later in pairwise(moments))
            counted.setdefault(series["metric"]["alertname"], []).append(rises)
        return counted

    def _asked(self, what: str, **query: str | float) -> Any:
        answer = httpx.get(f"{self.url}/api/v1/{what}", params=query, timeout=20).raise_for_status()
        return answer.json()["data"]["result"]


def hurried(rules: Mapping[str, Any]) -> dict[str, Any]:
    """The same rules with shorter minutes: in `for`, in ranges, and in thresholds of seconds."""
    return {
        "groups": [{**group, "rules": [_hurried(rule) for rule in group["rules"]]} for group in rules["groups"]],
    }


def _hurried(rule: Mapping[str, Any]) -> dict[str, Any]:
    expr = re.sub(r"\[(\d+)m\]", lambda m: f"[{int(m[1]) * MINUTE_S}s]", rule["expr"])
    expr = re.sub(r"(_seconds > )(\d+)", lambda m: f"{m[1]}{int(m[2]) * MINUTE_S // 60}", expr)
    waits = {"for": f"{int(rule['for'].removesuffix('m')) * MINUTE_S}s"} if "for" in rule else {}
    return {**rule, "expr": expr, **waits}


@contextmanager
def asking(folder: Path, ports: Mapping[str, int]) -> Iterator[Prometheus]:
    """Prometheus while the block runs; `ports` are the admin ports of processes by name."""
    folder.mkdir()
    rules = hurried(yaml.safe_load(RULES.read_text(encoding="utf-8")))
    (folder / "alerts.yml").write_text(yaml.safe_dump(rules))
    targets = [{"targets": [f"127.0.0.1:{port}"], "labels": {"process": name}} for name, port in ports.items()]
    config = {
        "global": {"scrape_interval": "1s", "scrape_timeout": "1s", "evaluation_interval": "1s"},
        "rule_files": ["alerts.yml"],
        "scrape_configs": [{"job_name": "settlement", "static_configs": targets}],
    }
    (folder / "prometheus.yml").write_text(yaml.safe_dump(config))
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    program, url = shutil.which("prometheus"), f"http://127.0.0.1:{port}"
    assert program
    words = [f"--storage.tsdb.path={folder}/data", f"--web.listen-address=127.0.0.1:{port}"]
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(
            [program, f"--config.file={folder}/prometheus.yml", *words], stdout=log, stderr=log, cwd=folder
        )
    try:
        until(lambda: _ready(url), 30, "Prometheus")
        yield Prometheus(url, time.time())
    finally:
        process.terminate()
        process.wait(20)


def _ready(url: str) -> bool:
    try:
        return httpx.get(f"{url}/-/ready", timeout=2).status_code == 200
    except httpx.HTTPError:
        return False
