"""How hard somebody guesses is counted: proofs of the day, budgets that are spent, the breaker."""

from prometheus_client import REGISTRY

from common.postgres import connect
from identity.store.waits import measures
from tests.integration.identity.conftest import MakeTown
from tests.integration.identity.town import Town


def counted(town: Town, name: str, **labels: str) -> float | None:
    """A metric after the relay's measures were taken once."""
    config = town.desk.config
    with connect(config.database_url, "tests", autocommit=True) as conn:
        for measure in measures(config.budgets, config.proof_failures_in_city):
            measure(conn)
    return REGISTRY.get_sample_value(name, labels)


def test_failures_budgets_and_the_breaker_are_counted(towns: MakeTown) -> None:
    """Two wrong amounts spend the account's two tries; the breaker opens with the second failure of the city."""
    town = towns(proofs_per_account=2, proof_failures_in_city=2)
    town.account("100")
    assert counted(town, "settlement_breaker_open") == 0
    assert town.registers("aigul1", "100", "1,00").status_code == 422
    assert counted(town, "settlement_budgets_spent", kind="account") == 0
    assert town.registers("aigul2", "100", "2,00").status_code == 422
    assert counted(town, "settlement_budgets_spent", kind="account") == 1
    assert counted(town, "settlement_proofs_day", outcome="failed") == 2
    assert counted(town, "settlement_breaker_open") == 1


def test_answers_are_timed_by_the_pattern_of_their_path(town: Town) -> None:
    """The pattern has no account number in it; what no route takes counts as `none`."""
    labels = {"method": "GET", "route": "none", "status": "404"}
    before = REGISTRY.get_sample_value("settlement_http_seconds_count", labels) or 0
    assert town.app.test_client().get("/v1/nothing/100000123").status_code == 404
    assert REGISTRY.get_sample_value("settlement_http_seconds_count", labels) == before + 1
