"""What every statement must say, computed from the uploaded files alone: csv, json and Decimal.

It knows the accounting rules of the design and imports nothing of the centre, so that whoever is wrong is found out.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from copy import deepcopy
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from decimal import Decimal
from typing import NamedTuple

from demo.records import Row

ZERO = Decimal("0.00")
ADVANCE = "advance"
FOR_EVER = "9999-12"
COLUMNS = ("opening", "charged", "adjusted", "benefit", "penalty", "paid", "closing")
_SIGNS = {"opening": 1, "charged": 1, "adjusted": 1, "benefit": -1, "penalty": 1, "paid": -1}
_ALMATY = timezone(timedelta(hours=5))

# Which column a fact counts in and with which sign; what undoes another fact takes that one's amount.
_POSTED = {
    "charge.posted": ("charged", 1),
    "charge.adjusted": ("adjusted", 1),
    "benefit.granted": ("benefit", 1),
    "penalty.accrued": ("penalty", 1),
    "balance.carried-in": ("opening", 1),
}
_UNDONE = {
    "charge.reversed": ("adjusted", -1),
    "benefit.reversed": ("benefit", -1),
    "penalty.reversed": ("penalty", -1),
}


class Said(NamedTuple):
    """A row that a sender sent and the centre accepted."""

    sender: str
    row: Row


class Close(NamedTuple):
    """The close of a month, in its place among the facts."""

    month: str


class Charge(NamedTuple):
    """A line of a bill."""

    reference: str
    amount: Decimal
    row: Row


@dataclass(slots=True)
class Line:
    """One service in one month: columns of money, and the charges behind the second of them."""

    columns: dict[str, Decimal] = field(default_factory=lambda: dict.fromkeys(_SIGNS, ZERO))
    charges: list[Charge] = field(default_factory=list)

    @property
    def closing(self) -> Decimal:
        """closing = opening + charged + adjusted − benefit + penalty − paid."""
        return sum((sign * self.columns[name] for name, sign in _SIGNS.items()), ZERO)

    def value(self, column: str) -> Decimal:
        """A column by its name, the closing among them."""
        return self.closing if column == "closing" else self.columns[column]


@dataclass(slots=True)
class Account:
    """One account's books: months of lines, what it owes by age, and how each payment was spread."""

    months: defaultdict[str, defaultdict[str, Line]] = field(
        default_factory=lambda: defaultdict(lambda: defaultdict(Line))
    )
    accrued: defaultdict[str, defaultdict[str, Decimal]] = field(
        default_factory=lambda: defaultdict(lambda: defaultdict(lambda: ZERO))
    )
    paid: defaultdict[str, defaultdict[str, Decimal]] = field(
        default_factory=lambda: defaultdict(lambda: defaultdict(lambda: ZERO))
    )
    spread: dict[tuple[str, str], dict[str, Decimal]] = field(default_factory=dict)
    payments: list[tuple[str, Row]] = field(default_factory=list)

    def count(self, month: str, service: str, column: str, amount: Decimal) -> None:
        """Post an amount."""
        self.months[month][service].columns[column] += amount
        if column == "paid":
            self.paid[service][month] += amount
        else:
            self.accrued[service][month] += _SIGNS[column] * amount

    def unpaid(self, service: str, through: str) -> Iterator[tuple[str, Decimal]]:
        """Months with what is still owed of them; every credit covers the oldest debt first."""
        paid = ((month, -amount) for month, amount in self.paid[service].items())
        movements = [one for one in (*self.accrued[service].items(), *paid) if one[0] <= through]
        credit = -sum((amount for _, amount in movements if amount < 0), ZERO)
        for month, amount in sorted(movement for movement in movements if movement[1] > 0):
            covered = min(credit, amount)
            credit -= covered
            if amount > covered:
                yield month, amount - covered

    def advance(self, through: str) -> Decimal:
        """Money that was paid for no service yet."""
        return sum((amount for month, amount in self.paid[ADVANCE].items() if month <= through), ZERO)


