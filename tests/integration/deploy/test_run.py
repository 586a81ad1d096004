"""The native runner with a short list of processes: start, restart, end."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx
import psutil
import pytest
import yaml

from native.compose import COMPOSE_FILE
from native.paths import RUN, forget_home
from native.site import Site, answer
from native.waiting import until

PORT_BASE = 8_000
KEPT = ("postgres", "kafka", "redis", "topics", "mail")


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    """A set of the servers, the topics and the mail catcher, as the committed file describes them."""
    document = yaml.safe_load(COMPOSE_FILE.read_text())
    document["services"] = {name: document["services"][name] for name in KEPT}
    short = tmp_path / "short.yml"
    short.write_text(yaml.safe_dump(document))
    folder = RUN / "test-run"
    yield Site(folder, PORT_BASE, short)
    Site(folder, PORT_BASE, short).stop()
    forget_home(folder / "postgres")
    forget_home(folder)


def start(site: Site) -> "subprocess.Popen[str]":
    """The runner as `make run` starts it, without the city."""
    options = ["--folder", site.folder, "--port-base", str(PORT_BASE), "--compose", site.compose, "--no-load"]
    command = [sys.executable, "-m", "native", "run", *map(str, options)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)


def wait_ready(site: Site, runner: "subprocess.Popen[str]") -> None:
    """Return when the mail catcher of the set answers; a runner that gave up is an error with what it said."""

    def settled() -> bool:
        return is_ready(site) or runner.poll() is not None

    until(settled, 100, "the start")
    if runner.poll() is not None:
        output, _ = runner.communicate()
        raise AssertionError(output)


def is_ready(site: Site) -> bool:
    """Whether the mail catcher of the set answers."""
    return answer(site.plan.named("mail")) == ""


def left_of(site: Site) -> list[str]:
    """Command lines of processes that have to do with the set."""
    lines = [" ".join(process.info["cmdline"] or ()) for process in psutil.process_iter(["cmdline"])]
    return [line for line in lines if str(site.folder) in line]


def test_a_process_that_dies_is_started_again_and_nothing_is_left_at_the_end(site: Site) -> None:
    """The whole life of a run."""
    with start(site) as runner:
        wait_ready(site, runner)
        first = int((site.folder / "pids" / "mail.pid").read_text().split()[0])
        os.kill(first, signal.SIGKILL)
        until(lambda: not psutil.pid_exists(first) and is_ready(site), 20, "the restart")
        runner.send_signal(signal.SIGINT)
        output, _ = runner.communicate(timeout=60)
    assert runner.returncode == 0, output
    assert "starts again in" in (site.folder / "logs" / "mail.log").read_text()
    assert left_of(site) == []


def test_a_killed_runner_takes_its_processes_along_and_stop_ends_the_servers(site: Site) -> None:
    """Without a runner nobody reads what they print; their data is kept for the next run."""
    with start(site) as runner:
        wait_ready(site, runner)
        runner.kill()
    until(lambda: not any("mailcatcher" in line for line in pids_alive(site)), 20, "the processes' end")
    assert "postgres" in site.stop()
    assert left_of(site) == []


def pids_alive(site: Site) -> list[str]:
    """Command lines of the set's own processes that still live."""
    pids = [int(file.read_text().split()[0]) for file in (site.folder / "pids").glob("*.pid")]
    return [" ".join(psutil.Process(pid).cmdline()) for pid in pids if psutil.pid_exists(pid)]


def test_mail_of_an_earlier_run_is_still_there(site: Site) -> None:
    """A second run finds its data."""
    folder = site.folder / "files" / "mail"
    folder.mkdir(parents=True)
    (folder / "00000000000000000001-aa.eml").write_bytes(b"To: a@b.kz\r\nSubject: kept\r\n\r\nx")
    with start(site) as runner:
        wait_ready(site, runner)
        address = site.plan.named("mail").public_url
        found = json.loads(httpx.get(f"{address}/messages").text)["messages"]
        runner.terminate()
        runner.communicate(timeout=60)
    assert [one["subject"] for one in found] == ["kept"]
