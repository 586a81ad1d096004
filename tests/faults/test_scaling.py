"""Processes come and go under load, of this release and of the one before: nothing is lost, doubled or out of order."""

import os
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from native.paths import ROOT
from tests.faults import audit, run
from tests.faults.centre import Centre, running
from tests.faults.run import Plan, Run
from tests.support.pauses import watched

PLAN = Plan(seed=11, facts=6_000, kills=0, a_second=120, parcel=(20, 80))
PROJECTORS, RELAYS = ("ledger-project-2", "ledger-project-3"), ("provider-sync-relay-2",)


@pytest.fixture
def centre(monkeypatch: pytest.MonkeyPatch) -> Iterator[Centre]:
    """A centre that has room for three projectors and two relays, and begins with one of each."""
    monkeypatch.setenv("LEDGER_PROJECTORS", "3")
    monkeypatch.setenv("INTAKE_RELAYS", "2")
    one = Centre(run.folder_of(PLAN.seed), settings={"LEASE_S": "5"})
    with running(one):
        one.keeper.stop(*PROJECTORS, *RELAYS)
        yield one


def perform(centre: Centre, *steps: Callable[[], None]) -> None:
    """Two providers push and two months close while the steps are taken one after the other; then the audit."""
    current = Run(centre, PLAN)
    current.prepare()
    begun = current.history.answered

    def take_steps() -> None:
        for number, step in enumerate(steps, start=1):
            while (current.history.answered - begun) / PLAN.facts < number / (len(steps) + 1):
                if current.stop.wait(0.1):
                    raise AssertionError(f"the load ended before step {number}")
            step()

    with watched(current.ledger, centre.kafka, audit.ACCOUNTS) as pauses, current.beside(take_steps):
        current.storm()
    assert not current.failed, current.failed
    current.calm()
    verdict = audit.books(current.history, centre, current.ledger)
    print(f"{len(current.history.told('acked'))} facts; {pauses.line()}")
    assert (verdict.wrong, verdict.lost, verdict.doubled) == ([], 0, 0)


def started(centre: Centre, *names: str) -> None:
    """These processes of the plan as well."""
    for process in map(centre.process, names):
        centre.keep(process.name, process.command, process.environment)
    centre.wait_ready()


@pytest.mark.faults
@pytest.mark.timeout(600)
def test_one_three_one_projectors_and_one_two_one_relays(centre: Centre) -> None:
    """Both months close while the partitions move."""
    perform(
        centre,
        lambda: started(centre, *PROJECTORS),
        lambda: started(centre, *RELAYS),
        lambda: centre.keeper.stop(*PROJECTORS),
        lambda: centre.keeper.stop(*RELAYS),
    )


def release_before(folder: Path) -> Path:
    """The sources of the newest release that is not this commit, else of the commit before it."""
    asked = ["git", "-C", str(ROOT), "describe", "--tags", "--abbrev=0", "HEAD^"]
    named = subprocess.run(asked, capture_output=True, text=True)
    commit = os.environ.get("RELEASE_BEFORE") or named.stdout.strip() or "HEAD^"
    packed = subprocess.run(["git", "-C", str(ROOT), "archive", commit], capture_output=True)
    if packed.returncode:
        pytest.skip(f"{commit} is not in this clone; fetch its history")
    folder.mkdir()
    subprocess.run(["tar", "-x", "-C", str(folder)], input=packed.stdout, check=True)
    return folder


def of_release(centre: Centre, sources: Path, *names: str) -> None:
    """These processes anew, as the sources have them."""
    centre.keeper.stop(*(name for name in names if name in centre.keeper.kept))
    parts = [str(part) for part in sources.glob("**/src") if part.is_dir()]
    for process in map(centre.process, names):
        environment = {**process.environment, "PYTHONPATH": os.pathsep.join(parts)}
        centre.keep(process.name, process.command, environment)
    centre.wait_ready()


@pytest.mark.faults
@pytest.mark.timeout(600)
def test_the_release_before_works_on_the_new_schema_beside_this_one(centre: Centre, tmp_path: Path) -> None:
    """The schema goes first; then the processes, one kind after the other, while the old ones are still there."""
    before = release_before(tmp_path / "before")
    every = ("provider-sync-web", "provider-sync-load", "provider-sync-relay", "ledger-project", "ledger-relay")
    of_release(centre, before, *every)
    perform(
        centre,
        lambda: started(centre, "ledger-project-2", "provider-sync-relay-2"),
        lambda: of_release(centre, ROOT, "provider-sync-web", "provider-sync-load", "ledger-relay"),
        lambda: of_release(centre, ROOT, "ledger-project", "provider-sync-relay"),
    )
