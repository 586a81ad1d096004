"""A town per test, and the HTTP API over it."""

from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from flask.testing import FlaskClient

from provider_sync import api
from provider_sync.config import Config
from tests.conftest import MakeDatabase
from tests.integration.provider_sync.town import Town, founded, opened
from tests.support import databases
from tests.support.servers import Addresses


@pytest.fixture
def town(database: MakeDatabase, tmp_path: Path, topic_prefix: str) -> Iterator[Town]:
    """Accounts 100 to 119 are open."""
    accounts = [str(number) for number in range(100, 120)]
    with founded(database("provider_sync"), tmp_path / "spool", topic_prefix, accounts) as made:
        yield made


@pytest.fixture
def http(town: Town) -> FlaskClient:
    """The HTTP API of the town."""
    config = Config(town.url, facts_limit_bytes=200_000, upload_limit_bytes=100_000)
    return api.create(town.base, town.spool, config).test_client()


_FORGOTTEN = (
    "facts", "shapes", "outbox", "said", "undone", "unmatched", "numbers", "connections",
    "connected_services", "held_batches", "held", "history", "homes", "tallies", "submissions", "uploads",
    "rejected_rows", "closed_periods", "posted_from", "audit",
    "close_requests", "reissues", "parked_accounts",
)  # fmt: skip


@pytest.fixture(scope="module")
def founded_once(servers: Addresses, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Town]:
    """A town for a whole file of tests: a database of one's own costs a second a test."""
    template = databases.template_of(servers.postgres, "provider_sync", databases.shared_tables("provider_sync"))
    folder = tmp_path_factory.mktemp("town")
    with databases.copy_of(servers.postgres, template, "provider_sync") as url, founded(url, folder, "once.") as town:
        yield town


@pytest.fixture
def emptied(founded_once: Town) -> Town:
    """Accounts 100 to 119 are open, and nothing else is known: what earlier tests did is forgotten."""
    with psycopg.connect(founded_once.url) as conn:
        conn.execute(f"TRUNCATE {', '.join(_FORGOTTEN)} RESTART IDENTITY CASCADE".encode())
        conn.execute("DELETE FROM directory WHERE entity LIKE 'tariff/%'")
        conn.execute("UPDATE calendar SET closed_through = NULL")
    outcomes = founded_once.say("centre", *(opened(str(account)) for account in range(100, 120)))
    assert {outcome.status for outcome in outcomes} == {"accepted"}
    return founded_once
