"""Random lives of cabinets against a model of plain dictionaries: what a resident sees is what the model says."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from typing import Any

import pytest
from argon2 import PasswordHasher
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule, run_state_machine_as_test

from identity.events import HolderChanged
from identity.handlers import operators, rebuilding
from identity.store.acts import By
from tests.integration.identity.conftest import MakeTown
from tests.integration.identity.town import PASSWORD, Town, bearer, code_of, json_of, payment, token_in

BY = By("Dana", "the model")
SLOTS = st.integers(0, 2)
HOUSES = st.integers(0, 2)


@dataclass
class House:
    """An account as the model knows it: what its last payment is, whether it may be linked."""

    number: str
    tenge: int
    sequence: int = 2
    frozen: bool = False


@dataclass
class Cabinet:
    """A cabinet as the model knows it: linked accounts in order, each masked or not, with its nickname."""

    name: str
    who: dict[str, str]
    refresh: str
    language: str = "kk"
    links: dict[str, bool] = field(default_factory=dict)
    nicknames: dict[str, str | None] = field(default_factory=dict)


class Lives(RuleBasedStateMachine):
    """Three cabinets at a time, three accounts; every step goes through HTTP and the real database."""

    town: Town
    names: Iterator[int]

    def __init__(self) -> None:
        super().__init__()
        self.round = next(self.names)
        self.cabinets: dict[int, Cabinet] = {}
        self.questions: dict[tuple[str, str, str], str] = {}
        self.houses = [House(f"m{self.round}h{n}", 1_000 * (n + 1)) for n in range(3)]
        for house in self.houses:
            self.town.account(house.number, house.tenge)

    def held(self, number: str) -> bool:
        """Whether any cabinet has the account."""
        return any(number in cabinet.links for cabinet in self.cabinets.values())

    @precondition(lambda self: len(self.cabinets) < 3)
    @rule(slot=SLOTS, house=HOUSES, right=st.booleans())
    def register(self, slot: int, house: int, right: bool) -> None:
        """A new resident with a right or a wrong amount."""
        if slot in self.cabinets:
            return
        home = self.houses[house]
        name = f"m{self.round}u{next(self.names)}"
        answer = self.town.registers(name, home.number, f"{home.tenge + (not right)},00")
        if not right or home.frozen:
            assert code_of(answer) == "proof-failed"
            return
        token = self.town.token(f"{name}@example.kz")
        assert self.town.call("POST", "/v1/registrations/confirm", {"token": token}).status_code == 200
        tokens = json_of(self.town.signs_in(name))
        masked = self.held(home.number)
        made = Cabinet(name, bearer(tokens), tokens["refresh_token"], links={home.number: masked})
        made.nicknames[home.number] = None
        self.cabinets[slot] = made

    @rule(slot=SLOTS, house=HOUSES, right=st.booleans(), nickname=st.sampled_from([None, "үй", "Дача № 2"]))
    def add(self, slot: int, house: int, right: bool, nickname: str | None) -> None:
        """One more account for a cabinet."""
        cabinet, home = self.cabinets.get(slot), self.houses[house]
        if cabinet is None:
            return
        answer = self.town.adds(cabinet.who, home.number, f"{home.tenge + (not right)},00", nickname=nickname)
        if home.number in cabinet.links:
            assert code_of(answer) == "already-linked"
        elif not right or home.frozen:
            assert code_of(answer) == "proof-failed"
        else:
            assert answer.status_code == 201
            cabinet.links[home.number], cabinet.nicknames[home.number] = self.held(home.number), nickname

    @rule(slot=SLOTS, house=HOUSES)
    def remove(self, slot: int, house: int) -> None:
        """An account leaves a cabinet, if it is there."""
        cabinet, number = self.cabinets.get(slot), self.houses[house].number
        if cabinet is None:
            return
        answer = self.town.call("DELETE", f"/v1/me/accounts/{number}", **cabinet.who)
        assert answer.status_code == (200 if number in cabinet.links else 404)
        cabinet.links.pop(number, None)

    @rule(house=HOUSES, tenge=st.integers(500, 90_000))
    def pay(self, house: int, tenge: int) -> None:
        """Somebody pays: from now on this amount proves."""
        home = self.houses[house]
        home.sequence, home.tenge = home.sequence + 1, tenge
        paid = payment(f"P-{home.number}-{home.sequence}", tenge, "2026-11-09")
        day = f"2027-01-{home.sequence:02d}" if home.sequence < 28 else f"2027-02-{home.sequence - 27:02d}"
        self.town.hears(home.number, payment(paid.reference, tenge, day), first=home.sequence)

    @rule(house=HOUSES)
    def sell(self, house: int) -> None:
        """The account is sold: every link that stands on an earlier payment ends, the payments prove nothing."""
        home = self.houses[house]
        home.sequence += 1
        self.town.hears(home.number, HolderChanged(date(2026, 11, 1), "sold"), first=home.sequence)
        for cabinet in self.cabinets.values():
            cabinet.links.pop(home.number, None)
        self.pay(house, 60_000 + home.sequence)

    @rule(slot=SLOTS, house=HOUSES, known=st.booleans())
    def answer(self, slot: int, house: int, known: bool) -> None:
        """The newest question to a holder is answered."""
        cabinet, home = self.cabinets.get(slot), self.houses[house]
        if cabinet is None or home.number not in cabinet.links:
            return
        asked = self.town.rows(
            "SELECT n.newcomer, p.user_name FROM link_notices AS n JOIN people AS p ON p.user_id = n.newcomer"
            " JOIN people AS h ON h.user_id = n.holder WHERE h.user_name = %s AND n.account = %s AND n.answer IS NULL"
            " ORDER BY n.linked_at DESC LIMIT 1",
            cabinet.name,
            home.number,
        )
        letters = [
            letter
            for letter in self.town.letters(f"{cabinet.name}@example.kz")
            if "link-notice" in _text(letter) and home.number in _text(letter)
        ]
        if not asked or not letters:
            return
        self.town.call("POST", f"/v1/link-notices/{token_in(letters[-1])}", {"answer": "known" if known else "not-me"})
        if not known:
            home.frozen = True
            return
        for other in self.cabinets.values():
            if other.name == asked[0][1] and home.number in other.links:
                other.links[home.number] = False

    @rule(house=HOUSES)
    def unfreeze(self, house: int) -> None:
        """An operator has looked."""
        assert operators.unfreeze(self.town.desk, BY, self.houses[house].number) == self.houses[house].frozen
        self.houses[house].frozen = False

    @rule(slot=SLOTS, language=st.sampled_from(["ru", "kk"]))
    def speak(self, slot: int, language: str) -> None:
        """Another language, or the same."""
        if cabinet := self.cabinets.get(slot):
            assert self.town.call("PATCH", "/v1/me", {"language": language}, **cabinet.who).status_code == 200
            cabinet.language = language

    @rule(slot=SLOTS)
    def refresh(self, slot: int) -> None:
        """The session goes on with new tokens."""
        if cabinet := self.cabinets.get(slot):
            tokens = json_of(self.town.call("POST", "/v1/sessions/refresh", {"refresh_token": cabinet.refresh}))
            cabinet.who, cabinet.refresh = bearer(tokens), tokens["refresh_token"]

    @rule(slot=SLOTS)
    def close(self, slot: int) -> None:
        """The cabinet ends."""
        if cabinet := self.cabinets.pop(slot, None):
            done = self.town.call("DELETE", "/v1/me", {"current_password": PASSWORD}, **cabinet.who)
            assert done.status_code == 200
            assert self.town.signs_in(cabinet.name).status_code == 401

    @invariant()
    def every_cabinet_shows_what_the_model_says(self) -> None:
        """Accounts, masks, nicknames and language."""
        for cabinet in self.cabinets.values():
            shown = json_of(self.town.call("GET", "/v1/me/accounts", **cabinet.who))["accounts"]
            found = {one["account"]: (one["masked_until"] is not None, one["nickname"]) for one in shown}
            assert found == {number: (mask, cabinet.nicknames[number]) for number, mask in cabinet.links.items()}
            assert json_of(self.town.call("GET", "/v1/me", **cabinet.who))["language"] == cabinet.language

    def teardown(self) -> None:
        """The tables are the fold of the events, whose numbers have no gap."""
        assert rebuilding.verify(self.town.desk).different == []
        gaps = "SELECT stream_id FROM events GROUP BY 1 HAVING max(version) <> count(*) OR min(version) <> 1"
        assert self.town.rows(gaps) == []


def _text(letter: Any) -> str:
    body = letter.get_body(("plain",))
    return str(body.get_content()) if body else ""


def live(towns: MakeTown, examples: int, steps: int) -> None:
    """Runs the machine on a town whose budgets are no hindrance."""
    town = towns(proofs_per_account=10**6, proofs_per_user=10**6, proofs_per_source=10**6, mails_per_address=10**6,
                 proof_failures_in_city=10**6)  # fmt: skip
    town.desk.hasher._argon2 = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
    machine = type("Town", (Lives,), {"town": town, "names": iter(range(10**9))})
    every = settings(max_examples=examples, stateful_step_count=steps, suppress_health_check=list(HealthCheck))
    run_state_machine_as_test(machine, settings=every)


def test_cabinets_live_as_the_model_says(towns: MakeTown) -> None:
    """A few short lives."""
    live(towns, examples=6, steps=20)


@pytest.mark.slow
@pytest.mark.timeout(1800)
def test_many_cabinets_live_as_the_model_says(towns: MakeTown) -> None:
    """Many long ones."""
    live(towns, examples=100, steps=50)
