"""The whole product, once, on servers and ports of its own: a small city is loaded and the road is walked."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from native.paths import ROOT
from tests.e2e.ports import free_shift

STEPS = 14


@pytest.fixture
def environment(tmp_path: Path) -> Iterator[dict[str, str]]:
    """A run folder, ports and a city of sixty; whatever is left running is stopped."""
    found = {
        **os.environ, "RUN_DIR": str(tmp_path / "run"), "PORT_BASE": str(free_shift()), "ACCOUNTS": "60",
        "SEED": "2026", "COLUMNS": "160",
    }  # fmt: skip
    try:
        yield found
    finally:
        _native(found, "stop", patience_s=90)
        _native(found, "forget", patience_s=30)


def _native(environment: dict[str, str], *words: str, patience_s: float) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "native", *words],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        timeout=patience_s,
    )


def _logs(environment: dict[str, str]) -> str:
    logs = sorted(Path(environment["RUN_DIR"]).rglob("*.log"))
    return "\n".join(f"== {log.name}\n{log.read_text(errors='replace')[-2000:]}" for log in logs)


@pytest.mark.timeout(450)
def test_a_providers_file_becomes_a_receipt_in_a_residents_hands(environment: dict[str, str]) -> None:
    """Twice on the same city: the first walk closes October, the second finds it closed; then the summary."""
    demo = f"{sys.executable} -m demo"
    words = ("with", "--", "sh", "-c", f"{demo} walk && {demo} walk && {demo} summary")
    done = _native(environment, *words, patience_s=420)
    assert done.returncode == 0, f"{done.stdout}\n{done.stderr}\n{_logs(environment)}"
    assert done.stdout.count("every row, every total and every printed number equals") == 2
    assert done.stdout.count(f"\n{STEPS}. ") == 2
    assert "2026-10 is closed" in done.stdout
    assert "2026-10 was closed on an earlier walk" in done.stdout
    assert "Key of provider uy-service: " in done.stdout
