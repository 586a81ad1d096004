"""A provider and a bank against a model of them in plain Python: whatever they do in whatever order, the sums agree."""

import itertools
from dataclasses import dataclass, field
from typing import Any, ClassVar

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule, run_state_machine_as_test

from common.errors import Refusal
from provider_sync.domain.decided import Outcome
from provider_sync.handlers import desk, revert, unmatched
from provider_sync.handlers.base import Act
from provider_sync.store.uploads import Upload
from tests.integration.provider_sync.town import Row, Town, charge, ndjson, opened, payment

ACT = Act("operator/model", "so says the model")
NUMBERS = st.integers(0, 4)
TENGE = st.integers(1, 900)
_SPACES = itertools.count()
_BILLED = """
SELECT stream_id,
    sum((data::json ->> 'amount')::bigint * CASE WHEN type LIKE '%%.reversed.%%' THEN -1 ELSE 1 END)::bigint
FROM events WHERE stream_id LIKE %s AND type LIKE %s GROUP BY 1
"""


@dataclass
class Money:
    """A charge or a payment as the model knows it; `account` None while a payment waits."""

    number: str
    account: str | None
    tenge: int
    row: Row
    undone: bool = False
    returned: bool = False


@dataclass
class Batch:
    """The newest upload of the one batch that is sent again; row → account and sum, as it stands."""

    upload: Upload
    rows: dict[str, tuple[str, int]] = field(default_factory=dict)


