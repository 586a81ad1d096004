"""The oracle's accounting, each rule on an example small enough to work out by hand."""

from decimal import Decimal
from typing import Any

from demo.oracle import Books, Close, Said, totals

ORDER = ("heating", "cold-water", "lift")
ACCOUNT = "100000123"


def _said(kind: str, reference: str, sender: str = "utility", account: str = ACCOUNT, **fields: Any) -> Said:
    return Said(sender, {"kind": kind, "reference": reference, "account": account, **fields})


def _charge(reference: str, service: str, month: str, amount: str) -> Said:
    return _said("charge.posted", reference, service=service, period=month, amount=amount)


def _paid(reference: str, day: str, amount: str, **split: str) -> Said:
    parts = [{"service": service, "amount": part} for service, part in split.items()]
    fields: dict[str, Any] = {"split": parts} if parts else {}
    return _said("payment.received", reference, "bank", paid_at=f"{day}T12:00:00+05:00", amount=amount, **fields)


def _books(*sent: Said | Close) -> Books:
    return Books(ORDER).replay([Close("2026-07"), _said("account.opened", "A-1", "centre"), *sent])


def _columns(books: Books, month: str, service: str, *names: str) -> list[str]:
    line = books.statement(ACCOUNT, month)[service]
    return [str(line.value(name)) for name in names]


def test_the_closing_is_what_the_columns_add_up_to() -> None:
    """opening + charged + adjusted − benefit + penalty − paid."""
    books = _books(
        _said("balance.carried-in", "C-1", "centre", service="heating", amount="1000.00", period="2026-08"),
        _charge("H-1", "heating", "2026-08", "500.00"),
        _said("charge.adjusted", "H-2", corrects={"reference": "H-1"}, amount="-50.00", at="2026-08-20T10:00:00+05:00"),
        _said("benefit.granted", "H-3", service="heating", period="2026-08", amount="30.00"),
        _said("penalty.accrued", "H-4", service="heating", period="2026-08", amount="7.00"),
        _paid("P-1", "2026-08-21", "400.00", heating="400.00"),
    )
    names = ("opening", "charged", "adjusted", "benefit", "penalty", "paid", "closing")
    expected = ["1000.00", "500.00", "-50.00", "30.00", "7.00", "400.00", "1027.00"]
    assert _columns(books, "2026-08", "heating", *names) == expected


def test_a_closing_opens_the_next_month() -> None:
    """Debt and overpayment alike."""
    books = _books(
        _charge("H-1", "heating", "2026-08", "500.00"),
        _paid("P-1", "2026-08-21", "90.00", lift="90.00"),
        Close("2026-08"),
    )
    assert _columns(books, "2026-09", "heating", "opening", "closing") == ["500.00", "500.00"]
    assert _columns(books, "2026-09", "lift", "opening", "closing") == ["-90.00", "-90.00"]


def test_a_payment_without_split_covers_the_oldest_month_first() -> None:
    """Also when a newer debt belongs to a service that stands before it in the order."""
    books = _books(
        _charge("L-1", "lift", "2026-08", "100.00"),
        Close("2026-08"),
        _charge("H-1", "heating", "2026-09", "500.00"),
        _paid("P-1", "2026-09-21", "250.00"),
    )
    assert _columns(books, "2026-09", "lift", "paid") == ["100.00"]
    assert _columns(books, "2026-09", "heating", "paid") == ["150.00"]


def test_within_a_month_the_order_of_services_decides() -> None:
    """Heating before cold water before the lift, whatever came first."""
    books = _books(
        _charge("L-1", "lift", "2026-08", "100.00"),
        _charge("W-1", "cold-water", "2026-08", "100.00"),
        _charge("H-1", "heating", "2026-08", "100.00"),
        _paid("P-1", "2026-08-21", "250.00"),
    )
    paid = [_columns(books, "2026-08", service, "paid")[0] for service in ORDER]
    assert paid == ["100.00", "100.00", "50.00"]


def test_an_overpaid_service_is_not_due() -> None:
    """One service's overpayment does not pay another's debt, and gets nothing of a payment."""
    books = _books(
        _charge("H-1", "heating", "2026-08", "100.00"),
        _charge("L-1", "lift", "2026-08", "100.00"),
        _paid("P-1", "2026-08-20", "130.00", heating="130.00"),
        _paid("P-2", "2026-08-21", "100.00"),
    )
    lines = books.statement(ACCOUNT, "2026-08")
    assert [str(lines[service].closing) for service in ("heating", "lift")] == ["-30.00", "0.00"]
    sums = totals(lines)
    assert (str(sums["to_pay"]), str(sums["advances"]), str(sums["closing"])) == ("0.00", "30.00", "-30.00")


