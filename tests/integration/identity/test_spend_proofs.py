"""Nobody sweeps the city: tries are spent before they are judged, whatever runs in parallel or restarts."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from identity.domain.proof import prove
from identity.handlers import proofs
from tests.integration.identity.conftest import MakeTown
from tests.integration.identity.town import Town, code_of


@pytest.fixture
def judged(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """The claims that were really judged: the rule itself works on, each call is written down."""
    seen: list[Any] = []
    rule = prove

    def noting(claim: Any, *rest: Any) -> Any:
        seen.append(claim)
        return rule(claim, *rest)

    monkeypatch.setattr(proofs, "prove", noting)
    return seen


def guess_all(town: Town, count: int, right_at: int | None = None) -> list[int]:
    """That many registrations for one account at once, from different people and places; returns the statuses."""

    def guess(index: int) -> int:
        other = Town(town.desk, town.app, source=f"203.0.113.{index}")
        amount = "13500,00" if index == right_at else f"{index},00"
        return other.registers(f"guesser{index}", "100", amount).status_code

    with ThreadPoolExecutor(8) as pool:
        return list(pool.map(guess, range(count)))


def test_of_200_parallel_guesses_five_are_judged(town: Town, judged: list[Any]) -> None:
    """P15: at most five per account and day; the right amount among the rest is not even looked at."""
    town.account("100")
    assert guess_all(town, 40, right_at=None) == [422] * 40
    assert guess_all(town, 160, right_at=80) == [422] * 160
    assert len(judged) == 5


def test_a_restart_gives_no_try_back(towns: MakeTown, judged: list[Any]) -> None:
    """Budgets stand in PostgreSQL."""
    town = towns()
    town.account("100")
    guess_all(town, 5)
    reborn = towns(of=town)
    assert code_of(reborn.registers("aigul", "100")) == "proof-failed"
    assert len(judged) == 5


def test_a_try_is_spent_even_when_judging_dies(town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    """Spent and committed first: an error between gives nothing back (mutant M8)."""
    town.account("100")

    def dying(*_: Any) -> Any:
        raise RuntimeError("power cut")

    monkeypatch.setattr(proofs, "prove", dying)
    assert [town.registers(f"aigul{n}", "100").status_code for n in range(6)] == [500] * 5 + [422]


def test_one_person_cannot_try_account_after_account(towns: MakeTown, judged: list[Any]) -> None:
    """Ten tries a day for one address or cabinet, wherever they come from."""
    town = towns(proofs_per_user=4)
    town.account("999", tenge=9_000)
    sprayer = town.resident("sprayer", "999", last_payment_amount="9000,00")
    judged.clear()
    for index in range(6):
        town.source = f"203.0.113.{index}"
        town.adds(sprayer, town.account(f"3{index}"), "1,00")
    assert len(judged) == 4


def test_one_place_cannot_try_account_after_account(towns: MakeTown, judged: list[Any]) -> None:
    """Under ever new names from one address; the neighbours elsewhere are not touched."""
    town = towns(proofs_per_source=4)
    for index in range(6):
        assert code_of(town.registers(f"sprayer{index}", town.account(f"3{index}"), "1,00")) == "proof-failed"
    assert len(judged) == 4
    town.source = "203.0.113.9"
    assert town.registers("aigul", town.account("100")).status_code == 202


def test_when_many_fail_the_date_is_asked_too(towns: MakeTown, judged: list[Any]) -> None:
    """The breaker opens after so many failures in the city; asking costs nothing and honest residents pass on."""
    town = towns(proof_failures_in_city=3)
    for index in range(3):
        town.registers(f"sprayer{index}", town.account(f"3{index}"), "1,00")
    town.account("100")
    asked = town.registers("aigul", "100")
    assert (asked.status_code, code_of(asked)) == (422, "payment-date-required")
    assert town.rows("SELECT * FROM budgets WHERE kind = 'account' AND key = '100'") == []
    assert code_of(town.registers("aigul", "100", last_payment_date="2026-11-07")) == "proof-failed"
    assert town.registers("aigul", "100", last_payment_date="2026-11-08").status_code == 202
    assert len(judged) == 5


def test_good_proofs_do_not_open_the_breaker(towns: MakeTown) -> None:
    """Only failures count, not a busy day."""
    town = towns(proof_failures_in_city=2)
    for index in range(5):
        assert town.registers(f"aigul{index}", town.account(f"1{index}")).status_code == 202
    assert town.rows("SELECT sum(spent - succeeded) FROM city_proofs") == [(0,)]


def test_tries_come_back_after_a_day(town: Town) -> None:
    """The window slides: what is older than 24 hours counts no more."""
    town.account("100")
    guess_all(town, 5)
    assert code_of(town.registers("aigul", "100")) == "proof-failed"
    with town.desk.pool.connection() as conn:
        conn.execute("UPDATE budgets SET spent_at = ARRAY(SELECT t - interval '24 hours' FROM unnest(spent_at) AS t)")
    assert town.registers("aigul", "100").status_code == 202
