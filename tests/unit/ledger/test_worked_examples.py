"""The examples of docs/accounting.md, executed."""

import re
from pathlib import Path

import pytest

from common.money import parse_amount
from ledger.domain.statement import Closed
from ledger.events import said
from tests.support.books import Books
from tests.support.facts import Event, Log

DOCUMENT = (Path(__file__).parents[3] / "docs" / "accounting.md").read_text(encoding="utf-8")
EXAMPLES = re.findall(r"### (.+?)\n\n```example\n(.+?)```", DOCUMENT, re.DOTALL)
KINDS = {"adjust": "charge.adjusted", "benefit": "benefit.granted", "penalty": "penalty.accrued"}


class Player:
    """Plays the lines of an example on one account."""

    def __init__(self) -> None:
        self.books, self.log = Books(), Log("100000123")
        self.books.apply([self.log.open()])
        self.payment: Event = {}

    def play(self, line: str) -> None:
        """One line: a verb, or `=` and what must hold."""
        verb, *words = line.split()
        if verb == "=":
            self.check(words)
        elif verb == "close":
            self.books.close(words[0])
        else:
            self.books.apply([self.fact(verb, words)])

    def fact(self, verb: str, words: list[str]) -> Event:
        """The fact a line tells."""
        if verb == "take-back":
            return self.log.take_back(self.payment, words[0])
        amount = parse_amount(words[-1])
        if verb == "pay":
            split = {words[1]: int(amount)} if len(words) == 3 else None
            self.payment = self.log.pay(amount, words[0], split=split)
            return self.payment
        service, month = words[:2]
        if verb == "late-charge":
            return self.log.charge(service, amount, month, posting_period="2026-10", late_for=month)
        if verb == "charge":
            return self.log.charge(service, amount, month)
        return self.log.say(KINDS[verb], service=service, amount=amount, period=month, posting_period=month)

    def check(self, words: list[str]) -> None:
        """`split`, `due`, or a row of a month's statement."""
        if words[0] == "split":
            assert dict(self.books.allocations[-1].shares) == pairs(words[1:])
        elif words[0] == "due":
            assert {row.service: row.amount for row in self.books.due_now("100000123").rows} == pairs(words[1:])
        else:
            month, service, *columns = words
            rows = {row.service: row for row in self.books.statement("100000123", month).rows}
            for column, amount in pairs(columns).items():
                assert getattr(rows[service], column) == amount, f"{service} {column}"


def pairs(words: list[str]) -> dict[str, int]:
    """`heating 10.00 water 5.00` as tiyn by name."""
    return {name: int(parse_amount(amount)) for name, amount in zip(words[::2], words[1::2], strict=True)}


@pytest.mark.parametrize(("name", "lines"), EXAMPLES, ids=[name for name, _ in EXAMPLES])
def test_the_document_says_what_the_ledger_does(name: str, lines: str) -> None:
    """Each example holds line by line."""
    player = Player()
    for line in lines.strip().splitlines():
        player.play(line)
    assert_conserved(player.books.closed)


def test_the_document_has_its_examples() -> None:
    """A document whose examples are not found proves nothing."""
    assert len(EXAMPLES) >= 8


def assert_conserved(closed: list[Closed]) -> None:
    """Every row and total adds up."""
    for one in closed:
        parts: list[said.Row | said.Totals] = [*one.statement.rows, one.statement.totals]
        for part in parts:
            sums = part.opening + part.charged + part.adjusted - part.benefit + part.penalty - part.paid
            assert part.closing == sums
