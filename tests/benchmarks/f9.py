"""F9: what a fact costs with one, two and four projectors at work on one log, and whether they wait for each other.

On few cores more projectors cannot be faster; whether they would be on more is told by the processor time a fact: as
long as that stays the same, nothing but cores is missing. What a start costs is measured apart and taken off.
"""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import psycopg

from tests.benchmarks.centre import Centre
from tests.benchmarks.doors import Unexpected
from tests.benchmarks.f3 import REPLAYED_WITHIN_S, TOPIC

WORKERS = (1, 2, 4)
RESTS_S = 3.0
_AT = "SELECT coalesce(sum(next_offset), 0) FROM consumer_offsets WHERE topic = %s"
# Of this database's sessions that have something to do: how many there are, and how many wait for another's lock.
_BUSY = """
SELECT count(*), count(*) FILTER (WHERE wait_event_type = 'Lock') FROM pg_stat_activity
WHERE datname = current_database() AND state = 'active' AND pid <> pg_backend_pid()
"""


@dataclass(frozen=True)
class Scaled:
    """One replay: µs of processor a fact, of projectors and of servers; which share of sessions waited for a lock."""

    workers: int
    facts_per_s: float
    projectors_us: float
    servers_us: float
    locked: float

    @property
    def whole_us(self) -> float:
        """Of everything that grows with the facts."""
        return self.projectors_us + self.servers_us


def measure(centre: Centre, workers: int, facts: int) -> Scaled:
    """Replays the whole log into an empty ledger, shared by so many projectors; then a start is measured alone."""
    with centre.ground.database("ledger") as url:
        centre.ground.settle()
        with projecting(centre, url, workers), psycopg.connect(url, autocommit=True) as conn:
            servers, begun = centre.ground.servers_cpu_s(), time.monotonic()
            busy, locked = until_applied(conn, centre.prefix + TOPIC, facts)
            seconds = time.monotonic() - begun
            spent = projectors_cpu_s(centre), centre.ground.servers_cpu_s() - servers
        with projecting(centre, url, workers):
            servers = centre.ground.servers_cpu_s()
            for one in centre.running.values():
                one.wait_ready()
            time.sleep(RESTS_S)
            start = projectors_cpu_s(centre), centre.ground.servers_cpu_s() - servers
    projectors, others = ((all_ - once) / facts * 1e6 for all_, once in zip(spent, start, strict=True))
    return Scaled(workers, facts / seconds, projectors, others, locked / max(1, busy))


@contextmanager
def projecting(centre: Centre, url: str, workers: int) -> Iterator[None]:
    """So many projectors of one group, on one database."""
    names = [f"ledger-project-{number}" for number in range(workers)]
    try:
        for name in names:
            one = centre._launch("ledger", "project", {"DATABASE_URL": url, "CONSUMER_MEMBER": name})
            centre.running[name] = centre.running.pop(one.name)
        yield
    finally:
        for name in names:
            if name in centre.running:
                centre.running.pop(name).stop()


def projectors_cpu_s(centre: Centre) -> float:
    """Processor seconds of all projectors so far."""
    return sum(one.cpu_s() for name, one in centre.running.items() if name.startswith("ledger-project-"))


def until_applied(conn: psycopg.Connection, topic: str, facts: int) -> tuple[int, int]:
    """Returns when all is applied: how many sessions were seen at work, and how many of them waiting for a lock."""
    busy = locked = 0
    deadline = time.monotonic() + REPLAYED_WITHIN_S
    while time.monotonic() < deadline:
        row, at = conn.execute(_BUSY).fetchone(), conn.execute(_AT, (topic,)).fetchone()
        if row:
            busy, locked = busy + row[0], locked + row[1]
        if at and int(at[0]) >= facts:
            return busy, locked
        time.sleep(0.05)
    raise Unexpected(f"the replay did not end within {REPLAYED_WITHIN_S} s")
