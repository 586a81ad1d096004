"""A payment agent asks what is due, under a key the directory states, and only while that copy is fresh."""

import hashlib
from typing import Any

import pytest

from tests.integration.ledger.conftest import Ask, Ledger
from tests.support.facts import Log, barriers
from tests.support.waiting import until

ACCOUNT = "100000123"
STATED = "kz.settlement.provider-sync.directory.stated.v1"
DIRECTORY = "provider-sync.directory.v1"
GOOD = {"Authorization": "Bearer kgood.secret"}


def key(ledger: Ledger, ident: str, version: int = 1, **changed: Any) -> None:
    """States a payment agent's key whose secret is `secret`."""
    body = {"version": version, "key_id": ident, "owner": "halyk", "hash": hashlib.sha256(b"secret").hexdigest()}
    given = body | {"scopes": ["payments", "due"], "expires_at": None, "revoked": False} | changed
    ledger.state(DIRECTORY, f"agent-key/{ident}", given, STATED)


@pytest.fixture(scope="module")
def counter(town: Ledger) -> Ledger:
    """An account with two debts after a close, and keys in every state."""
    log = Log(ACCOUNT)
    log.open()
    log.charge("heating", 10_000, "2026-10")
    town.hear([*log.events, *barriers("2026-10")])
    town.closed("2026-10")
    log.charge("water", 2_500, "2026-11")
    log.pay(4_000, "2026-11")
    log.say("account.renumbered", number="777")
    town.hear(log.events[2:])
    town.applied(log)
    holder = {"account": ACCOUNT, "version": 1, "name": "Иванова Айгүл", "address_ru": "ул. Абая, 42-7"}
    stated = "kz.settlement.provider-sync.holder.stated.v1"
    town.state("provider-sync.holders.v1", ACCOUNT, holder | {"address_kk": "Абай көшесі, 42-7"}, stated)
    until(lambda: town.query("SELECT FROM holders") != [], "the holder is stated")
    key(town, "kgood")
    key(town, "knodue", scopes=["payments"])
    key(town, "kold", expires_at="2026-01-01T00:00:00Z")
    key(town, "krevoked", revoked=True)
    until(lambda: len(town.query("SELECT FROM directory WHERE kind = 'agent-key'")) == 4, "the keys are stated")
    until(lambda: len(town.query("SELECT FROM fresh")) == 12, "the directory is known to be fresh")
    return town


def test_the_cashier_sees_what_is_due_and_half_a_name(counter: Ledger, ask_town: Ask) -> None:
    """Per service, by any number of the account; initials and the street only."""
    for number in (ACCOUNT, "777"):
        status, body, headers = ask_town(f"/v1/agents/accounts/{number}/due", **GOOD)
        assert (status, headers["Cache-Control"]) == (200, "no-store")
        assert [(row["service"], row["amount"]) for row in body["rows"]] == [("heating", "60.00"), ("water", "25.00")]
        assert (body["total"], body["account"], body["holder"]) == ("85.00", ACCOUNT, "И••• А•••")
        assert (body["street_ru"], body["street_kk"]) == ("ул. Абая, •••", "Абай көшесі, •••")
        assert (body["cut_off"], body["position"]) == ("2026-11-05T13:00:00.000000Z", f"account/{ACCOUNT}@5")


@pytest.mark.parametrize(
    "authorization",
    ["", "Bearer", "Bearer kgood", "Bearer kgood.wrong", "Bearer knodue.secret", "Bearer kold.secret",
     "Bearer krevoked.secret", "Bearer knobody.secret", "Basic kgood.secret", f"Bearer {'k' * 5000}.secret"],
)  # fmt: skip
def test_any_other_key_is_refused(counter: Ledger, ask_town: Ask, authorization: str) -> None:
    """401 whatever is wrong with it, also a resident's token."""
    status, body, _ = ask_town(f"/v1/agents/accounts/{ACCOUNT}/due", Authorization=authorization)
    assert (status, body["code"]) == (401, "agent-key-required")
    assert ask_town(f"/v1/agents/accounts/{ACCOUNT}/due")[0] == 401


def test_an_unknown_account_is_not_found(counter: Ledger, ask_town: Ask) -> None:
    """The number may be mistyped; characters no number has are refused."""
    assert ask_town("/v1/agents/accounts/999/due", **GOOD)[1]["code"] == "account-not-found"
    assert ask_town("/v1/agents/accounts/9'9/due", **GOOD)[0] == 422


def test_a_stale_copy_lets_nobody_in(counter: Ledger, ask_town: Ask) -> None:
    """503 with Retry-After, for good keys and bad; fresh again, the agent is served again."""
    path = f"/v1/agents/accounts/{ACCOUNT}/due"
    key(counter, "kgood", 2, revoked=True)
    until(lambda: ask_town(path, **GOOD)[0] == 401, "the revocation is heard")
    counter.execute("DELETE FROM fresh")
    status, body, headers = ask_town(path, **GOOD)
    assert (status, body["code"], headers["Retry-After"]) == (503, "directory-stale", "5")
    key(counter, "kgood", 3)
    until(lambda: ask_town(path, **GOOD)[0] == 200, "the agent is served again")
