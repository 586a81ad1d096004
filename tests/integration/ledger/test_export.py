"""Everything about money as a file for spreadsheets."""

import csv
import io
from typing import Any

import pytest

from ledger.handlers import read
from tests.integration.ledger.conftest import Ask, Ledger
from tests.support.facts import Log
from tests.support.waiting import until

FORMULAS = ('=HYPERLINK("http://x","y")', "+7 700", "-1+1", "@SUM(A1)", "\t=1", "\r=1", "  =1", "＝1", 'a "quoted", b')


@pytest.fixture(scope="module")
def book(town: Ledger) -> tuple[Log, str]:
    """An account whose senders wrote formulas into every text."""
    log, user = town.new()
    log.open()
    for text in FORMULAS:
        money: dict[str, Any] = {"period": "2026-10", "posting_period": "2026-10", "service": "heating", "amount": -150}
        log.say("charge.adjusted", **money, reason_code="other", reason=text, volume="-0.5")
    log.pay(700, provider="halyk", reference="=1+1", split={"heating": 500, "water": 200})
    town.hear(log.events)
    town.link(log.account, user)
    town.applied(log)
    until(lambda: town.query("SELECT FROM links WHERE user_id = %s", user) != [], "the account is linked")
    return log, user


def exported(ask: Ask, book: tuple[Log, str], language: str = "ru") -> tuple[list[list[str]], dict[str, str]]:
    """The rows of the file, and the headers of the answer."""
    status, text, headers = ask(f"/v1/accounts/{book[0].account}/export", user=book[1], Accept_Language=language)
    assert (status, text[0]) == (200, "\ufeff")
    return list(csv.reader(io.StringIO(text[1:], newline=""), strict=True)), headers


def test_no_cell_begins_a_formula_and_numbers_stay_numbers(book: tuple[Log, str], ask_town: Ask) -> None:
    """Bad input 41: a quote before what a spreadsheet would compute; a negative amount is a number."""
    (heading, *rows), headers = exported(ask_town, book)
    assert headers["Content-Type"] == "text/csv; charset=utf-8"
    assert headers["Content-Disposition"] == f'attachment; filename="{book[0].account}.csv"'
    assert heading[8] == "Сумма"
    assert [row[8] for row in rows[:3]] == ["5.00", "2.00", "-1.50"]
    assert (rows[0][6], rows[2][9]) == ("'=1+1", "-0.5")
    reasons = [row[14] for row in reversed(rows[2:])]
    assert reasons == [f"'{text}" for text in FORMULAS[:-1]] + [FORMULAS[-1]]
    for row in rows:
        assert not any(cell.lstrip()[:1] in tuple("=+@") for cell in row)


def test_the_file_speaks_the_readers_language(book: tuple[Log, str], ask_town: Ask) -> None:
    """Headings and kinds in Kazakh and in English."""
    (heading, *rows), _ = exported(ask_town, book, "kk")
    assert (heading[3], rows[0][3], rows[2][3]) == ("Түрі", "төлем", "қайта есептеу")
    assert exported(ask_town, book, "en")[0][0][8] == "Amount"


def test_the_file_comes_in_pages_without_doubles(
    book: tuple[Log, str], ask_town: Ask, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever the size of a page, the same rows; more than one piece is sent."""
    whole, _ = exported(ask_town, book)
    for size in (1, 2, 5):
        monkeypatch.setattr(read, "EXPORT_PAGE", size)
        assert exported(ask_town, book)[0] == whole


def test_only_what_is_linked_and_known_is_exported(book: tuple[Log, str], ask_town: Ask) -> None:
    """404 for a stranger before anything is sent, 422 for a form there is not."""
    path = f"/v1/accounts/{book[0].account}/export"
    assert ask_town(path, user="0192f0c1-7a2b-7c3d-8e4f-ffffffffffff")[1]["code"] == "account-not-found"
    assert ask_town(f"{path}?format=xlsx", user=book[1])[0] == 422