class Senders(RuleBasedStateMachine):
    """Each example has numbers and references of its own, so that one town serves them all."""

    town: ClassVar[Town]

    def __init__(self) -> None:
        super().__init__()
        self.space = f"m{next(_SPACES)}-"
        self.count = itertools.count()
        self.accounts: dict[str, str] = {}
        self.closed: set[str] = set()
        self.charges: dict[str, Money] = {}
        self.payments: dict[str, Money] = {}
        self.billed: dict[str, int] = {}
        self.paid: dict[str, int] = {}
        self.batch: Batch | None = None

    def number(self, place: int) -> str:
        return f"{self.space}{place}"

    def fresh(self) -> str:
        return f"{self.space}r{next(self.count)}"

    def say(self, sender: str, row: Row, code: str | None = None, status: str = "accepted") -> Outcome:
        """One fact; its answer must be the model's."""
        (outcome,) = self.town.say(sender, row)
        found = outcome.refusal.code if outcome.refusal else None
        assert (found, outcome.status if found is None else None) == (code, status if code is None else None), row
        return outcome

    def arrive(self, number: str, account: str) -> None:
        """What waited for a number follows it."""
        self.accounts[number] = account
        for paid in self.payments.values():
            if paid.account is None and paid.number == number and not paid.returned:
                self.credit(paid, account)

    def credit(self, paid: Money, account: str) -> None:
        paid.account = account
        if not paid.undone:
            self.paid[account] = self.paid.get(account, 0) + paid.tenge

    def bill(self, account: str, tenge: int) -> None:
        self.billed[account] = self.billed.get(account, 0) + tenge

    @rule(place=NUMBERS)
    def open(self, place: int) -> None:
        number = self.number(place)
        row = opened(number) | {"reference": self.fresh()}
        if number in self.accounts:
            self.say("centre", row, "account-number-taken")
            return
        self.say("centre", row)
        self.arrive(number, number)

    @rule(place=NUMBERS)
    def close(self, place: int) -> None:
        number = self.number(place)
        self.say("centre", {"kind": "account.closed", "reference": self.fresh(), "account": number}, self.shut(number))
        self.closed |= {self.accounts[number]} if number in self.accounts else set()

    @rule(place=NUMBERS, other=NUMBERS)
    def renumber(self, place: int, other: int) -> None:
        number, alias = self.number(place), self.number(other)
        row = {"kind": "account.renumbered", "reference": self.fresh(), "account": number, "number": alias}
        code = self.shut(number) or ("account-number-taken" if alias in self.accounts else None)
        self.say("centre", row, code)
        if code is None:
            self.arrive(alias, self.accounts[number])

    def shut(self, number: str) -> str | None:
        """Why an account takes no charge."""
        if number not in self.accounts:
            return "unknown-account"
        return "closed-account" if self.accounts[number] in self.closed else None

    @rule(place=NUMBERS, tenge=TENGE)
    def charge(self, place: int, tenge: int) -> None:
        number, reference = self.number(place), self.fresh()
        row = charge(reference, number, amount=f"{tenge}.00")
        code = self.shut(number)
        self.say("almaty-heat", row, code)
        if code is None:
            self.charges[reference] = Money(number, self.accounts[number], tenge, row)
            self.bill(self.accounts[number], tenge)

    @precondition(lambda self: self.charges or self.payments)
    @rule(data=st.data(), changed=st.booleans())
    def repeat(self, data: st.DataObject, changed: bool) -> None:
        known = data.draw(st.sampled_from(sorted(self.charges | self.payments)))
        row = (self.charges | self.payments)[known].row
        sender = "almaty-heat" if known in self.charges else "halyk-bank"
        if changed:
            self.say(sender, row | {"amount": "0.01"}, "reference-conflict")
        else:
            self.say(sender, row, status="duplicate")

    @precondition(lambda self: self.charges)
    @rule(data=st.data(), tenge=st.integers(-500, 500), whole=st.booleans())
    def correct(self, data: st.DataObject, tenge: int, whole: bool) -> None:
        known = data.draw(st.sampled_from(sorted(self.charges)))
        charged, account = self.charges[known], self.charges[known].number
        row: Row = {"reference": self.fresh(), "account": account}
        if whole:
            row |= {"kind": "charge.reversed", "reverses": {"reference": known}}
        else:
            row |= {"kind": "charge.adjusted", "corrects": {"reference": known}, "reason_code": "model"}
            row |= {"amount": f"{tenge}.00"}
        self.say("almaty-heat", row, "already-reversed" if charged.undone else None)
        if not charged.undone and charged.account:
            self.bill(charged.account, -charged.tenge if whole else tenge)
            charged.undone = whole

    @rule(place=NUMBERS, tenge=TENGE)
    def pay(self, place: int, tenge: int) -> None:
        number, reference = self.number(place), self.fresh()
        row = payment(reference, number, amount=f"{tenge}.00")
        account = self.accounts.get(number)
        self.say("halyk-bank", row, status="accepted" if account else "unmatched")
        self.payments[reference] = paid = Money(number, None, tenge, row)
        if account:
            self.credit(paid, account)

    @precondition(lambda self: self.payments)
    @rule(data=st.data())
    def take_back(self, data: st.DataObject) -> None:
        known = data.draw(st.sampled_from(sorted(self.payments)))
        paid = self.payments[known]
        row = {"kind": "payment.reversed", "reference": self.fresh(), "account": paid.number}
        waits, elsewhere = paid.account is None, self.accounts.get(paid.number) not in (None, paid.account)
        code = "already-reversed" if paid.undone or paid.returned else None
        if elsewhere:
            code = "corrected-fact-unknown" if waits else "corrected-fact-of-another-account"
        self.say(
            "halyk-bank", row | {"reverses": {"reference": known}}, code, status="unmatched" if waits else "accepted"
        )
        if code is None:
            paid.undone = True
            if paid.account:
                self.paid[paid.account] -= paid.tenge

    @precondition(lambda self: self.payments)
    @rule(data=st.data(), place=NUMBERS, back=st.booleans())
    def settle(self, data: st.DataObject, place: int, back: bool) -> None:
        known = data.draw(st.sampled_from(sorted(self.payments)))
        paid, number = self.payments[known], self.number(place)
        waits = paid.account is None and not paid.returned
        possible = waits and (not paid.undone if back else number in self.accounts)
        try:
            if back:
                unmatched.give_back(self.town.base, "halyk-bank", known, ACT)
            else:
                unmatched.assign(self.town.base, "halyk-bank", known, number, ACT)
        except Refusal as refusal:
            assert not possible, refusal  # noqa: PT017  # which of several refusals it is, other tests say
            return
        assert possible
        if back:
            paid.returned = True
        else:
            self.credit(paid, self.accounts[number])

    @rule(rows=st.dictionaries(st.integers(0, 5), st.tuples(NUMBERS, TENGE), min_size=1, max_size=6))
    def send_file(self, rows: dict[int, tuple[int, int]]) -> None:
        """The same batch whole: first as it is, then in place of the one before."""
        facts = [charge(f"{self.space}f{n}", self.number(place), amount=f"{t}.00") for n, (place, t) in rows.items()]
        before = self.batch
        wanted: dict[str, Any] = {"supersedes": before.upload.id} if before else {}
        upload = self.town.load("almaty-heat", ndjson(*facts), **wanted)
        assert upload.state == "done"
        stands = dict(before.rows) if before else {}
        for fact in facts:
            self.resent(stands, fact["reference"], fact["account"], int(fact["amount"][:-3]))
        for reference in stands.keys() - {fact["reference"] for fact in facts}:
            account, tenge = stands.pop(reference)
            self.bill(account, -tenge)
        self.batch = Batch(upload, stands)

    def resent(self, stands: dict[str, tuple[str, int]], reference: str, number: str, tenge: int) -> None:
        """One row: adjusted where it stands, moved to another account if that is open, else left as it was."""
        account = self.accounts.get(number)
        known = stands.get(reference)
        if known is not None and known[0] == account:
            self.bill(account, tenge - known[1])
            stands[reference] = (account, tenge)
        elif account is not None and account not in self.closed:
            if known is not None:
                self.bill(known[0], -known[1])
            self.bill(account, tenge)
            stands[reference] = (account, tenge)

    @precondition(lambda self: self.batch)
    @rule()
    def undo_file(self) -> None:
        assert self.batch is not None
        done = revert.revert(self.town.base, self.batch.upload.id, ACT)
        assert (done.rows, done.refused) == (len(self.batch.rows), {})
        for account, tenge in self.batch.rows.values():
            self.bill(account, -tenge)
        self.batch.rows = {}

    @invariant()
    def sums_agree(self) -> None:
        """Per account, charged with corrections and paid with reversals, from the store alone."""
        for kinds, model in (("%.charge.%", self.billed), ("%.payment.%", self.paid)):
            stored = dict(self.town.rows(_BILLED, f"{self.space}%", kinds))
            assert {a: t for a, t in stored.items() if t} == {a: 100 * t for a, t in model.items() if t}

    @invariant()
    def the_queue_is_the_models(self) -> None:
        """Who waits, and nobody else."""
        waiting = {row["reference"] for row in desk.unmatched(self.town.base, 10_000)}
        known = {r for r, paid in self.payments.items() if paid.account is None and not paid.returned}
        assert {reference for reference in waiting if reference.startswith(self.space)} == known

    def teardown(self) -> None:
        """Streams have no gaps, and every event waits to be sent."""
        gaps = self.town.rows(
            "SELECT n.number FROM numbers n LEFT JOIN events e ON e.stream_id = n.number"
            " WHERE n.number LIKE %s AND NOT n.alias GROUP BY n.number, n.version"
            " HAVING n.version <> count(e.version) OR n.version <> coalesce(max(e.version), 0)", f"{self.space}%",
        )  # fmt: skip
        assert gaps == []
        stored = self.town.one("SELECT count(*) FROM events WHERE stream_id LIKE %s", f"{self.space}%")
        assert self.town.one("SELECT count(*) FROM outbox WHERE key LIKE %s", f"{self.space}%") == stored


def run(town: Town, examples: int, steps: int) -> None:
    """Plays so many games of so many moves."""
    Senders.town = town
    checks = [HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much]
    run_state_machine_as_test(
        Senders,
        settings=settings(max_examples=examples, stateful_step_count=steps, suppress_health_check=checks),
    )


def test_a_provider_and_a_bank_in_any_order(town: Town) -> None:
    """A few games; many are played by `make test-full`."""
    run(town, 5, 12)


@pytest.mark.slow
@pytest.mark.timeout(1200)
def test_many_games_of_a_provider_and_a_bank(town: Town) -> None:
    """The same, long and often."""
    run(town, 60, 30)
