"""schemathesis over the OpenAPI document: no 5xx for anything it thinks of, and every answer is as documented."""

from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from provider_sync import api
from provider_sync.config import Config
from tests.integration.provider_sync.town import Town

CHECKS: list[Any] = [
    not_a_server_error, content_type_conformance, response_schema_conformance, status_code_conformance,
]  # fmt: skip


def every_operation(town: Town, examples: int) -> int:
    """Calls each operation with this many examples, signed as the bank; how many operations there are."""
    app = api.create(town.base, town.spool, Config(town.url, facts_limit_bytes=200_000, upload_limit_bytes=100_000))
    schema = schemathesis.openapi.from_wsgi("/openapi.json", app)
    signed = {"Authorization": f"Bearer {town.keys['halyk-bank'].bearer}"}
    operations: list[Any] = [found.ok() for found in schema.get_all_operations()]  # type: ignore[union-attr]
    for operation in operations:

        @settings(
            max_examples=examples,
            database=None,
            suppress_health_check=list(HealthCheck),
            derandomize=True,
        )
        @given(case=operation.as_strategy())
        def check(case: Any) -> None:
            case.call_and_validate(headers=signed, checks=CHECKS)

        check()
    return len(operations)


def test_no_call_is_a_server_error(town: Town) -> None:
    """A few examples of each."""
    assert every_operation(town, 5) >= 7


@pytest.mark.slow
@pytest.mark.timeout(1200)
def test_hundreds_of_calls_are_no_server_error(town: Town) -> None:
    """The same with many more."""
    every_operation(town, 400)
