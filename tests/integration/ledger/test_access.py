"""Who may see an account ends with a link, a revocation or a sale; until proven, name and address are masked."""

import time
from dataclasses import dataclass
from typing import Any

import pytest

from tests.integration.ledger.conftest import Ask, Ledger
from tests.support import facts
from tests.support.waiting import until

HOLDER = {"name": "Иванова Айгүл", "address_ru": "Алматы, ул. Абая, 42-7", "address_kk": "Алматы, Абай көшесі, 42-7"}
HEARD = "SELECT version FROM stream_heads WHERE key = %s"


@dataclass
class Flat:
    """An account with a holder and its resident."""

    ledger: Ledger
    log: facts.Log
    user: str

    @property
    def path(self) -> str:
        """Where the account is read."""
        return f"/v1/accounts/{self.log.account}"

    def hear(self, *events: facts.Event) -> None:
        """The last facts of the account, applied."""
        self.ledger.hear(events)
        self.ledger.applied(self.log)

    def holder(self, version: int | None) -> None:
        """States the holder; without a version erases them."""
        account = self.log.account
        said = None if version is None else HOLDER | {"account": account, "version": version}
        self.ledger.state("provider-sync.holders.v1", account, said, "kz.settlement.provider-sync.holder.stated.v1")

    def say(self, kind: str, user: str = "", at: str = "2026-10-15T06:00:01.5Z", **data: Any) -> None:
        """A fact of identity about the user and the account, recorded at a moment; heard when this returns."""
        user = user or self.user
        said = {"user": user, "account": self.log.account} | data
        event = self.ledger.wrapped(user, said, f"kz.settlement.identity.{kind}.v1") | {"recordedtime": at}
        facts.publish(self.ledger.config.kafka_bootstrap_servers, self.ledger.topic("identity.users.v1"), [event])

    def heard(self, user: str = "") -> None:
        """Waits until all that identity said of the user is applied."""
        name = user or self.user
        until(lambda: self.ledger.query(HEARD, name) == [(self.ledger.users[name],)], "identity's facts are heard")


@pytest.fixture
def flat(town: Ledger) -> Flat:
    """A linked account with a holder, applied."""
    log, user = town.new()
    flat = Flat(town, log, user)
    log.open()
    log.charge("heating", 1000)
    flat.holder(2)
    flat.hear(*log.events)
    flat.say("account.linked", proof="last-payment", masked_until=None)
    flat.heard()
    known = "SELECT FROM holders WHERE account = %s"
    until(lambda: town.query(known, log.account) != [], "the holder is stated")
    return flat


@pytest.mark.parametrize("kind", ["account.unlinked", "access.revoked", "user.closed"])
def test_an_ended_link_is_gone_within_a_second(flat: Flat, ask_town: Ask, kind: str) -> None:
    """From the fact on the topic to the 404; the deadline is thrice the promise's second, for a busy machine."""
    assert ask_town(flat.path, user=flat.user)[0] == 200
    flat.say(kind, reason="operator")
    began = time.monotonic()
    until(lambda: ask_town(flat.path, user=flat.user)[0] == 404, "the account is gone", within_s=3)
    print(f"gone after {time.monotonic() - began:.3f} s")
    assert ask_town("/v1/accounts", user=flat.user)[1] == {"accounts": []}


@pytest.mark.parametrize(("reason", "status"), [("sold", 404), ("inherited", 404), ("name-corrected", 200)])
def test_a_sale_ends_what_was_linked_before_it(flat: Flat, ask_town: Ask, reason: str, status: int) -> None:
    """The ledger does not wait for identity; a corrected name ends nothing."""
    flat.hear(flat.log.say("account.holder-changed", holder="h-2", effective_from="2026-10-12", reason=reason))
    assert ask_town(flat.path, user=flat.user)[0] == status
    assert len(flat.ledger.query("SELECT FROM links WHERE user_id = %s", flat.user)) == (status == 200)


def test_the_order_of_the_topics_does_not_matter(flat: Flat, ask_town: Ask) -> None:
    """A link made after the sale stays though the sale is heard later; one made before it never counts."""
    _, late = flat.ledger.new()
    flat.say("account.linked", late, at="2026-10-16T00:00:00Z", proof="one-time-code", masked_until=None)
    flat.heard(late)
    flat.hear(flat.log.say("account.holder-changed", holder="h-2", effective_from="2026-10-12", reason="sold"))
    _, early = flat.ledger.new()
    flat.say("account.linked", early, at="2026-10-01T00:00:00Z", proof="last-payment", masked_until=None)
    flat.heard(early)
    assert [ask_town(flat.path, user=user)[0] for user in (late, early, flat.user)] == [200, 404, 404]


def test_name_and_address_are_masked_until_it_is_time(flat: Flat, ask_town: Ask) -> None:
    """Initials and the street only, on every read; account.unmasked shows them."""
    flat.say("account.linked", proof="last-payment", masked_until="2099-01-01T00:00:00Z")
    flat.heard()
    _, account, headers = ask_town(flat.path, user=flat.user)
    (mine,) = ask_town("/v1/accounts", user=flat.user)[1]["accounts"]
    for shown in (account, mine):
        assert (shown["holder"], shown["masked"]) == ("И••• А•••", True)
        assert (shown["address_ru"], shown["address_kk"]) == ("Алматы, ул. Абая, •••", "Алматы, Абай көшесі, •••")
    assert "flat" not in account
    assert "flat" not in ask_town(f"{flat.path}/statement?period=2026-10", user=flat.user)[1]["base"]
    assert "flat" not in ask_town(f"{flat.path}/changes", user=flat.user)[1]["changes"][0]["said"]
    flat.say("account.unmasked")
    flat.heard()
    status, account, _ = ask_town(flat.path, user=flat.user, If_None_Match=headers["ETag"])
    assert (status, account["holder"], account["address_ru"]) == (200, HOLDER["name"], HOLDER["address_ru"])
    assert (account["flat"], "masked" in account) == ("7", False)


def test_an_erased_holder_does_not_come_back_with_an_older_record(flat: Flat, ask_town: Ask) -> None:
    """A tombstone leaves no name, only the version that keeps older records out; a newer one counts."""
    for version in (None, 1, 2):
        flat.holder(version)
    until(lambda: "holder" not in ask_town(flat.path, user=flat.user)[1], "the holder is erased")
    kept = "SELECT version, name, address_ru, address_kk, phone FROM holders WHERE account = %s"
    assert flat.ledger.query(kept, flat.log.account) == [(2, None, None, None, None)]
    flat.holder(3)
    until(lambda: "holder" in ask_town(flat.path, user=flat.user)[1], "the new holder is stated")
    assert flat.ledger.query(kept, flat.log.account)[0][0] == 3
