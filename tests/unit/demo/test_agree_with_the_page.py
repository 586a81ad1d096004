"""docs/accounting.md is executed by the ledger's tests and, here, by the oracle that shares no code with the ledger."""

import re
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from demo.oracle import Books, Close, Said

PAGE = Path(__file__).parents[3] / "docs" / "accounting.md"
EXAMPLES = re.findall(r"### (.+?)\n+```example\n(.*?)```", PAGE.read_text("utf-8"), re.DOTALL)
ACCOUNT = "100000123"
KINDS = {"charge": "charge.posted", "late-charge": "charge.posted", "benefit": "benefit.granted",
         "penalty": "penalty.accrued", "adjust": "charge.adjusted"}  # fmt: skip


class Story:
    """Plays the lines of one example."""

    def __init__(self) -> None:
        opened = Said("centre", {"kind": "account.opened", "reference": "A-1", "account": ACCOUNT})
        self.books = Books(("heating", "water", "lift")).replay([Close("2026-08"), opened])
        self.number = 0
        self.last_split: dict[str, Decimal] = {}
        self.last_payment = ""

    def play(self, line: str) -> None:
        """A fact, a close, or what must hold."""
        verb, *words = line.split()
        if verb == "=":
            self._check(words)
        elif verb == "close":
            self.books.replay([Close(words[0])])
        elif verb == "pay":
            self._pay(words)
        elif verb == "take-back":
            self._say("payment.reversed", at=_noon(words[0]), reverses={"reference": self.last_payment})
            taken = self.books.account(ACCOUNT).spread["sender", self.last_payment]
            self.last_split = {service: -amount for service, amount in taken.items()}
        else:
            service, month, amount = words
            self._say(KINDS[verb], service=service, period=month, amount=amount, at=_noon(month))

    def _pay(self, words: list[str]) -> None:
        month, *service, amount = words
        split = {"split": [{"service": service[0], "amount": amount}]} if service else {}
        self.last_payment = self._say("payment.received", paid_at=_noon(month), amount=amount, **split)
        self.last_split = self.books.account(ACCOUNT).spread["sender", self.last_payment]

    def _say(self, kind: str, **fields: Any) -> str:
        self.number += 1
        row = {"kind": kind, "reference": f"R-{self.number}", "account": ACCOUNT, **fields}
        self.books.replay([Said("sender", row)])
        return str(row["reference"])

    def _check(self, words: list[str]) -> None:
        if words[0] in ("split", "due"):
            said = {name: Decimal(amount) for name, amount in zip(words[1::2], words[2::2], strict=True)}
            assert said == (self.last_split if words[0] == "split" else self.books.due_now(ACCOUNT))
            return
        month, service, *columns = words
        line = self.books.statement(ACCOUNT, month)[service]
        for column, amount in zip(columns[::2], columns[1::2], strict=True):
            assert line.value(column) == Decimal(amount), (month, service, column)


def _noon(month: str) -> str:
    return f"{month}-15T12:00:00+05:00"


@pytest.mark.parametrize(("title", "text"), EXAMPLES, ids=[title for title, _ in EXAMPLES])
def test_the_worked_example_comes_out_the_same(title: str, text: str) -> None:
    """Line by line."""
    story = Story()
    for line in text.strip().splitlines():
        story.play(line)
    assert text.count("\n= ") > 0, title


def test_the_page_has_examples() -> None:
    """None was lost to a change of the page's form."""
    assert len(EXAMPLES) >= 8
