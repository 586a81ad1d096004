"""Whatever the batches, the same books; and the same as an independent fold of the log."""

import random

from hypothesis import given, settings
from hypothesis import strategies as st

from ledger import fold
from tests.support.books import Books, batches
from tests.support.facts import ORDER, Event, Log

ACCOUNTS = ("100000001", "100000002", "100000003")
MONTHS = ("2026-08", "2026-09", "2026-10")
SERVICES = ("heating", "water", "lift", "unknown")
AMOUNTS = st.integers(1, 50_000)


@st.composite
def histories(draw: st.DrawFn) -> list[list[Event]]:
    """Three months of facts of three accounts, one list a month."""
    random_ = random.Random(draw(st.integers(0, 1 << 30)))  # the seed is hypothesis's own
    logs = {account: Log(account) for account in ACCOUNTS}
    months: list[list[Event]] = [[log.open() for log in logs.values()]]
    payments: list[tuple[str, Event]] = []
    for month in MONTHS:
        facts = months[-1] if month == MONTHS[0] else []
        for _ in range(draw(st.integers(3, 25))):
            facts.append(fact(random_, logs[random_.choice(ACCOUNTS)], month, payments))
        if month != MONTHS[0]:
            months.append(facts)
    return months


def fact(random_: random.Random, log: Log, month: str, payments: list[tuple[str, Event]]) -> Event:
    """Any fact about money; a payment is taken back once at the most."""
    amount, service = random_.randint(1, 50_000), random_.choice(SERVICES)
    kind = random_.choice(("charge", "charge", "charge", "pay", "pay", "given", "adjust", "late", "back", "benefit"))
    if kind == "pay":
        payments.append((log.account, log.pay(amount, month)))
        return payments[-1][1]
    if kind == "given":
        split = {"heating": amount, "lift": 7} if random_.random() < 0.5 else {service: amount}
        payments.append((log.account, log.pay(sum(split.values()), month, split=split)))
        return payments[-1][1]
    own = [payment for account, payment in payments if account == log.account]
    if kind == "back" and own:
        payments.remove((log.account, own[0]))
        return log.take_back(own[0], month)
    if kind == "adjust":
        delta = amount - 30_000
        return log.say("charge.adjusted", service=service, amount=delta, period=month, posting_period=month)
    if kind == "benefit":
        return log.say("benefit.granted", service=service, amount=amount, period=month, posting_period=month)
    late = {"late_for": "2026-07", "period": "2026-07"} if kind == "late" else {}
    return log.charge(service, amount, month, **late)


def booked(months: list[list[Event]], size: int) -> Books:
    """The books after applying each month in batches and closing it."""
    books = Books()
    for month, facts in zip(MONTHS, months, strict=True):
        for batch in batches(facts, size):
            books.apply(batch)
        books.close(month)
    return books


def folded(months: list[list[Event]]) -> dict[str, fold.Books]:
    """The independent fold of the same log."""
    events: list[Event] = []
    for month, facts in zip(MONTHS, months, strict=True):
        closes = [
            {"type": "kz.settlement.provider-sync.period.closed.v1", "data": {"period": month, "partition": p}}
            for p in range(12)
        ]
        events += [*facts, *closes]
    return fold.fold(events, ORDER)


@settings(max_examples=60)
@given(histories())
def test_any_batching_gives_the_books_of_the_independent_fold(months: list[list[Event]]) -> None:
    """Batches of 1, 25 and 500: equal lines, equal to the fold's."""
    wanted = sorted(fold.canonical(folded(months)))
    for size in (1, 25, 500):
        assert sorted(booked(months, size).canonical()) == wanted


@settings(max_examples=60)
@given(histories())
def test_money_is_neither_made_nor_lost(months: list[list[Event]]) -> None:
    """Every row adds up, months connect, and all that was paid stands in the shares."""
    books = booked(months, 25)
    for account in ACCOUNTS:
        opening = 0
        for month in MONTHS:
            totals = books.statement(account, month).totals
            assert totals.opening == opening
            opening = totals.closing
            assert totals.closing == totals.to_pay - totals.advances
    paid = sum(e["data"]["amount"] for m in months for e in m if e["type"].endswith("payment.received.v1"))
    back = sum(e["data"]["amount"] for m in months for e in m if e["type"].endswith("payment.reversed.v1"))
    assert sum(sum(a.shares.values()) for a in books.allocations) == paid - back
    assert sum(e.amount for e in books.entries if e.part == "paid") == paid - back


@settings(max_examples=60)
@given(histories())
def test_paying_exactly_what_is_due_leaves_nothing_to_pay(months: list[list[Event]]) -> None:
    """After the payment nothing is due now, and the close of the month leaves no service in debt."""
    books = booked([*months[:1], [], []], 25)
    logs = {account: Log(account, [{}] * 1000) for account in ACCOUNTS}
    for account in ACCOUNTS:
        due = books.due_now(account)
        if due.total:
            books.apply([logs[account].pay(due.total, "2026-11")])
        assert books.due_now(account).rows == []
    books.close("2026-11")
    for account in ACCOUNTS:
        assert books.statement(account, "2026-11").totals.to_pay == 0
