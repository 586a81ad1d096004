"""The servers that the other tests rely on."""

import os
import signal
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
import redis

from common import kafka
from native.paths import forget_home
from native.servers import Servers, free_ports, serving
from tests.conftest import MakeTopics
from tests.support.servers import Addresses


def test_all_three_answer(servers: Addresses, kafka_address: str, redis_url: str) -> None:
    """Databases, topics and a queue can be made."""
    with psycopg.connect(servers.postgres) as connection:
        roles = connection.execute("SELECT rolname FROM pg_roles").fetchall()
    assert {("identity",), ("ledger",), ("receipts",), ("provider_sync",)} <= set(roles)
    with redis.Redis.from_url(redis_url) as client:
        assert client.set("a", "b")
    assert ":" in kafka_address


def test_topics_of_the_file_can_be_made(topics: MakeTopics, kafka_address: str) -> None:
    """Every line of deploy/kafka/topics.yaml is understood by the broker."""
    prefix = topics()
    client = kafka.admin(kafka_address)
    try:
        made = {name.removeprefix(prefix) for name in client.list_topics() if name.startswith(prefix)}
    finally:
        client.close()
    assert {"provider-sync.accounts.v1", "identity.keys.v1", "ledger.drafts.v1", "receipts.dead-letters.v1"} <= made


@pytest.fixture
def shut_folder(tmp_path: Path) -> Iterator[Path]:
    """A folder below one that other users cannot enter, as a home folder is."""
    yield tmp_path
    forget_home(tmp_path / "postgres")


def test_a_killed_set_starts_again_with_its_data(shut_folder: Path) -> None:
    """A hard kill leaves pid files and locks behind; the next start must not trip over them."""
    servers = Servers.within(shut_folder, free_ports(), shared_buffers="128MB")
    with serving(servers):
        with psycopg.connect(servers.postgres.url) as connection:
            connection.execute("CREATE TABLE kept AS SELECT 7 AS number")
        for server in (servers.postgres, servers.kafka, servers.redis):
            os.kill(server.child.pid() or 0, signal.SIGKILL)
        servers.start()
        with psycopg.connect(servers.postgres.url) as connection:
            assert connection.execute("SELECT number FROM kept").fetchone() == (7,)
    assert servers.alive() == []
