"""The journal: what was sent, in order, without what was made to be refused."""

import json
from pathlib import Path
from typing import Any

from demo.journal import Journal, Sent
from demo.memory import Memory, Resident
from demo.oracle import Close, Said
from demo.papers import Cabinet


def _file(folder: Path, name: str, *rows: dict[str, Any]) -> Sent:
    (folder / name).write_text("".join(json.dumps(row) + "\n" for row in rows), "utf-8")
    return Sent(name, "centre", "ndjson", name)


def _row(kind: str, reference: str, account: str, **fields: Any) -> dict[str, Any]:
    return {"kind": kind, "reference": reference, "account": account, **fields}


def test_rows_and_closes_come_back_in_order_without_the_broken_lines(tmp_path: Path) -> None:
    """Also from another object, as in the next command."""
    first = _file(tmp_path, "a.ndjson", {"kind": "header", "count": 2}, _row("x", "1", "9"), _row("x", "2", "9"))
    Journal(tmp_path).append(Sent(first.file, first.sender, first.format, first.batch, broken=(2,)))
    Journal(tmp_path).append(Sent(close="2026-08"))
    assert list(Journal(tmp_path).sent()) == [Said("centre", _row("x", "2", "9")), Close("2026-08")]
    assert Journal(tmp_path).closed() == ["2026-08"]


def test_books_of_one_account_follow_its_later_number(tmp_path: Path) -> None:
    """And leave out everybody else's."""
    service = {"kind": "directory.service", "reference": "0", "id": "heating", "order": 1}
    journal, paid = Journal(tmp_path), {"paid_at": "2026-08-05T10:00:00+05:00", "amount": "40.00"}
    journal.append(
        _file(
            tmp_path,
            "a.ndjson",
            service,
            _row("account.opened", "1", "100"),
            _row("account.opened", "2", "200"),
            _row("account.renumbered", "3", "100", number="7100"),
            _row("payment.received", "4", "7100", **paid),
        )
    )
    books = journal.books("100")
    assert books.numbers() == ["100"]
    assert str(books.statement("100", "2026-08")["advance"].columns["paid"]) == "40.00"
    assert journal.books().numbers() == ["100", "200"]


def test_the_last_payment_proves_only_when_it_is_the_only_one_of_its_day(tmp_path: Path) -> None:
    """Reversed ones and those below the limit prove nothing."""

    def last(*payments: tuple[str, str, str]) -> str:
        rows = [_row("payment.received", ref, "100", paid_at=f"{day}T10:00:00+05:00", amount=amount)
                for ref, day, amount in payments]  # fmt: skip
        undo = _row("payment.reversed", "U", "100", reverses={"reference": "reversed"})
        sent = [Said("bank", row) for row in (_row("account.opened", "A", "100"), *rows, undo)]
        return str(Cabinet(sent).of("100").last_payment())

    assert last(("1", "2026-08-05", "900.00"), ("2", "2026-09-05", "1234.00")) == "1234.00"
    assert last(("1", "2026-09-05", "900.00"), ("2", "2026-09-05", "1234.00")) == "None"
    assert last(("1", "2026-08-05", "900.00"), ("reversed", "2026-09-05", "1234.00")) == "900.00"
    assert last(("1", "2026-08-05", "499.99")) == "None"


def test_memory_is_for_its_owner_only_and_comes_back_whole(tmp_path: Path) -> None:
    """It holds keys and passwords."""
    memory = Memory(keys={"centre": "id.secret"}, residents=[Resident("a", "a@b.kz", "p", ["100"])], complete=True)
    memory.write(tmp_path / "state.json")
    assert Memory.read(tmp_path / "state.json") == memory
    assert (tmp_path / "state.json").stat().st_mode & 0o077 == 0
    assert Memory.read(tmp_path / "none.json") == Memory()
