"""Payments are money already taken: checked, stamped with Almaty's month, and never dropped for want of an account."""

import pytest

from tests.unit.provider_sync.counter import BANK, CENTRE, codes, data, decide, fact, refusal, statuses, world


@pytest.mark.parametrize(
    ("paid_at", "month"),
    [
        ("2026-10-31T18:59:59Z", "2026-10"),
        ("2026-10-31T19:00:00Z", "2026-11"),
        ("2026-11-01T00:00:00+05:00", "2026-11"),
        ("2023-02-28T18:30:00Z", "2023-03"),
    ],
)
def test_the_month_of_a_payment_is_almatys(paid_at: str, month: str) -> None:
    """UTC+5 today, UTC+6 before March 2024."""
    assert data(decide(BANK, fact("payment.received", paid_at=paid_at)))[0]["posting_period"] == month


@pytest.mark.parametrize("amount", ["0.00", "-1.00"])
def test_a_payment_is_above_zero(amount: str) -> None:
    """Money back is a reversal."""
    assert refusal(decide(BANK, fact("payment.received", amount=amount, split=None))).code == "invalid-amount"


@pytest.mark.parametrize(
    ("split", "code"),
    [
        ([{"service": "heating", "amount": "14999.99"}], "split-differs"),
        ([{"service": "heating", "amount": "15001.00"}, {"service": "lift", "amount": "-1.00"}], "split-differs"),
        ([{"service": "cinema", "amount": "15000.00"}], "unknown-service"),
    ],
)
def test_a_split_adds_up_over_known_services(split: list[dict[str, str]], code: str) -> None:
    """Every part above zero, the sum exact."""
    assert refusal(decide(BANK, fact("payment.received", split=split))).code == code


def test_a_closed_account_takes_payments() -> None:
    """Its debt is still paid."""
    assert statuses(decide(BANK, fact("payment.received", "p", "109"))) == ["accepted"]


def test_the_same_instant_in_another_zone_is_the_same_payment() -> None:
    """Content is compared in one form."""
    known = world()
    decide(BANK, fact("payment.received", "p", paid_at="2026-10-12T11:30:00+05:00"), within=known)
    again = decide(BANK, fact("payment.received", "p", paid_at="2026-10-12T06:30:00Z"), within=known)
    assert statuses(again) == ["duplicate"]


def test_a_payment_for_an_unknown_account_waits_without_an_event() -> None:
    """Its reference is taken, no sequence is."""
    known = world()
    decided = decide(BANK, fact("payment.received", "p", "300"), within=known)
    assert (statuses(decided), decided.events) == (["unmatched"], [])
    assert [(q.number, q.reference) for q in decided.queued] == [("300", "p")]
    assert statuses(decide(BANK, fact("payment.received", "p", "300"), within=known)) == ["duplicate"]
    assert statuses(
        decide(BANK, fact("payment.received", "p", "300", amount="15000.01", split=None), within=known)
    ) == ["conflict"]


def test_waiting_payments_follow_the_opening_of_their_account() -> None:
    """In order of arrival, right behind account.opened, with the provider who said them."""
    known = world()
    decide(BANK, fact("payment.received", "p1", "300"), fact("payment.received", "p2", "300"), within=known)
    opened = decide(CENTRE, fact("account.opened", "o", "300"), within=known)
    assert [(e.version, e.kind, e.provider) for e in opened.events] == [
        (1, "account.opened", "centre"), (2, "payment.received", "halyk-bank"), (3, "payment.received", "halyk-bank"),
    ]  # fmt: skip
    assert [(d["provider"], d["amount"]) for d in data(opened)[1:]] == [("halyk-bank", 1500000)] * 2
    assert [(m.reference, m.version) for m in opened.matched] == [("p1", 2), ("p2", 3)]


def test_a_waiting_payment_of_a_closed_month_is_late_when_matched() -> None:
    """Its month is decided when it becomes a fact of the account."""
    known = world()
    decide(BANK, fact("payment.received", "p", "300"), within=known)
    later = world("2026-10")
    later.waiting = known.waiting
    matched = data(decide(CENTRE, fact("account.opened", "o", "300"), within=later))[1]
    assert (matched["posting_period"], matched["late_for"]) == ("2026-11", "2026-10")


def test_what_undoes_a_waiting_payment_waits_with_it() -> None:
    """Once, and both are matched in their order."""
    known = world()
    rows = [fact("payment.received", "payment", "300")] + [fact("payment.reversed", r, "300") for r in ("r1", "r2")]
    assert codes(decide(BANK, *rows, within=known)) == [None, None, "already-reversed"]
    opened = decide(CENTRE, fact("account.opened", "o", "300"), within=known)
    assert [e.kind for e in opened.events] == ["account.opened", "payment.received", "payment.reversed"]
    assert data(opened)[2]["amount"] == 1500000


def test_payments_under_a_new_alias_are_matched_too() -> None:
    """The number became known, whatever way."""
    known = world()
    decide(BANK, fact("payment.received", "p", "300"), within=known)
    renumbered = decide(CENTRE, fact("account.renumbered", "n", "100", number="300"), within=known)
    assert [(e.account, e.kind) for e in renumbered.events] == [
        ("100", "account.renumbered"),
        ("100", "payment.received"),
    ]
