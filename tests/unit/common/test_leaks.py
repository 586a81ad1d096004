"""P20's search over the logs of a whole run: it finds what must not be there, and a run that wrote it is not green."""

import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from native.paths import ROOT
from tests.support import leaks

GOOD = (
    '{"component": "load", "rows": 1000, "upload": "01a2198a-0c65-79c3-a5ad-f42aa1e52ea2", "took_ms": 123.456789012, '
    '"service": "provider-sync", "level": "info", "timestamp": "2026-11-26T20:24:57.731887Z"}'
)
BAD = {
    "a user name": '{"who": "Aigerim"}',
    "a name, address or password": '{"detail": "Әсел"}',
    "an escaped name, address or password": '{"detail": "\\u04d9\\u0441"}',
    "an e-mail address": '{"detail": "to canary.qanareya@mail.example.kz"}',
    "an account number": '{"path": "/v1/accounts/100000105/statement"}',
    "a token": '{"detail": "eyJhbGciOiJFZERTQSJ9.eyJzdWIiOiIwMWEyMTk4YSJ9.c2lnbmF0dXJl"}',
    "a key": '{"header": "Bearer k1.c2VjcmV0LXNlY3JldA"}',
    "a password's hash": '{"row": "$argon2id$v=19$m=19456"}',
    "a password in an address": '{"detail": "postgresql://ledger:ledger@127.0.0.1/ledger"}',
}
WRITES = """
def test_a_service_that_says_too_much(tmp_path):
    (tmp_path / "web.log").write_text({line!r})
    print({printed!r})
"""


def test_a_log_line_as_ours_are_holds_nothing() -> None:
    """Numbers, ids and times are no account numbers."""
    assert list(leaks.leaks(GOOD)) == []


@pytest.mark.parametrize("kind", leaks.SHAPES)
def test_each_kind_is_found(kind: str) -> None:
    """And told by its name."""
    assert kind in [leak.partition(": ")[0] for leak in leaks.leaks(BAD[kind])]


@pytest.fixture
def elsewhere() -> Iterator[Path]:
    """A folder that this run itself does not search."""
    with tempfile.TemporaryDirectory() as folder:
        yield Path(folder)


def test_servers_and_the_files_of_topics_are_no_logs_of_services(elsewhere: Path) -> None:
    """PostgreSQL tells of rows to whoever runs it; a topic's file is called like a log."""
    for name in ("postgres.log", "00000000000000000000.log", "web.log"):
        (elsewhere / name).write_text(BAD["a token"])
    count, found = leaks.searched([elsewhere])
    assert (count, [line.partition(": ")[0] for line in found]) == (1, [str(elsewhere / "web.log")])


@pytest.mark.parametrize(
    ("line", "printed", "leaked"),
    [(GOOD, GOOD, 0), (BAD["an account number"], GOOD.replace("1000,", '"Әсел",'), 2)],
)
def test_a_run_whose_tests_pass_is_red_when_a_log_says_too_much(
    elsewhere: Path, line: str, printed: str, leaked: int
) -> None:
    """Whether the log is a file of the run's, or what a process wrote to its test's output."""
    (elsewhere / "test_it.py").write_text(WRITES.format(line=line, printed=printed))
    options = ["-p", "tests.conftest", "-c", str(ROOT / "pyproject.toml"), "--basetemp", str(elsewhere / "base")]
    ended = subprocess.run(
        [sys.executable, "-m", "pytest", *options, f"--rootdir={elsewhere}", str(elsewhere / "test_it.py")],
        cwd=ROOT, capture_output=True, text=True, timeout=120,
    )  # fmt: skip
    assert (ended.returncode, "1 passed" in ended.stdout) == (min(leaked, 1), True), ended.stdout + ended.stderr
    assert f"P20: 1 logs of services searched, {leaked} leaks" in ended.stdout
