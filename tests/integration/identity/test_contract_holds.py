"""schemathesis: whatever the contract allows, and much that it does not, gets an answer that the contract names."""

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

from tests.integration.identity.conftest import MakeTown

CHECKS: list[Any] = [
    not_a_server_error, content_type_conformance, response_schema_conformance, status_code_conformance,
]  # fmt: skip


def fuzz(towns: MakeTown, examples: int) -> int:
    """Calls each operation with this many examples, as a resident who is signed in and as nobody; counts them."""
    town = towns(proofs_per_source=10**6, proofs_per_account=10**6)
    who = town.resident("aigul", town.account("100"))
    schema = schemathesis.openapi.from_wsgi("/openapi.json", town.app)
    operations: list[Any] = [found.ok() for found in schema.get_all_operations()]  # type: ignore[union-attr]  # all valid
    for operation in operations:

        @settings(
            max_examples=examples,
            database=None,
            suppress_health_check=list(HealthCheck),
            derandomize=True,
        )
        @given(case=operation.as_strategy())
        def check(case: Any) -> None:
            case.call_and_validate(headers={"Authorization": "none"}, checks=CHECKS)
            # Signing out would leave nobody signed in for the rest.
            if (case.method, case.path) != ("DELETE", "/v1/sessions/current"):
                case.call_and_validate(headers=who, checks=CHECKS)

        check()
    assert town.call("GET", "/v1/me", **who).status_code == 200
    return len(operations)


def test_every_call_answers_as_the_contract_says(towns: MakeTown) -> None:
    """A few cases of each."""
    assert fuzz(towns, 4) >= 28


@pytest.mark.slow
@pytest.mark.timeout(1800)
def test_every_call_answers_many_cases_as_the_contract_says(towns: MakeTown) -> None:
    """Many of each."""
    fuzz(towns, 200)