class Books:
    """All accounts, replayed from what was sent and when months were closed."""

    def __init__(self, order: Iterable[str]) -> None:
        self._order = {service: place for place, service in enumerate(order)}
        self._accounts: dict[str, Account] = {}
        self._numbers: dict[str, str] = {}
        self._seen: dict[tuple[str, str], Row] = {}
        self.closed: list[str] = []
        self.first_open = ""

    def replay(self, sent: Iterable[Said | Close]) -> "Books":
        """Take everything in, in the order it was accepted."""
        for one in sent:
            if isinstance(one, Close):
                self._close(one.month)
            else:
                self._take(one)
        return self

    def account(self, number: str) -> Account:
        """An account by its first number or by one it was given later."""
        return self._accounts[self._numbers[number]]

    def id_of(self, number: str) -> str:
        """The account's first number."""
        return self._numbers[number]

    def numbers(self) -> list[str]:
        """All accounts by their first number."""
        return list(self._accounts)

    def statement(self, number: str, month: str) -> dict[str, Line]:
        """Lines of a month by service: as closed, or as if the open months up to it closed now."""
        account = self.account(number)
        if month not in self.closed:
            account = deepcopy(account)
            before, now = self.closed[-1] if self.closed else "", self.first_open or month
            while now <= month:
                self._close_one(account, before, now)
                before, now = now, _following(now)
        return dict(sorted(account.months[month].items(), key=lambda item: self._place(item[0])))

    def due_now(self, number: str) -> dict[str, Decimal]:
        """What is due per service as if everything open closed now, advances applied."""
        account = self.account(number)
        debts: defaultdict[str, Decimal] = defaultdict(lambda: ZERO)
        for _, service, amount in self._debts(account, FOR_EVER):
            debts[service] += amount
        for service, amount in self._shares(account, account.advance(FOR_EVER), FOR_EVER).items():
            debts[service] -= amount
        return {service: amount for service, amount in debts.items() if amount and service != ADVANCE}

    def _take(self, said: Said) -> None:
        row = said.row
        if row["kind"].partition(".")[0] in ("holder", "directory"):
            return
        if row["kind"] == "account.opened":
            self._numbers[row["account"]] = row["account"]
            self._accounts[row["account"]] = Account()
        key = (said.sender, row["reference"])
        # The same reference again is the same fact again; an account nobody opened has no books.
        if key in self._seen or row["account"] not in self._numbers:
            return
        self._seen[key] = row
        if row["kind"] == "account.renumbered":
            self._numbers[row["number"]] = self._numbers[row["account"]]
        self._count(said, self.account(row["account"]))

    def _count(self, said: Said, account: Account) -> None:
        kind = said.row["kind"]
        if kind in _POSTED:
            self._post(said, account, _POSTED[kind], said.row, said.row.get("period", ""))
        elif kind in _UNDONE:
            undone = self._seen[_named(said, "reverses")]
            self._post(said, account, _UNDONE[kind], undone, month_of(said.row["at"]))
        elif kind == "payment.received":
            self._receive(said, account)
        elif kind == "payment.reversed":
            self._take_back(said, account)

    def _post(self, said: Said, account: Account, rule: tuple[str, int], money: Row, stated: str) -> None:
        column, sign = rule
        service = money.get("service", "")
        if said.row["kind"] == "charge.adjusted" and "corrects" in said.row:
            corrected = self._seen[_named(said, "corrects")]
            service, stated = corrected["service"], corrected["period"]
        month, late = self._posting(stated)
        amount = sign * Decimal(money["amount"])
        if late and column != "adjusted":
            column, amount = "adjusted", _SIGNS[column] * amount
        account.count(month, service, column, amount)
        if column == "charged":
            account.months[month][service].charges.append(Charge(said.row["reference"], amount, said.row))

    def _posting(self, stated: str) -> tuple[str, bool]:
        """The month a fact counts in and whether it came late: a closed month's facts go to the first open one."""
        late = stated < self.first_open
        return (self.first_open if late else stated), late

    def _receive(self, said: Said, account: Account) -> None:
        row, amount = said.row, Decimal(said.row["amount"])
        month, _ = self._posting(month_of(row["paid_at"]))
        if "split" in row:
            shares: dict[str, Decimal] = defaultdict(lambda: ZERO)
            for part in row["split"]:
                shares[part["service"]] += Decimal(part["amount"])
        else:
            shares = self._shares(account, amount, FOR_EVER)
            rest = amount - sum(shares.values(), ZERO)
            shares |= {ADVANCE: rest} if rest else {}
        account.spread[said.sender, row["reference"]] = dict(shares)
        account.payments.append((month, row))
        for service, share in shares.items():
            account.count(month, service, "paid", share)

    def _take_back(self, said: Said, account: Account) -> None:
        month, _ = self._posting(month_of(said.row["at"]))
        for service, share in account.spread[_named(said, "reverses")].items():
            account.count(month, service, "paid", -share)

    def _shares(self, account: Account, amount: Decimal, through: str) -> dict[str, Decimal]:
        """Split rule 1: oldest posting period first, then the order of services, only what is due."""
        shares: dict[str, Decimal] = {}
        for _, service, due in self._debts(account, through):
            share = min(amount, due)
            if share > 0:
                shares[service] = shares.get(service, ZERO) + share
                amount -= share
        return shares

    def _debts(self, account: Account, through: str) -> list[tuple[str, str, Decimal]]:
        found = [
            (month, service, amount)
            for service in (account.accrued.keys() | account.paid.keys()) - {ADVANCE}
            for month, amount in account.unpaid(service, through)
        ]
        return sorted(found, key=lambda debt: (debt[0], self._place(debt[1])))

    def _place(self, service: str) -> tuple[int, str]:
        return self._order.get(service, len(self._order)), service

    def _close(self, month: str) -> None:
        for account in self._accounts.values():
            self._close_one(account, self.closed[-1] if self.closed else "", month)
        self.closed.append(month)
        self.first_open = _following(month)

    def _close_one(self, account: Account, before: str, month: str) -> None:
        """Brings the closings of the month before on, then spreads the advance over what is due."""
        # Openings are shown, not accrued again: the debts keep the age they have.
        for service, line in account.months[before].items() if before in account.months else ():
            if line.closing:
                account.months[month][service].columns["opening"] = line.closing
        advance = account.advance(month)
        for service, share in self._shares(account, advance, month).items() if advance > 0 else ():
            account.count(month, service, "paid", share)
            account.count(month, ADVANCE, "paid", -share)


def month_of(instant: str) -> str:
    """The month in Almaty of an instant."""
    return datetime.fromisoformat(instant).astimezone(_ALMATY).strftime("%Y-%m")


def totals(lines: dict[str, Line]) -> dict[str, Decimal]:
    """Sums of the columns, what is to pay and what is ahead."""
    sums = {column: sum((line.value(column) for line in lines.values()), ZERO) for column in COLUMNS}
    closings = [line.closing for line in lines.values()]
    return sums | {
        "to_pay": sum((closing for closing in closings if closing > 0), ZERO),
        "advances": -sum((closing for closing in closings if closing < 0), ZERO),
    }


def _following(month: str) -> str:
    year, number = int(month[:4]), int(month[5:])
    return f"{year + number // 12}-{number % 12 + 1:02d}"


def _named(said: Said, field_: str) -> tuple[str, str]:
    named = said.row[field_]
    return named.get("provider", said.sender), named["reference"]
