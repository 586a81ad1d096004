"""F3: replay of the log into an empty ledger, beside a loop that only consumes the same topic."""

import time
from dataclasses import dataclass

import psycopg

from common import kafka
from tests.benchmarks.centre import Centre
from tests.benchmarks.doors import Unexpected

TOPIC = "provider-sync.accounts.v1"
REPLAYED_WITHIN_S = 3600


@dataclass(frozen=True)
class Replay:
    """Facts a second; `started_s` is how long the process needed before its first batch, told apart."""

    facts: int
    facts_per_s: float
    started_s: float
    consumed_per_s: float
    cpu_s: float


def measure(centre: Centre) -> Replay:
    """Stops the live projection and replays its whole log into a database of its own."""
    if "ledger-project" in centre.running:
        centre.stop("ledger", "project")
    consumed, facts = _consume_only(centre)
    centre.ground.settle()
    with centre.ground.database("ledger") as url:
        begun = time.monotonic()
        process = centre._launch("ledger", "project", {"DATABASE_URL": url})
        try:
            first, last = _watch(url, centre.prefix + TOPIC, facts)
            cpu_s = process.cpu_s()
        finally:
            centre.stop("ledger", "project")
    return Replay(facts, facts / (last - first), first - begun, consumed, cpu_s)


def _watch(url: str, topic: str, facts: int) -> tuple[float, float]:
    """When the first record was asked for (the offsets were seeded), and when the last one was applied."""
    deadline = time.monotonic() + REPLAYED_WITHIN_S
    query = "SELECT count(*), coalesce(sum(next_offset), 0) FROM consumer_offsets WHERE topic = %s"
    first = 0.0
    with psycopg.connect(url, autocommit=True) as conn:
        while time.monotonic() < deadline:
            row = conn.execute(query, (topic,)).fetchone()
            now = time.monotonic()
            if row and row[0] and not first:
                first = now
            if row and int(row[1]) >= facts:
                return first, now
            time.sleep(0.02)
    raise Unexpected(f"the replay did not end within {REPLAYED_WITHIN_S} s: {row}")


def in_the_log(centre: Centre) -> int:
    """How many records the topic holds."""
    return sum(kafka.end_offsets(centre.ground.kafka, [centre.prefix + TOPIC]).values())


def _consume_only(centre: Centre) -> tuple[float, int]:
    """Facts a second of a consumer that polls and counts, with the client settings of the projections."""
    topic = centre.prefix + TOPIC
    consumer = kafka.consumer(centre.ground.kafka, f"{centre.prefix}bench.consume")
    try:
        places = [kafka.Partition(topic, partition) for partition in range(kafka.PARTITIONS)]
        consumer.assign(places)
        total = sum(consumer.end_offsets(places).values())
        for place in places:
            consumer.seek(place, 0)
        begun, seen = time.monotonic(), 0
        while seen < total:
            seen += sum(map(len, consumer.poll(timeout_ms=200, max_records=10_000).values()))
        return seen / (time.monotonic() - begun), total
    finally:
        consumer.close(autocommit=False)
