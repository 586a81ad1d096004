"""What waits is counted on the admin port of a running relay, and falls when it is gone."""

import socket
import threading
import urllib.request

import psycopg
import pytest

from common import backlog, eventstore
from common.postgres import connect
from common.relay import Relay
from tests.conftest import MakeTopics
from tests.support import stores
from tests.support.waiting import until

TOPIC = "provider-sync.accounts.v1"


@pytest.fixture
def admin_port() -> int:
    """A port that nobody listens on."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])


@pytest.fixture
def store(empty_database: str) -> str:
    """An event store with an outbox, and a table in which one row waits."""
    waits = f"{stores.APPLIED}; INSERT INTO applied VALUES ('acc-1', 1)"
    return stores.tables(empty_database, "outbox", "events", extra=waits)


def scraped(port: int) -> dict[str, float]:
    """The settlement metrics of one process as Prometheus reads them; none while it does not answer."""
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=5) as answer:
            lines = answer.read().decode().splitlines()
    except OSError:
        return {}
    return {name: float(value) for name, _, value in (one.rpartition(" ") for one in lines if one[:1] == "s")}


def test_an_outbox_that_is_not_sent_grows_old_and_is_counted(
    store: str, kafka_address: str, topics: MakeTopics, admin_port: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nobody sends while another holds the shard; with the relay at work the outbox is empty and young again."""
    monkeypatch.setattr(backlog, "EVERY_S", 0.1)
    topic = topics(TOPIC) + TOPIC
    with connect(store, "writer") as conn:
        eventstore.append(conn, topic, stores.events("acc-1", [1, 2, 3]))
        eventstore.queue_packs(conn, eventstore.packed(topic, stores.events("acc-2", [1, 2])))
    held = [backlog.waiting("applied", "SELECT FROM applied")]
    relay = Relay(store, kafka_address, "backlog-relay", event_store=True, measures=held)
    stop = threading.Event()
    with psycopg.connect(store, autocommit=True) as other:
        other.execute("SELECT pg_advisory_lock(7206, 0)")
        worker = threading.Thread(target=relay.run, args=(stop, admin_port))
        worker.start()
        until(lambda: scraped(admin_port).get("settlement_outbox_oldest_seconds", 0) > 0.5, "the oldest row ages")
        until(lambda: scraped(admin_port)["settlement_outbox_waiting"] == 5, "the records are counted")
        assert scraped(admin_port)['settlement_waiting{kind="applied"}'] == 1
    until(lambda: scraped(admin_port)["settlement_outbox_waiting"] == 0, "the outbox is empty")
    assert scraped(admin_port)["settlement_outbox_oldest_seconds"] == 0
    stop.set()
    worker.join(10)