def test_what_is_not_due_becomes_an_advance_that_the_next_close_spreads() -> None:
    """Kept under its own pseudo-service until there is something to pay."""
    books = _books(
        _paid("P-1", "2026-08-21", "300.00"),
        Close("2026-08"),
        _charge("W-1", "cold-water", "2026-09", "120.00"),
        _charge("H-1", "heating", "2026-09", "100.00"),
        Close("2026-09"),
    )
    assert _columns(books, "2026-08", "advance", "paid", "closing") == ["300.00", "-300.00"]
    assert _columns(books, "2026-09", "advance", "opening", "paid", "closing") == ["-300.00", "-220.00", "-80.00"]
    assert _columns(books, "2026-09", "heating", "paid", "closing") == ["100.00", "0.00"]


def test_due_now_and_an_open_month_stand_as_if_it_closed_now() -> None:
    """The advance counts already, and asking changes nothing."""
    books = _books(_paid("P-1", "2026-08-21", "80.00"), _charge("H-1", "heating", "2026-08", "100.00"))
    for _ in range(2):
        assert _columns(books, "2026-08", "heating", "paid", "closing") == ["80.00", "20.00"]
        assert {name: str(amount) for name, amount in books.due_now(ACCOUNT).items()} == {"heating": "20.00"}


def test_a_reversed_payment_takes_back_its_stored_shares() -> None:
    """From the services it went to, in the month it was taken back in."""
    books = _books(
        _charge("H-1", "heating", "2026-08", "100.00"),
        _charge("L-1", "lift", "2026-08", "60.00"),
        _paid("P-1", "2026-08-21", "130.00"),
        Close("2026-08"),
        _said("payment.reversed", "P-2", "bank", reverses={"reference": "P-1"}, at="2026-09-03T09:00:00+05:00"),
    )
    assert _columns(books, "2026-09", "heating", "opening", "paid", "closing") == ["0.00", "-100.00", "100.00"]
    assert _columns(books, "2026-09", "lift", "opening", "paid", "closing") == ["30.00", "-30.00", "60.00"]


def test_a_charge_for_a_closed_month_counts_as_an_adjustment_of_the_open_one() -> None:
    """Late facts are recalculation, not this month's consumption."""
    books = _books(Close("2026-08"), _charge("H-1", "heating", "2026-08", "77.00"))
    assert _columns(books, "2026-09", "heating", "charged", "adjusted") == ["0.00", "77.00"]


def test_a_late_benefit_lowers_the_bill_and_a_reversed_charge_too() -> None:
    """Each with its own sign."""
    books = _books(
        _charge("H-1", "heating", "2026-08", "100.00"),
        Close("2026-08"),
        _said("benefit.granted", "H-2", service="heating", period="2026-08", amount="25.00"),
        _said("charge.reversed", "H-3", reverses={"reference": "H-1"}, at="2026-09-02T10:00:00+05:00"),
    )
    assert _columns(books, "2026-09", "heating", "opening", "adjusted", "closing") == ["100.00", "-125.00", "-25.00"]


def test_the_month_of_a_payment_is_that_of_almaty() -> None:
    """Half past eleven at night on the last of August in Almaty is August, though Greenwich agrees only by luck."""
    row = {"paid_at": "2026-08-31T20:30:00Z", "amount": "10.00"}
    books = _books(_said("payment.received", "P-1", "bank", **row))
    assert "advance" not in books.statement(ACCOUNT, "2026-08")
    assert _columns(books, "2026-09", "advance", "paid") == ["10.00"]


def test_a_repeated_reference_counts_once_and_a_strange_account_not_at_all() -> None:
    """The same row twice; a mistyped number."""
    charge = _charge("H-1", "heating", "2026-08", "100.00")
    stray = _said("payment.received", "P-9", "bank", "199", paid_at="2026-08-01T00:00:00Z", amount="5.00")
    assert _columns(_books(charge, charge, stray), "2026-08", "heating", "charged") == ["100.00"]


def test_a_new_number_leads_to_the_same_books() -> None:
    """Payments by it count on the account."""
    books = _books(
        _charge("H-1", "heating", "2026-08", "100.00"),
        _said("account.renumbered", "A-2", "centre", number="7100000123"),
        _said("payment.received", "P-1", "bank", "7100000123", paid_at="2026-08-05T09:00:00+05:00", amount="40.00"),
    )
    assert str(books.statement("7100000123", "2026-08")["heating"].closing) == "60.00"
    assert books.statement(ACCOUNT, "2026-08")["heating"].columns["paid"] == Decimal("40.00")
