"""Nothing accepted is lost, nothing comes twice, whatever dies (P1–P3); and the audit that says so can fail."""

import itertools
import os
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from common.consumer import Safeguards
from tests.faults import audit, run
from tests.faults.centre import Centre, number, running
from tests.faults.city import City, Parcel
from tests.faults.keeper import poll_until
from tests.faults.mutants import CursorRelay, Stutter, another_ledger, two_readers
from tests.faults.run import Plan, Report, Run
from tests.support import stores
from tests.support.waiting import until

SHORT = Plan(seed=7, facts=1_500, kills=4, a_second=100, parcel=(20, 80))
SEEDS = [int(seed) for seed in os.environ.get("FAULT_SEEDS", "1,2,3").split(",")]
KILLS = int(os.environ.get("FAULT_KILLS", "200"))


@contextmanager
def performed(plan: Plan) -> Iterator[tuple[Run, Report]]:
    """A run that has ended, on a centre that is still up."""
    centre = Centre(run.folder_of(plan.seed), settings={"LEASE_S": "5"})
    with running(centre):
        current = Run(centre, plan)
        report = run.perform(current)
        yield current, report
    run.keep_findings(centre, report)


@pytest.fixture(scope="module")
def short() -> Iterator[tuple[Run, Report]]:
    """One short run for all tests of this file; each brings its own ledger or looks only at what it adds."""
    with performed(SHORT) as done:
        yield done


@pytest.mark.timeout(400)
def test_four_kills_lose_and_double_nothing(short: tuple[Run, Report]) -> None:
    """Two providers, two closes, PostgreSQL, Kafka and two processes killed: the books are those of the fold."""
    _, report = short
    assert (report.wrong, report.lost, report.doubled) == ([], 0, 0), report
    assert len(report.killed) == SHORT.kills


@pytest.mark.timeout(400)
def test_two_readers_that_do_not_know_of_each_other_double_nothing(short: tuple[Run, Report]) -> None:
    """P7: the lock on the offset row suffices, even without the ledger's keys."""
    assert doubled(short[0], "ledger_locked", Safeguards()) == 0


@pytest.mark.timeout(400)
def test_without_the_lock_on_the_offset_row_the_audit_finds_doubles(short: tuple[Run, Report]) -> None:
    """M3 is caught, unless what both read in the same round was of different partitions."""
    for attempt in range(6):
        if doubled(short[0], f"ledger_unlocked_{attempt}", Safeguards(lock_offsets=False)) > 0:
            return
    pytest.fail("no reader doubled anything in six ledgers")


def doubled(current: Run, name: str, safeguards: Safeguards) -> int:
    """What the audit calls doubled when two readers fill an empty ledger from the run's topics."""
    with another_ledger(current.centre, name) as url, two_readers(current.centre, url, safeguards):
        until(lambda: current.lag(url) == 0, "both have read everything", 90)
        return audit.oracle(current.history, current.centre, url).doubled


@pytest.mark.timeout(400)
def test_a_relay_with_a_cursor_is_found_to_lose_facts(short: tuple[Run, Report]) -> None:
    """M1 is caught: transactions that commit late stay behind its cursor, and their facts never arrive."""
    current = short[0]
    intake = current.intake
    current.centre.keeper.stop("provider-sync-relay")
    mutant = CursorRelay(intake, current.centre.kafka, "mutant", True)
    with stores.running(mutant), Stutter(current.centre, "provider-sync-load"):
        for seed in itertools.count(100):
            current.push([list(strangers(seed, lane)) for lane in range(LANES)], a_second=500)
            assert not current.failed, current.failed
            until(lambda: mutant.last >= number(intake, _NEWEST), "the cursor has passed everything", 60)
            # Rows that it is just sending are no loss: two more reads, and what it read before is deleted.
            done = mutant.reads + 2
            until(lambda n=done: mutant.reads >= n, "what was read is sent", 60)  # type: ignore[misc]
            if number(intake, "SELECT count(*) FROM outbox") > 0:
                break
            assert seed < 140, "no transaction was overtaken in forty rounds"
        for _ in poll_until(60, 0.3):
            if current.lag(current.ledger) == 0:
                break
        assert audit.oracle(current.history, current.centre, current.ledger).lost > 0


def strangers(seed: int, lane: int) -> Iterator[Parcel]:
    """Parcels of one lane, whose accounts no other lane touches: no lock keeps their transactions apart."""
    own = range(lane, SHORT.people, LANES)
    return City(seed * LANES + lane, 100, own, (5, 25), f"m{seed}.{lane}").parcels()


LANES = 4
_NEWEST = "SELECT coalesce(max(position), 0) FROM outbox"


@pytest.mark.faults
@pytest.mark.timeout(3_600)
@pytest.mark.parametrize("seed", SEEDS)
def test_two_hundred_kills_among_fifty_thousand_facts(seed: int) -> None:
    """The full run; FAULT_SEEDS names other seeds, FAULT_KILLS makes it shorter: 250 facts a kill."""
    with performed(Plan(seed, facts=250 * KILLS, kills=KILLS, a_second=75)) as (_, report):
        print(run.line(report))  # the run's one line
    assert (report.wrong, report.lost, report.doubled) == ([], 0, 0), report
    assert len(report.killed) == KILLS
