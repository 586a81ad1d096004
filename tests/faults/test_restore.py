"""PostgreSQL and Kafka lost under load: what was accepted is there again, once; nothing is taken in before it is."""

import shutil
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress

import httpx
import pytest

from tests.faults import audit, run
from tests.faults.centre import Centre, running
from tests.faults.city import UTILITY, City
from tests.faults.keeper import poll_until
from tests.faults.rescue import Rescue
from tests.faults.run import Plan, Run

PLAN = Plan(seed=5, facts=1_200, kills=0, a_second=300, parcel=(20, 80), accounts=30)


@contextmanager
def at_work() -> Iterator[tuple[Run, Rescue]]:
    """A prepared centre whose log is received as it is written, and a copy of its files."""
    centre = Centre(run.folder_of(PLAN.seed), settings={"LEASE_S": "5"})
    with running(centre):
        current, rescue = Run(centre, PLAN), Rescue(centre)
        current.prepare()
        with rescue.backup.followed():
            rescue.backup.copy()
            yield current, rescue
    shutil.rmtree(centre.folder)


def push(current: Run, seed: int) -> None:
    """Both providers push to the end, whoever is down meanwhile."""
    parcels = list(City(seed, PLAN.facts, range(PLAN.people), PLAN.parcel, f"r{seed}.").parcels())
    current.push([parcels[0::2], parcels[1::2]])
    assert not current.failed, current.failed


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_everything_lost_under_load_comes_back_from_copy_and_log() -> None:
    """Killed in the middle of the load; Kafka is new and empty; a month was closed before the copy's end."""
    with at_work() as (current, rescue):
        current.operator("periods", "close", "2026-09", "--confirm-key", str(current.second), "--reason", "a test")
        begin = current.history.answered
        with current.beside(lambda: push(current, 1)):
            while current.history.answered - begin < PLAN.facts // 2 and not current.failed:
                threading.Event().wait(0.02)
            kept = rescue.lose(kafka=True)
            rescue.restore_postgres()
            rescue.empty_kafka()
            assert rescue.status_of("provider_sync", "restore", "status") == 4
            rescue.start(kept, "-relay", "-web", "-load")
            assert answered(current) == (503, "not-open-yet")
            rescue.republish()
            rescue.adopt()
            rescue.start(kept)
            rescue.open()
        audited(current)


def answered(current: Run) -> tuple[int, str]:
    """Status and code that a reading gets, as soon as somebody answers."""
    reading = {"kind": "meter.read", "reference": "early", "account": "700000001", "meter": "W700000001"}
    reading |= {"value": "1.5", "taken_on": "2026-11-20", "source": "measured"}
    headers = {"Authorization": f"Bearer {current.keys[UTILITY]}"}
    url = current.centre.url("provider-sync-web") + "/v1/facts"
    for _ in poll_until(60, 0.2):
        with suppress(httpx.HTTPError):
            answer = httpx.post(url, json={"mode": "continue", "facts": [reading]}, headers=headers, timeout=20)
            if answer.json().get("code") != "temporarily-unavailable":
                return answer.status_code, answer.json().get("code", "")
    raise AssertionError("nobody answers")


def audited(current: Run) -> None:
    """Unknown rows are sent once more, then the books are exactly what was said."""
    current.calm()
    before = audit.oracle(current.history, current.centre, current.ledger)
    assert (before.wrong, before.lost, before.doubled) == ([], 0, 0)
    current.resend()
    current.calm()
    after = audit.books(current.history, current.centre, current.ledger)
    assert (after.wrong, after.lost, after.doubled) == ([], 0, 0)
