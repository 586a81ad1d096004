"""Several projectors of one group: 1 → 3 → 1 under load, each with a fixed name in the group."""

import threading
import time

import pytest

from common import kafka
from common.consumer import Projection
from common.envelope import render
from tests.conftest import MakeTopics
from tests.support import stores
from tests.support.pauses import watched
from tests.support.waiting import until

TOPIC = "provider-sync.accounts.v1"
ACCOUNTS = 36
AT = "2026-11-01T00:00:00Z"


@pytest.fixture
def view(empty_database: str) -> str:
    """A database with the consumer's tables and a log of what was applied."""
    return stores.tables(empty_database, "consumer", extra=stores.APPLIED)


def projector(view: str, kafka_address: str, topic: str, number: int) -> Projection:
    """One of several."""
    subscription = stores.subscription(topic)
    return Projection(view, kafka_address, f"{topic}-group", [subscription], member=f"projector-{number}")


def members(kafka_address: str, group: str) -> set[str]:
    """The fixed names of a group's members."""
    client = kafka.admin(kafka_address)
    try:
        (found,) = client.describe_groups([group]).values()
        return {member["group_instance_id"] for member in found["members"]}
    finally:
        client.close()


def put(kafka_address: str, topic: str, stop: threading.Event, put_rounds: list[int]) -> None:
    """A fact for every account, again and again, until told to stop."""
    producer = kafka.producer(kafka_address, "load")
    while not stop.is_set():
        sequence = len(put_rounds) + 1
        records = [_fact(topic, f"a{n}", sequence) for n in range(ACCOUNTS)]
        assert all(kafka.send_all(producer, records, 20))
        put_rounds.append(sequence)
        time.sleep(0.02)
    producer.close()


def _fact(topic: str, key: str, sequence: int) -> kafka.Outgoing:
    event = render(
        ident=f"{key}@{sequence}", source="/t", type=stores.TYPE, key=key, time=AT, recorded=AT, data="{}",
        sequence=sequence,
    )  # fmt: skip
    return kafka.Outgoing(topic, kafka.partition_of(key), key, stores.TYPE, event)


# Slow: nine seconds of coming and going.
@pytest.mark.slow
def test_while_projectors_come_and_go_nothing_is_lost_doubled_or_out_of_order(
    view: str, kafka_address: str, topics: MakeTopics
) -> None:
    """Who comes gets a share, who goes leaves the group at once; every account's facts are applied once, in order."""
    topic = topics(TOPIC) + TOPIC
    first, second, third = (projector(view, kafka_address, topic, n) for n in (1, 2, 3))
    stop, rounds = threading.Event(), list[int]()
    load = threading.Thread(target=put, args=(kafka_address, topic, stop, rounds), daemon=True)
    with watched(view, kafka_address, topic) as pauses, stores.running(first):
        load.start()
        until(lambda: stores.count(view, "applied") > 0, "the first reads")
        with stores.running(second), stores.running(third):
            until(lambda: all(len(p._moved_at) == 4 for p in (first, second, third)), "four partitions each")
        until(lambda: members(kafka_address, f"{topic}-group") == {"projector-1"}, "two have left the group")
        until(lambda: len(first._moved_at) == kafka.PARTITIONS, "the first has all partitions again")
        stop.set()
        load.join(30)
        until(lambda: stores.count(view, "applied") == ACCOUNTS * len(rounds), "everything is applied")
    print(f"1 → 3 → 1 projectors: {pauses.line()}")
    assert stores.applied(view) == {f"a{n}": rounds for n in range(ACCOUNTS)}
