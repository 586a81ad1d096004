"""Who walks the road this time: a newcomer of the city, with files and accounts of its own."""

import secrets
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

from demo import compare
from demo.compare import Difference
from demo.doors import Late, wait_for
from demo.journal import Journal
from demo.load import PASSWORD, manifest_of
from demo.luggage import Case
from demo.memory import Memory, Resident
from demo.oracle import Books
from demo.papers import Cabinet as Papers
from demo.place import Place
from demo.resident import Cabinet
from demo.screen import Screen

# A day's walks that prove one account: its budget of tries is five.
_WALKS_PER_GRANDMOTHER = 3


class Mismatch(Exception):
    """The centre and the files say different things."""


@dataclass
class Walk:
    """One walk. `open` is the month that is open now, `closed` the last one that is not."""

    place: Place
    screen: Screen
    memory: Memory
    journal: Journal
    case: Case
    own: str
    grandmother: str
    neighbours: list[str]
    debtors: list[str]
    cabinet: Cabinet
    person: Resident
    open: str
    closed: str
    position: str = ""
    documents: list[Path] = field(default_factory=list)

    def papers(self) -> Papers:
        """What the files say besides money."""
        return Papers(self.journal.sent())

    def books(self, *accounts: str) -> Books:
        """What the files say of the money of these accounts."""
        return self.journal.books(*accounts)

    def months(self) -> list[str]:
        """The closed months since the take-over, and the open one."""
        first = manifest_of(self.place, 0, 0)["months"][0]
        return [month for month in self.journal.closed() if month >= first] + [self.open]

    def insist(self, what: str, found: list[Difference]) -> None:
        """No difference, or the end of the walk."""
        if found:
            raise Mismatch(f"{what}\n" + "\n".join(f"  {one}" for one in found[:30]))

    def agree(self, cabinet: Cabinet, account: str, month: str, position: str = "") -> None:
        """The ledger's statement equals the oracle's; facts on their way are given a moment."""
        books = self.books(account)
        lines, kept, last = books.statement(account, month), books.account(account), list[Difference]()

        def look() -> bool | None:
            answer = cabinet.read(f"/v1/accounts/{account}/statement", position, period=month)
            last[:] = _state(answer, "issued" if month in books.closed else "open")
            last.extend(compare.statement(answer, lines) + compare.payments(answer, kept, month))
            if month not in books.closed:
                last.extend(compare.due_now(answer["due_now"], books.due_now(account)))
            return None if last else True

        try:
            wait_for(f"statement of {account} for {month}", look, 60)
        except Late:
            self.insist(f"The statement of account {account} for {month} differs", last)


def begin(place: Place, screen: Screen) -> Walk:
    """A new walk on a loaded city."""
    memory = Memory.read(place.state)
    if not memory.complete:
        raise LookupError("the city is not loaded yet: run `make run`, or `python -m demo load`")
    journal = Journal(place.folder)
    closed, papers = journal.closed()[-1], Papers(journal.sent())
    provable = _provable(papers, {one.accounts[0] for one in memory.residents})
    own, grandmother = _accounts(place, memory.walks, provable)
    unpaid = [one.account for one in papers.all() if one.services and not one.payments and not one.is_closed()]
    memory.walks += 1
    memory.write(place.state)
    run = f"{memory.walks:04d}-{secrets.token_hex(3)}"
    person = Resident(f"arman.{run}", f"arman.{run}@residents.example", PASSWORD, [own])
    month = following(closed)
    case = Case(place.walks / run, run, month, min(today(), last_day(month)))
    return Walk(
        place, screen, memory, journal, case, own, grandmother, provable[:18], unpaid[:9], Cabinet(place, "kk"),
        person, open=month, closed=closed,
    )  # fmt: skip


def today() -> str:
    """The day in Almaty."""
    return (datetime.fromtimestamp(time.time(), UTC) + timedelta(hours=5)).date().isoformat()


def last_day(month: str) -> str:
    """The last day of a month."""
    return (datetime.fromisoformat(f"{following(month)}-01") - timedelta(days=1)).date().isoformat()


def following(month: str) -> str:
    """The month after."""
    return (datetime.fromisoformat(f"{month}-28") + timedelta(days=4)).strftime("%Y-%m")


def _provable(papers: Papers, taken: set[str]) -> list[str]:
    """Accounts whose last payment is one amount, of people who did not move."""
    return [
        one.account
        for one in papers.all()
        if one.account not in taken and one.last_payment() is not None and not one.was_sold() and not one.is_closed()
    ]


def _accounts(place: Place, walks: int, provable: list[str]) -> tuple[str, str]:
    grandmother = manifest_of(place, 0, 0)["grandmother"]["account"]
    others = [account for account in provable if account != grandmother]
    if walks >= _WALKS_PER_GRANDMOTHER:
        grandmother = others[-1 - walks // _WALKS_PER_GRANDMOTHER % (len(others) // 2)]
    return others[walks % (len(others) // 2)], grandmother


def _state(answer: dict[str, object], expected: str) -> list[Difference]:
    said = str(answer.get("state"))
    return [] if said == expected else [Difference("state", said, expected)]
