"""Conservation after every single step, whatever the order of facts, closes and batches."""

from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    rule,
    run_state_machine_as_test,
)

from ledger.domain.split import ADVANCE
from tests.support.books import Books
from tests.support.facts import Event, Log

ACCOUNTS = ("100000001", "100000002")
SERVICES = st.sampled_from(("heating", "water", "lift", "unknown"))
AMOUNTS = st.integers(1, 50_000)
SOME = st.sampled_from(ACCOUNTS)
# The effect of each kind on what is owed.
OWED = {
    "charge.posted": 1,
    "charge.adjusted": 1,
    "charge.reversed": -1,
    "benefit.granted": -1,
    "benefit.reversed": 1,
    "penalty.accrued": 1,
    "penalty.reversed": -1,
    "balance.carried-in": 1,
    "payment.received": -1,
    "payment.reversed": 1,
}


class AccountBooks(RuleBasedStateMachine):
    """Books of two accounts: facts are said, taken into the books in batches of any size, months close."""

    def __init__(self) -> None:
        super().__init__()
        self.books, self.year, self.month = Books(), 2026, 1
        self.logs = {account: Log(account) for account in ACCOUNTS}
        self.waiting: list[Event] = []
        self.applied: list[Event] = []
        self.payments: list[tuple[str, Event]] = []
        self.refused: set[str] = set()

    @property
    def period(self) -> str:
        """The open month."""
        return f"{self.year}-{self.month:02d}"

    @initialize(carried=st.integers(-20_000, 20_000))
    def open(self, carried: int) -> None:
        """The accounts open, one with a balance carried in."""
        self.waiting += [log.open() for log in self.logs.values()]
        self.say(ACCOUNTS[0], "balance.carried-in", "water", carried)

    def say(self, account: str, kind: str, service: str, amount: int, **more: Any) -> None:
        """A fact about money of the open month."""
        months = {"period": self.period, "posting_period": self.period} | more
        self.waiting.append(self.logs[account].say(kind, service=service, amount=amount, **months))

    @rule(account=SOME, service=SERVICES, amount=AMOUNTS)
    def charge(self, account: str, service: str, amount: int) -> None:
        """A charge."""
        self.say(account, "charge.posted", service, amount)

    @rule(account=SOME, service=SERVICES, amount=AMOUNTS)
    def late(self, account: str, service: str, amount: int) -> None:
        """A charge that is late for a closed month."""
        self.say(account, "charge.posted", service, amount, period="2025-12", late_for="2025-12")

    @rule(account=SOME, service=SERVICES, amount=st.integers(-30_000, 30_000))
    def adjust(self, account: str, service: str, amount: int) -> None:
        """A correction either way."""
        self.say(account, "charge.adjusted", service, amount)

    @rule(
        account=SOME,
        service=SERVICES,
        amount=AMOUNTS,
        kind=st.sampled_from(sorted(OWED.keys() - {"balance.carried-in", "payment.received", "payment.reversed"})),
    )
    def other(self, account: str, service: str, amount: int, kind: str) -> None:
        """Benefits, penalties and what undoes them."""
        self.say(account, kind, service, amount)

    @rule(account=SOME, amount=AMOUNTS)
    def pay(self, account: str, amount: int) -> None:
        """A payment that the rule splits."""
        self.payments.append((account, self.logs[account].pay(amount, self.period)))
        self.waiting.append(self.payments[-1][1])

    @rule(account=SOME, amount=AMOUNTS, service=SERVICES)
    def pay_given(self, account: str, amount: int, service: str) -> None:
        """A payment with its own split."""
        split = {"heating": 3} | {service: amount}
        payment = self.logs[account].pay(sum(split.values()), self.period, split=split)
        self.payments.append((account, payment))
        self.waiting.append(payment)

    @rule(place=st.integers(0, 1 << 16))
    def take_back(self, place: int) -> None:
        """Any payment, once."""
        if self.payments:
            account, payment = self.payments.pop(place % len(self.payments))
            self.waiting.append(self.logs[account].take_back(payment, self.period))

    @rule(size=st.integers(1, 7))
    def take_in(self, size: int) -> None:
        """The next facts as one batch."""
        batch, self.waiting = self.waiting[:size], self.waiting[size:]
        if batch:
            self.books.apply(batch)
            self.applied += batch

    @rule()
    def close(self) -> None:
        """The barrier stands behind everything said so far."""
        self.take_in(len(self.waiting))
        self.books.close(self.period)
        self.month += 1
        if self.month == 13:
            self.year, self.month = self.year + 1, 1

    @rule(account=SOME)
    def pay_exactly(self, account: str) -> None:
        """Paying exactly what is due leaves nothing due, in whatever state, and touches no advance."""
        self.take_in(len(self.waiting))
        if account not in self.books.accounts:
            return
        due, kept = self.books.due_now(account), self.books.dues(account).advance()
        if due.total <= 0 or kept < 0:
            return
        payment = self.logs[account].pay(due.total, self.period)
        self.waiting.append(payment)
        self.take_in(1)
        assert self.books.due_now(account).total == 0
        assert ADVANCE not in self.books.allocations[-1].shares
        assert self.books.dues(account).advance() == kept

    @invariant()
    def nothing_is_made_or_lost(self) -> None:
        """What the entries sum to is what the facts say; what was paid stands in the shares."""
        for account in ACCOUNTS:
            said = sum(
                OWED[kind] * event["data"]["amount"]
                for event in self.applied
                if event["subject"] == account and (kind := event["type"].split(".", 3)[3].removesuffix(".v1")) in OWED
            )
            entries = [entry for entry in self.books.entries if entry.account == account]
            assert sum((-1 if e.part in ("benefit", "paid") else 1) * e.amount for e in entries) == said
            shares = sum(sum(a.shares.values()) for a in self.books.allocations if a.account == account)
            assert shares == sum(e.amount for e in entries if e.part == "paid")

    @invariant()
    def statements_add_up_and_connect(self) -> None:
        """closing = opening + charged + adjusted − benefit + penalty − paid, and the next month opens with it."""
        closings: dict[str, dict[str, int]] = {account: {} for account in ACCOUNTS}
        for closed in self.books.closed:
            statement = closed.statement
            for row in statement.rows:
                parts = row.opening + row.charged + row.adjusted - row.benefit + row.penalty - row.paid
                assert row.closing == parts
                carried = self.carried(statement.account, statement.period, row.service)
                assert row.opening == closings[statement.account].pop(row.service, 0) + carried
            assert not any(closings[statement.account].values())
            closings[statement.account] = {row.service: row.closing for row in statement.rows}
            positive = [row.closing for row in statement.rows if row.closing > 0]
            assert statement.totals.to_pay == sum(positive)

    def carried(self, *row: str) -> int:
        """What the take-over brought into a service's month."""
        return sum(
            e.amount for e in self.books.entries if e.part == "opening" and (e.account, e.period, e.service) == row
        )

    @invariant()
    def what_is_due_is_never_below_zero(self) -> None:
        """No service is shown with less than nothing to pay."""
        for account in self.books.accounts:
            assert all(row.amount > 0 for row in self.books.due_now(account).rows)


def test_books_stay_balanced_after_every_step() -> None:
    """P2, small."""
    _run(25, 25)


@pytest.mark.slow
@pytest.mark.timeout(1800)
def test_books_stay_balanced_over_a_thousand_histories() -> None:
    """P2, whole: 1,000 histories of up to 50 steps."""
    _run(1_000, 50)


def _run(examples: int, steps: int) -> None:
    limits = settings(max_examples=examples, stateful_step_count=steps, derandomize=True)
    run_state_machine_as_test(AccountBooks, settings=limits)
