"""A file's transaction queues its events in packs; what arrives, and what is told of it, is the same."""

from collections.abc import Sequence
from pathlib import Path

import pytest

from common import heads, kafka, relay
from common.restore import EPOCH
from provider_sync.config import ACCOUNTS_TOPIC
from provider_sync.store import references
from tests.conftest import MakeDatabase, MakeTopics
from tests.integration.provider_sync.town import Row, Town, charge, founded, payment, published

ACCOUNTS = [str(number) for number in range(100, 106)]
PACKS = "SELECT count(*), sum(records) FROM outbox WHERE packed IS NOT NULL"
AGAIN = """
INSERT INTO outbox (topic, partition, key, version, type)
SELECT %s, n.partition, e.stream_id, e.version, e.type FROM events AS e JOIN numbers AS n ON n.number = e.stream_id
ORDER BY e.stream_id, e.version
"""


def month(count: int) -> list[Row]:
    """Charges of all accounts by turns; some happened when their sender says, with a fraction of a second."""
    when: tuple[Row, ...] = ({}, {"at": "2026-10-30T09:00:00.120Z"}, {"at": "2026-10-30T14:00:00+05:00"})
    return [charge(f"m-{n}", account=ACCOUNTS[n % len(ACCOUNTS)], **when[n % 3]) for n in range(count)]


def arrived(address: str, topic: str) -> list[kafka.Raw]:
    """All records of the topic."""
    return [raw for raws in kafka.read_since(address, topic, EPOCH) for raw in raws]


def in_order(raws: Sequence[kafka.Raw]) -> dict[str, list[bytes | None]]:
    """The values of each account."""
    return {account: [raw.value for raw in raws if raw.key == account] for account in ACCOUNTS}


def sent(town: Town, reference: str) -> bool:
    """Whether the sender is told that this fact is published."""
    with town.base.pool.connection() as conn:
        found = references.find(conn, "almaty-heat", reference)
    assert found is not None
    return bool(found[-1])


def test_packs_arrive_as_single_events_do(
    database: MakeDatabase, kafka_address: str, topics: MakeTopics, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Byte for byte, with single facts before and after in their places; and the topic is held to have them."""
    monkeypatch.setattr(relay, "BATCH", 400)
    prefix = topics(ACCOUNTS_TOPIC, "provider-sync.holders.v1", "provider-sync.directory.v1")
    topic = prefix + ACCOUNTS_TOPIC
    with founded(database("provider_sync"), tmp_path / "spool", prefix, ACCOUNTS) as town:
        town.say("halyk-bank", payment("before", "100"))
        town.say("almaty-heat", *month(1_200))
        town.say("halyk-bank", payment("after", "100"))
        packs, records = town.rows(PACKS)[0]
        assert (packs, records) == (len({kafka.partition_of(account) for account in ACCOUNTS}), 1_200)
        assert not sent(town, "m-7")
        with town.base.pool.connection() as conn:
            assert heads.compare(conn, kafka_address, topic, "facts").streams == 0
        published(town, kafka_address)
        assert sent(town, "m-7")
        first = in_order(arrived(kafka_address, topic))
        with town.base.pool.connection() as conn:
            assert heads.compare(conn, kafka_address, topic, "facts") == (len(ACCOUNTS), {}, True)
            conn.execute(AGAIN, (topic,))
        published(town, kafka_address)
    both = in_order(arrived(kafka_address, topic))
    assert sum(map(len, first.values())) == 1_200 + 2 + len(ACCOUNTS)
    assert both == {account: values * 2 for account, values in first.items()}
