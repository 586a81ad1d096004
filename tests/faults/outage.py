"""Load from both providers while something is away; what was accepted meanwhile is audited afterwards.

OUTAGE_SCALE shortens the outages: 1 is the length of docs/promises.md.
"""

import os
import shutil
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field

import httpx

from tests.faults import audit, run
from tests.faults.centre import Centre, number, running
from tests.faults.city import UTILITY, City, Fact
from tests.faults.city import number as account
from tests.faults.keeper import poll_until
from tests.faults.run import Plan, Run

SCALE = float(os.environ.get("OUTAGE_SCALE", "1"))
PLAN = Plan(seed=12, facts=0, kills=0, accounts=60, parcel=(5, 20))
A_SECOND = 50.0
DRAINED_S = 60.0


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
        told = {what: len(current.history.told(what)) for what in ("acked", "rejected", "unknown")}
        print(f"{mark}: {told}, nothing lost, nothing doubled")
    shutil.rmtree(centre.folder, ignore_errors=True)


def lasting(seconds: float) -> None:
    """Lets an outage last; the senders go on meanwhile."""
    threading.Event().wait(length_of(seconds))


def length_of(seconds: float) -> float:
    """How long an outage of so many seconds lasts at this scale."""
    return max(2.0, seconds * SCALE)


def drained(current: Run, since: float) -> float:
    """How long until outbox and lag were empty, counted from a moment of time.monotonic()."""
    for _ in poll_until(DRAINED_S + 120, 0.2):
        with suppress(Exception):
            if number(current.intake, "SELECT count(*) FROM outbox") == 0 and current.lag(current.ledger) == 0:
                return time.monotonic() - since
    raise AssertionError("not drained")


@dataclass
class Asked:
    """What one more sender was answered while something was away."""

    statuses: dict[int, int] = field(default_factory=dict)
    slowest_s: float = 0.0

    def line(self) -> str:
        """For a person."""
        return f"answers {self.statuses}, the slowest after {self.slowest_s:.2f} s"


def asking(current: Run, mark: str, seconds: float) -> Asked:
    """A meter's reading every half second for as long as the outage lasts; hanging up counts as status 0."""
    found, until = Asked(), time.monotonic() + length_of(seconds)
    headers = {"Authorization": f"Bearer {current.keys[UTILITY]}"}
    with httpx.Client(base_url=current.centre.url("provider-sync-web"), headers=headers, timeout=30) as http:
        for turn in range(100_000):
            if time.monotonic() > until:
                return found
            begun, status, fact = time.monotonic(), 0, _reading(f"{mark}-{turn}")
            with suppress(httpx.HTTPError):
                answer = http.post("/v1/facts", json={"facts": [fact]})
                status = answer.status_code
            if status == 200:
                current.history.answer(UTILITY, [(fact, answer.json()["results"][0])])
            else:
                current.history.tell(UTILITY, [fact], "unknown")
            found.slowest_s = max(found.slowest_s, time.monotonic() - begun)
            found.statuses[status] = found.statuses.get(status, 0) + 1
            current.stop.wait(0.5)
    return found


def _reading(reference: str) -> Fact:
    """A fact that is easily taken."""
    one = account(1)
    taken = {"value": "1.5", "taken_on": "2026-11-20", "source": "measured"}
    return {"kind": "meter.read", "reference": reference, "account": one, "meter": f"W{one}", **taken}
