"""One house for all tests of a worker process: they use accounts and users of their own."""

import os
import secrets
from collections.abc import Iterator

import pytest
import yaml

from common import kafka
from common.ids import uuid7
from common.topics import create
from native.paths import ROOT
from receipts.config import Config
from receipts.migrations import SHARED
from tests.integration.receipts.house import House
from tests.support import databases
from tests.support.servers import Addresses

_TOPICS = (
    "ledger.statements.v1",
    "ledger.drafts.v1",
    "provider-sync.holders.v1",
    "provider-sync.directory.v1",
    "provider-sync.accounts.v1",
    "identity.users.v1",
    "identity.keys.v1",
    "receipts.receipts.v1",
)
_REDIS_FROM = 32


@pytest.fixture(scope="session")
def house(servers: Addresses, tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """Receipts at work, sweeping every second."""
    prefix = f"t{secrets.token_hex(4)}."
    known = yaml.safe_load((ROOT / "deploy" / "kafka" / "topics.yaml").read_text())["topics"]
    made = create(servers.kafka, {name: known[name] for name in _TOPICS}, prefix)
    template = databases.template_of(servers.postgres, "receipts", SHARED)
    number = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw"))
    with databases.copy_of(servers.postgres, template, "receipts") as url:
        config = Config(
            database_url=url,
            kafka_bootstrap_servers=servers.kafka,
            redis_url=f"{servers.redis.rpartition('/')[0]}/{_REDIS_FROM + number}",
            files_dir=str(tmp_path_factory.mktemp("files")),
            topic_prefix=prefix,
            public_url="https://receipts.example",
            render_processes=1,
            sweep_every_s=1,
        )
        with House(config).open() as opened:
            opened.flush_redis()
            yield opened
    client = kafka.admin(servers.kafka)
    client.delete_topics(made)
    client.close()


@pytest.fixture
def user() -> str:
    """A resident nobody else is."""
    return str(uuid7())


@pytest.fixture
def account() -> str:
    """An account no other test touches."""
    return str(secrets.randbelow(10**9) + 10**9)
