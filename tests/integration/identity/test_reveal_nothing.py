"""P16: what must look alike looks alike, in status, body, headers and length; time is measured by the bench."""

import json
from collections import defaultdict
from typing import Any

import pytest
from argon2 import PasswordHasher

from identity.handlers import operators
from identity.store.acts import By
from tests.integration.identity.conftest import MakeTown
from tests.integration.identity.town import PASSWORD, Town

CALLS = 12


@pytest.fixture
def town(towns: MakeTown) -> Town:
    """A town with one account for each thing that may be wrong, and much patience."""
    town = towns(proofs_per_user=10**6, proofs_per_source=10**6, free_sign_ins=10**6, mails_per_address=10**6,
                 proofs_per_account=1000)  # fmt: skip
    town.desk.hasher._argon2 = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
    town.account("wrong")
    town.account("frozen")
    town.account("small", tenge=1)
    town.account("spent")
    operators.freeze(town.desk, By("Dana", "a test"), "frozen")
    with town.desk.pool.connection() as conn:
        conn.execute(
            "INSERT INTO budgets (kind, key, spent_at) VALUES ('account', 'spent', array_fill(now(), ARRAY[1000]))"
        )
    return town


def looks(answer: Any) -> str:
    """All a client sees but the request's own id."""
    headers = sorted((name, value) for name, value in answer.headers if name not in ("X-Request-Id", "Date"))
    body = json.loads(answer.data) | {"instance": ""} if answer.data else None
    return json.dumps([answer.status_code, headers, len(answer.data), body])


def alike(outcomes: dict[str, Any]) -> None:
    """Every outcome, called again and again in turn, looks like the others."""
    seen = defaultdict(set)
    for number in range(CALLS):
        for name, call in outcomes.items():
            seen[looks(call(number))].add(name)
    assert list(seen.values()) == [set(outcomes)], list(seen)


def test_failed_registrations_look_alike(town: Town) -> None:
    """Unknown number, wrong amount, too small a payment, frozen, tries spent, a wrong code."""
    alike({
        "unknown": lambda n: town.registers(f"name-u{n}", "unknown"),
        "wrong": lambda n: town.registers(f"name-w{n}", "wrong", "1,00"),
        "small": lambda n: town.registers(f"name-s{n}", "small", "1,00"),
        "frozen": lambda n: town.registers(f"name-f{n}", "frozen"),
        "spent": lambda n: town.registers(f"name-p{n}", "spent"),
        "code": lambda n: town.registers(f"name-c{n}", "wrong", None, one_time_code="7K3M-9QX2-BD40"),
    })  # fmt: skip


def test_failed_links_look_alike(town: Town) -> None:
    """The same in a cabinet."""
    who = town.resident("aigul", town.account("own"))
    alike({
        "unknown": lambda _: town.adds(who, "unknown"),
        "wrong": lambda _: town.adds(who, "wrong", "1,00"),
        "small": lambda _: town.adds(who, "small", "1,00"),
        "frozen": lambda _: town.adds(who, "frozen"),
        "spent": lambda _: town.adds(who, "spent"),
    })  # fmt: skip


def test_sign_ins_and_resets_look_alike(town: Town) -> None:
    """A known user and none; a registration that waits; an address with a cabinet and without."""
    town.resident("aigul", town.account("own"))
    town.registers("waits", town.account("own2"))
    alike({
        "unknown name": lambda n: town.signs_in(f"nobody{n}", "wrong"),
        "unknown address": lambda n: town.signs_in(f"nobody{n}@example.kz", "wrong"),
        "wrong password": lambda _: town.signs_in("aigul", "wrong"),
        "waiting": lambda _: town.signs_in("waits", "wrong"),
    })  # fmt: skip
    asked = {"known": "aigul@example.kz", "waiting": "waits@example.kz", "unknown": "nobody@example.kz"}
    for path in ("/v1/password-resets", "/v1/registrations/resend"):
        alike({
            name: lambda _, path=path, address=address: town.call("POST", path, {"email": address})
            for name, address in asked.items()
        })  # fmt: skip


def test_registrations_with_a_known_and_a_new_address_look_alike(town: Town) -> None:
    """And a new address in a change of e-mail."""
    who = town.resident("aigul", town.account("own"))
    town.resident("samal", town.account("own2"))
    alike({
        "new": lambda n: town.registers(f"name-n{n}", "wrong"),
        "known": lambda n: town.registers(f"name-k{n}", "wrong", email="samal@example.kz"),
    })  # fmt: skip
    change = {"current_password": PASSWORD}
    alike({
        "new": lambda n: town.call("PUT", "/v1/me/email", change | {"email": f"new{n}@example.kz"}, **who),
        "known": lambda _: town.call("PUT", "/v1/me/email", change | {"email": "samal@example.kz"}, **who),
    })  # fmt: skip
