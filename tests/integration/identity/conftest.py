"""Identity on a database of its own."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import pytest

from identity import api
from identity.app.desk import build_desk
from identity.config import Config
from identity.handlers import keyring
from tests.conftest import MakeDatabase
from tests.integration.identity.town import Town
from tests.support import databases
from tests.support.servers import Addresses

SECRET = "a secret that stands in no list at all"

MakeTown = Callable[..., Town]


@pytest.fixture
def towns(database: MakeDatabase) -> Iterator[MakeTown]:
    """Makes a town: `towns(proofs_per_account=3)`; `towns(of=other)` is another process on the same database."""
    with ExitStack() as opened:

        def make(of: Town | None = None, **settings: Any) -> Town:
            url = of.desk.config.database_url if of else database("identity")
            config = Config(
                **{"database_url": url, "kafka_bootstrap_servers": "127.0.0.1:1", **settings},
                identity_key_secret=SECRET,
            )
            desk = build_desk(config, "test-identity", pool_size=12)
            opened.callback(desk.close)
            keyring.provide(desk)
            return Town(desk, api.create(desk))

        yield make


@pytest.fixture(scope="module")
def shared_town(servers: Addresses) -> Iterator[Town]:
    """One town for a whole file, whose tests keep out of each other's way by accounts and names of their own."""
    tables = databases.shared_tables("identity")
    template = databases.template_of(servers.postgres, "identity", tables)
    with databases.copy_of(servers.postgres, template, "identity") as url:
        config = Config(database_url=url, kafka_bootstrap_servers="127.0.0.1:1", identity_key_secret=SECRET)
        desk = build_desk(config, "test-identity", pool_size=12)
        keyring.provide(desk)
        yield Town(desk, api.create(desk))
        desk.close()


@pytest.fixture
def town(towns: MakeTown) -> Town:
    """A town with the usual settings."""
    return towns()
