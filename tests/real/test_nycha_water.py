"""Ten years of real water bills nobody here wrote: loaded twice, closed month by month, printed as a receipt."""

import csv
import gzip
import io
import os
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from demo.doors import Door
from demo.memory import Resident
from demo.pdf import text_of
from demo.provider import Sender
from demo.resident import Cabinet
from demo.screen import printed
from tests.real.bills import Bills, lines_of, read
from tests.real.stack import Stack, running
from tests.support.waiting import until

pytestmark = [
    pytest.mark.real,
    pytest.mark.timeout(1500),
    # The demo's doors stay open as long as its process lives; here they are many.
    pytest.mark.filterwarnings("ignore::ResourceWarning", "ignore::pytest.PytestUnraisableExceptionWarning"),
]
PROVIDER, SERVICE = "nyc-water-board", "water-sewer"
PAID = Decimal("1234.50")


@pytest.fixture(scope="module")
def bills() -> Bills:
    """The folder's files."""
    folder = os.environ.get("REAL_DATA")
    assert folder, "REAL_DATA names no folder: make test-real REAL_DATA=<folder>"
    return read(Path(folder))


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """Every process of the product on servers of its own."""
    with running(tmp_path_factory.mktemp("real") / "run") as made:
        state_service(made)
        yield made


class Load:
    """One sender's uploads."""

    def __init__(self, stack: Stack, key: str) -> None:
        self.sender = Sender(stack.place.provider_sync, key)
        self._door = Door(stack.place.provider_sync, f"Bearer {key}")

    def file(self, body: bytes, form: str, **query: str) -> dict[str, Any]:
        """A gzipped file sent and loaded to its end."""
        headers = {"Content-Encoding": "gzip", "Content-Type": "text/csv"}
        answer = self._door.json(
            "POST", "/v1/uploads", 202, params={"format": form} | query, content=body, headers=headers
        )
        state = self.sender.finished(answer["id"], 300)
        assert state["state"] == "done", state
        return state


def test_the_bills_become_statements_and_a_receipt(bills: Bills, stack: Stack) -> None:
    """The whole way once, for it takes minutes: each step stands on the one before."""
    register(bills, stack)
    board = Load(stack, stack.key(PROVIDER, f"charges,services:{SERVICE}"))
    first = load_twice(bills, board)
    prove_sums(bills, stack)
    prove_rejections(bills, board, first)
    account, month = bills.month_with_estimate_and_credit()
    pay(stack, account)
    close_all(bills, stack)
    prove_statements(bills, stack)
    take_over(bills, stack, board, first)
    print_receipt(bills, stack, account, month)


def register(bills: Bills, stack: Stack) -> None:
    """Estates become buildings and accounts; further addresses of an estate are repeats."""
    centre = Load(stack, stack.key("centre", "accounts,master-data,holders"))
    body = bills.register.path.read_bytes()
    for form in ("nycha-buildings", "nycha-addresses"):
        rows = centre.file(body, form)["rows"]
        assert rows["total"] == len(bills.register.rows)
        assert (rows["accepted"], rows["accepted"] + rows["duplicate"]) == (len(bills.registered), rows["total"])
    account, _ = bills.month_with_estimate_and_credit()
    holder = {
        "kind": "holder", "reference": "holder-1", "account": account, "name": "Әлия Ұзақбаева",
        "address_ru": "Bay View", "address_kk": "Bay View",
    }  # fmt: skip
    assert [row["status"] for row in centre.sender.push([holder])] == ["accepted"]


def state_service(stack: Stack) -> None:
    """The one service that is billed, and its provider."""
    stack.operate("providers", "add", PROVIDER, "--name-ru", PROVIDER, "--name-kk", PROVIDER)
    stated = {
        "kind": "directory.service", "reference": "service-1", "id": SERVICE, "provider": PROVIDER,
        "name_ru": "Вода и канализация", "name_kk": "Су және кәріз", "unit_ru": "HCF", "unit_kk": "HCF", "order": 1,
    }  # fmt: skip
    centre = Sender(stack.place.provider_sync, stack.key("directory", "master-data"))
    assert [row["status"] for row in centre.push([stated])] == ["accepted"]


