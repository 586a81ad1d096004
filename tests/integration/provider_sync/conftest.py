"""A town per test, and the HTTP API over it."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from flask.testing import FlaskClient

from provider_sync import api
from provider_sync.config import Config
from tests.conftest import MakeDatabase
from tests.integration.provider_sync.town import Town, founded


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
