"""Which servers a test run uses."""

import pytest

from tests.support.servers import choose

GIVEN = {"TEST_POSTGRES_URL": "postgresql://x", "TEST_KAFKA": "x:1", "TEST_REDIS_URL": "redis://x"}


def test_given_addresses_win_over_a_container_engine() -> None:
    """Whoever names servers wants those."""
    assert choose(GIVEN, lambda: True) == "addresses"


def test_containers_are_used_when_an_engine_answers() -> None:
    """The usual way on a developer's machine."""
    assert choose({}, lambda: True) == "containers"


def test_without_an_engine_the_machine_runs_the_servers_itself() -> None:
    """So that no test is skipped where there are no containers."""
    assert choose({}, lambda: False) == "native"


def test_addresses_given_in_part_are_refused() -> None:
    """Half of the wish would mix two sets of servers."""
    with pytest.raises(ValueError, match="only TEST_KAFKA is set"):
        choose({"TEST_KAFKA": "x:1"}, lambda: True)