def load_twice(bills: Bills, board: Load) -> dict[str, Any]:
    """Every row has one answer; copies inside the file are duplicates; the second load adds nothing."""
    body, total = bills.bills.path.read_bytes(), len(bills.bills.rows)
    everything = sum(map(bills.cents, bills.bills.rows))
    totals = {"count": str(total), "sum": f"{Decimal(everything) / 100:.2f}"}
    first = board.file(body, "nycha-water", batch="first", **totals)
    rows = first["rows"]
    print(f"\nfirst load:  {rows}, accepted {first['sum_accepted']}")
    assert rows["total"] == total == rows["accepted"] + rows["rejected"] + rows["duplicate"]
    assert (rows["accepted"], rows["duplicate"]) == (len(bills.taken), bills.copies)
    assert Decimal(first["sum_accepted"]) * 100 == sum(map(bills.cents, bills.taken))
    second = board.file(body, "nycha-water", batch="second", **totals)
    print(f"second load: {second['rows']}, a repeat of {second['repeat_of']}")
    assert second["repeat_of"] == first["id"]
    assert (second["rows"]["accepted"], second["rows"]["rejected"]) == (0, rows["rejected"])
    assert second["rows"]["duplicate"] == rows["accepted"] + rows["duplicate"]
    return first


def prove_sums(bills: Bills, stack: Stack) -> None:
    """Per account and month, the store holds what csv and Decimal add up to; an odd date lost no money."""
    stored = stack.ask(
        "provider-sync",
        "SELECT stream_id, data::json ->> 'posting_period', sum((data::json ->> 'amount')::bigint)::bigint"
        " FROM events WHERE type LIKE '%%charge.posted.v1' GROUP BY 1, 2",
    )
    assert {(account, month): amount for account, month, amount in stored} == bills.sums()


def prove_rejections(bills: Bills, board: Load, first: dict[str, Any]) -> None:
    """Exactly the rows of estates in no register, each with line, code and text."""
    back = list(lines_of(board.sender.rejected(first["id"])))
    assert [int(row["line"]) for row in back] == bills.rejected_lines
    assert {row["code"] for row in back} <= {"unknown-account"}
    assert all(row["TDS_No"] in row["detail"] for row in back)
    print(f"{len(bills.unregistered)} estates in no register, {len(back)} rows rejected")


def pay(stack: Stack, account: str) -> None:
    """A made-up bank file: one payment, in the month that is open when all bills are closed."""
    bank = Load(stack, stack.key("test-bank", "payments"))
    header = "kind,reference,account,paid_at,amount,channel"
    body = f"{header}\r\npayment.received,P-1,{account},2023-02-10T10:00:00Z,{PAID},bank\r\n"
    assert bank.file(gzip.compress(body.encode()), "csv", count="1", sum=str(PAID))["rows"]["accepted"] == 1


def close_all(bills: Bills, stack: Stack) -> None:
    """All months in order."""
    second = ("--confirm-key", str(stack.second), "--reason", "nobody says that this was all")
    stack.operate("periods", "close", bills.months[0], "--through", bills.months[-1], *second)
    expected = len(bills.sums())

    def issued() -> bool:
        done = stack.ask("ledger", "SELECT count(*) FROM statements WHERE charged <> 0")
        return int(done[0][0]) >= sum(1 for amount in bills.sums().values() if amount)

    until(issued, f"statements of {expected} accounts and months", 400)


