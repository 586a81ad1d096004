"""An upgrade without a stop: the release before works, is migrated under load, and is replaced kind by kind."""

import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from native.bringup import run_once
from native.compose import Plan
from native.paths import ROOT
from tests.faults import run
from tests.faults.centre import Centre, number, running
from tests.faults.test_scaling import PLAN, perform, started

BESIDE = ("ledger-project-2", "provider-sync-relay-2")
BRINGING = ("provider-sync-web", "provider-sync-load", "provider-sync-inbox", "provider-sync-relay")
READING = ("ledger-project", "ledger-relay", "ledger-web", "provider-sync-project")
# The newest one; and the one from which on issued statements stand ready, with all that came after it.
MIGRATIONS = (
    ("*/migrations/*.sql", "*/common/sql/*.sql"),
    ("services/ledger/src/ledger/migrations/0040_documents.sql",),
)
APPLIED = "SELECT count(*) FROM schema_migrations"


def git(*words: str) -> subprocess.CompletedProcess[bytes]:
    """A command on this repository."""
    return subprocess.run(["git", "-C", str(ROOT), *words], capture_output=True)


def release_before(migration: Sequence[str], folder: Path) -> Path:
    """The sources of RELEASE_BEFORE, else of the last commit before the migration."""
    added = git("log", "-1", "--diff-filter=A", "--format=%H", "--", *migration).stdout.decode().strip()
    commit = os.environ.get("RELEASE_BEFORE") or f"{added}^"
    packed = git("archive", commit)
    if packed.returncode:
        pytest.skip(f"the release before {migration[0]} is not in this clone ({commit[:12]}): fetch its history")
    folder.mkdir()
    subprocess.run(["tar", "-x", "-C", str(folder)], input=packed.stdout, check=True)
    return folder


def of_sources(plan: Plan, sources: Path) -> Plan:
    """The same processes, running what other sources say."""
    parts = [str(part) for part in sources.glob("**/src") if part.is_dir()]
    own = {"PYTHONPATH": os.pathsep.join(parts)}
    return Plan(tuple(replace(p, environment={**p.environment, **own}) for p in plan.processes), plan.ports)


def runs_in(environment: Mapping[str, str], sources: Path) -> bool:
    """Whether a process with this environment takes its code from there."""
    asked = "import common, ledger, provider_sync as p; print(common.__file__, ledger.__file__, p.__file__)"
    files = subprocess.run(
        [sys.executable, "-c", asked], env={**os.environ, **environment}, capture_output=True, text=True, check=True
    ).stdout.split()
    return all(Path(file).is_relative_to(sources) for file in files)


def migrated(new: Plan) -> None:
    """The schema of this release, while those of the one before are at work."""
    for process in new.steps():
        run_once(process)


def replaced(centre: Centre, *names: str) -> None:
    """These processes anew, of this release."""
    centre.keeper.stop(*names)
    started(centre, *names)


@pytest.mark.faults
@pytest.mark.timeout(900)
@pytest.mark.parametrize("migration", MIGRATIONS, ids=("the newest", "issued statements"))
def test_the_release_before_goes_on_while_it_is_replaced(
    migration: Sequence[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two providers push and two months close all the time; both releases read and write the same topics and tables."""
    monkeypatch.setenv("LEDGER_PROJECTORS", "3")
    monkeypatch.setenv("INTAKE_RELAYS", "2")
    sources = release_before(migration, tmp_path / "before")
    centre = Centre(run.folder_of(PLAN.seed), settings={"LEASE_S": "5"})
    new = centre.plan
    centre.plan = of_sources(new, sources)
    assert runs_in(centre.environment("ledger-project"), sources)
    with running(centre):
        before = schema(centre)
        centre.keeper.stop(*BESIDE, "ledger-project-3")

        def upgrade() -> None:
            migrated(new)
            assert schema(centre) > before
            centre.plan = new

        perform(
            centre,
            upgrade,
            lambda: started(centre, *BESIDE),
            lambda: replaced(centre, *BRINGING),
            lambda: replaced(centre, *READING),
        )
        assert not centre.keeper.exits(), centre.keeper.exits()


def schema(centre: Centre) -> int:
    """How many migrations both databases have."""
    return sum(number(centre.database(process), APPLIED) for process in ("ledger-project", "provider-sync-web"))
