"""Processes come and go under load: nothing is lost, doubled or out of order, each account goes on."""

from collections.abc import Callable, Iterator

import pytest

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
    current.resend()
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
