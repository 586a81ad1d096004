"""P12: Kafka away under load; ridden out, and the books are whole.

OUTAGE_SCALE shortens the outages: 1 is the length of docs/promises.md.
"""

import os
import shutil
import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

import pytest

from tests.faults import audit, run
from tests.faults.centre import Centre, number, running
from tests.faults.city import City
from tests.faults.keeper import poll_until
from tests.faults.run import Plan, Run

SCALE = float(os.environ.get("OUTAGE_SCALE", "1"))
PLAN = Plan(seed=12, facts=0, kills=0, accounts=60, parcel=(5, 20))
A_SECOND = 50.0
DRAINED_S = 60.0

pytestmark = [pytest.mark.faults, pytest.mark.timeout(1_800)]


@contextmanager
def under_load(mark: str) -> Iterator[tuple[Run, Callable[[], None]]]:
    """A prepared run with both providers pushing; the second value ends that, and the block audits at its end."""
    centre = Centre(run.folder_of(PLAN.seed), settings={"LEASE_S": "5"})
    with running(centre):
        current = Run(centre, PLAN)
        current.prepare()
        enough = round(A_SECOND * 1_800)
        parcels = list(City(PLAN.seed, enough, range(PLAN.people), PLAN.parcel, f"{mark}.").parcels())
        pushing = threading.Thread(target=current.push, args=([parcels[0::2], parcels[1::2]], A_SECOND))
        pushing.start()

        def end() -> None:
            current.stop.set()
            pushing.join()

        try:
            yield current, end
        finally:
            end()
        assert not current.failed, current.failed
        current.calm()
        current.resend()
        current.calm()
        found = audit.books(current.history, centre, current.ledger)
        assert (found.wrong, found.lost, found.doubled) == ([], 0, 0)
        print(f"{mark}: {len(current.history.told('acked'))} acknowledged, {len(current.killed)} outages")
    shutil.rmtree(centre.folder, ignore_errors=True)


def ridden_out(current: Run, seconds: float) -> None:
    """Lets an outage last; the senders go on meanwhile."""
    threading.Event().wait(max(2.0, seconds * SCALE))
    current.killed.append(f"{seconds * SCALE:.0f} s")


def drained(current: Run, begun: float) -> float:
    """How long until outbox and lag were empty, counted from the end of the outage."""
    for _ in poll_until(DRAINED_S + 120, 0.2):
        with suppress(Exception):
            if number(current.intake, "SELECT count(*) FROM outbox") == 0 and current.lag(current.ledger) == 0:
                return time.monotonic() - begun
    raise AssertionError("not drained")


def test_without_kafka_everything_is_taken_and_goes_out_afterwards() -> None:
    """Ten minutes down: every push is answered as ever, the outbox grows and drains within a minute."""
    with under_load("kafka") as (current, end):
        kafka = current.centre.servers.kafka
        pid = kafka.child.pid()
        assert pid
        os.kill(pid, signal.SIGKILL)
        ridden_out(current, 600)
        told = {what: len(current.history.told(what)) for what in ("acked", "unknown")}
        assert told["unknown"] == 0, told
        waiting = number(current.intake, "SELECT count(*) FROM outbox")
        current.centre.revive("kafka")
        back = time.monotonic()
        end()
        took = drained(current, back)
        print(f"Kafka away: {waiting} waited, drained {took:.1f} s after its return")
        assert waiting > 0
        assert took < DRAINED_S / min(1.0, SCALE * 10)