def prove_statements(bills: Bills, stack: Stack) -> None:
    """What the statements charge is what the file charges, to the cent; balances roll on without a gap."""
    charged = stack.ask("ledger", "SELECT account, period, charged FROM statements WHERE charged <> 0")
    assert {(a, m): c for a, m, c in charged} == {place: cents for place, cents in bills.sums().items() if cents}
    gaps = stack.ask(
        "ledger",
        "SELECT account, period FROM (SELECT account, period, opening,"
        " lag(closing, 1, 0::bigint) OVER (PARTITION BY account ORDER BY period) AS before FROM statements) AS s"
        " WHERE opening <> before",
    )
    assert gaps == []
    last = stack.ask("ledger", "SELECT sum(closing)::bigint FROM statements WHERE period = %s", bills.months[-1])
    assert last[0][0] == sum(bills.sums().values())


def take_over(bills: Bills, stack: Stack, board: Load, first: dict[str, Any]) -> None:
    """Estates in no register open under the take-over scope only; their rows, sent back as they came, are taken."""
    openings = [
        {"kind": "account.opened", "reference": f"t-{a}", "account": a, "building": f"old-{a}", "premises": "house"}
        for a in sorted(bills.unregistered)
    ]
    if not openings:
        return
    plain = Sender(stack.place.provider_sync, stack.key("clerk", "accounts"))
    assert {row["code"] for row in plain.push(openings)} == {"unknown-building"}
    taker = Sender(stack.place.provider_sync, stack.key("taker", "accounts,take-over"))
    assert {row["status"] for row in taker.push(openings)} == {"accepted"}
    rejected = gzip.compress(board.sender.rejected(first["id"]).encode())
    rows = board.file(rejected, "nycha-water", batch="corrected")["rows"]
    distinct = {row for row in bills.bills.rows if bills.account(row) in bills.unregistered}
    assert (rows["accepted"], rows["rejected"]) == (len(distinct), 0)
    assert rows["total"] == first["rows"]["rejected"]


def print_receipt(bills: Bills, stack: Stack, account: str, month: str) -> None:
    """A resident registers by the last payment and prints the month in Kazakh."""
    person = Resident("aliya", "aliya@residents.example", "Алма-ағашы-2026", [account])
    cabinet = Cabinet(stack.place, "kk")
    cabinet.register(person, PAID)
    cabinet.confirm(person.email)
    position = cabinet.sign_in(person)
    rows = [row for row in bills.taken if (bills.account(row), bills.month(row)) == (account, month)]
    charged = Decimal(sum(map(bills.cents, rows))) / 100
    statement = cabinet.read(f"/v1/accounts/{account}/statement", position, period=month)
    assert Decimal(statement["totals"]["charged"]) == charged
    text = text_of(cabinet.receipt(account, month, "kk", position))
    print(f"receipt of {account} for {month}: {len(rows)} bills, {charged} USD")
    assert "".join(printed(charged).split()) in "".join(text.split())
    assert "Су және кәріз" in text
    assert "Әлия Ұзақбаева" in text
    assert "$" in text
    assert "₸" not in text


def test_other_estates_in_another_table_load_as_well(stack: Stack) -> None:
    """The city's own column names in another order, another estate: no code knows the file."""
    centre = Sender(stack.place.provider_sync, stack.key("another", "accounts,take-over"))
    opening = {"kind": "account.opened", "reference": "x", "account": "99001", "building": "x", "premises": "house"}
    assert centre.push([opening])[0]["status"] == "accepted"
    names = ["Revenue Month", "TDS #", "UMIS BILL ID", "Meter Number", "Estimated", "Current Charges"]
    body = io.StringIO()
    csv.writer(body).writerows([names, ["2023-02", "99001", "b", "m", "Y", "-12.5"]])
    board = Load(stack, stack.key(PROVIDER, f"charges,services:{SERVICE}"))
    state = board.file(gzip.compress(body.getvalue().encode()), "nycha-water")
    assert (state["rows"]["accepted"], state["sum_accepted"]) == (1, "-12.50")
