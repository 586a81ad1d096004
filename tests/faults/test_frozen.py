"""P7: a process that is frozen past its session and wakes up writes nothing stale. FREEZES makes it shorter."""

import os
import signal
import threading
import time

import pytest

from tests.faults.outage import drained, under_load

FREEZES = int(os.environ.get("FREEZES", "50"))
# The session of a consumer group ends after fifteen seconds; the other member has its partitions by then.
FROZEN_S = 30.0


@pytest.mark.faults
@pytest.mark.timeout(3_600)
@pytest.mark.parametrize("victim", ["ledger-project", "provider-sync-relay"])
def test_a_process_that_wakes_up_among_others_writes_nothing_stale(
    victim: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One of two, stopped in whatever it does under load, again and again."""
    monkeypatch.setenv("LEDGER_PROJECTORS", "2")
    monkeypatch.setenv("INTAKE_RELAYS", "2")
    with under_load(f"frozen-{victim}") as (current, end):
        for _ in range(FREEZES):
            pids = current.centre.keeper.kept[victim].pids()
            for pid in pids:
                os.kill(pid, signal.SIGSTOP)
            threading.Event().wait(FROZEN_S)
            for pid in pids:
                os.kill(pid, signal.SIGCONT)
            threading.Event().wait(2)
        end()
        took = drained(current, time.monotonic())
        print(f"{victim}: {FREEZES} times frozen for {FROZEN_S:.0f} s; drained in {took:.1f} s")
        assert current.centre.keeper.exits().get(victim, []) == []
