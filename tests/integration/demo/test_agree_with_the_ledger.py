"""Not two accounts as on a walk but all: the ledger's statements and the oracle's are the same to the tiyn."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from common.postgres import open_pool
from demo.city.generate import generate
from demo.journal import Journal, Sent
from demo.oracle import COLUMNS, Books, Line, totals
from ledger.events.said import StatementIssued
from tests.integration.demo.replaying import Fold, events, take_in

ACCOUNTS = 90
LAST = "2026-10"


@pytest.fixture(scope="module")
def city(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A demo folder with a small city and the journal of having sent all of it."""
    folder = tmp_path_factory.mktemp("demo")
    manifest, journal = generate(ACCOUNTS, 7, folder / "city"), Journal(folder)
    for entry in manifest["files"]:
        journal.append(Sent(f"city/{entry['file']}", entry["sender"], entry["format"], entry["batch"]))
        if entry.get("then_close"):
            journal.append(Sent(close=entry["then_close"]))
    return folder


def _differences(books: Books, account: str, statements: dict[str, StatementIssued]) -> Iterator[str]:
    for month in ("2026-08", "2026-09", LAST):
        lines, statement = books.statement(account, month), statements[month]
        rows = {row.service: row for row in statement.rows}
        for service in lines.keys() | rows.keys():
            for column in COLUMNS:
                ours = int(lines.get(service, Line()).value(column) * 100)
                theirs = getattr(rows[service], column) if service in rows else 0
                if ours != theirs:
                    yield f"{account} {month} {service} {column}: ledger {theirs}, oracle {ours}"
        for column, amount in totals(lines).items():
            if getattr(statement.totals, column) != int(amount * 100):
                yield f"{account} {month} total {column}: ledger {getattr(statement.totals, column)}, oracle {amount}"


def test_every_statement_of_every_account_agrees(city: Path, database: Callable[[str], str]) -> None:
    """From the same files: real intake and the ledger's fold here, csv, json and Decimal there."""
    manifest = json.loads((city / "city" / "manifest.json").read_text("utf-8"))
    with open_pool(database("provider_sync"), "demo", size=2) as pool:
        barriers = take_in(pool, city / "city", manifest)
        logs = events(pool)
    books = Journal(city).books()
    assert set(books.numbers()) == set(logs)
    found = [
        difference
        for account, log in logs.items()
        for difference in _differences(books, account, Fold(account).run(log, barriers, LAST))
    ]
    assert not found, "\n".join(found[:20])
