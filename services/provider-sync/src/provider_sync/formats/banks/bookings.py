"""Bookings of a bank's statement as facts: which are payments, what names them, what is left aside."""

import csv
import hashlib
import io
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import IO, Any

import msgspec

from common.clock import to_wire
from common.money import BadAmount, format_amount, parse_amount
from common.period import ALMATY
from provider_sync import errors
from provider_sync.domain import facts
from provider_sync.domain.rules import NUMBER, UNNAMED, Row
from provider_sync.formats.banks.purpose import account_in
from provider_sync.formats.ndjson import of_validation
from provider_sync.formats.rows import Chunk, Place, RejectedRow, Remark, Totals
from provider_sync.formats.table import Dialect, rejected_table

_COLUMNS = ("booking", "date", "amount", "currency", "account", "text")
_DIALECT = Dialect()
_AMOUNT = re.compile(r"(-?[0-9]{1,18})(?:\.([0-9]*))?", re.ASCII)
_DAY = re.compile(r"(\d{4}-\d{2}-\d{2})(?:Z|[+-]\d{2}:\d{2})?", re.ASCII)
_LONG_FRACTION = re.compile(r"(\.\d{6})\d+")
_ASIDE = {
    "pending": "not booked yet",
    "zero": "of zero",
    "outgoing": "outgoing",
    "returned": "of our own transfers coming back",
    "elsewhere": "of accounts that are not the statement's",
}


@dataclass(frozen=True)
class Booking:
    """One movement as the statement tells it.

    `identity` names it for ever, `undoes` the payment that a reversal takes back; `wrong` says why it cannot be read.
    """

    line: int
    raw: str
    identity: str
    credit: bool
    amount: str
    at: str
    currency: str | None = None
    account: str | None = None
    text: str = ""
    booked: bool = True
    reversal: bool = False
    undoes: str | None = None
    returned: bool = False
    elsewhere: bool = False
    wrong: str | None = None


@dataclass
class Notes:
    """What a reader finds out about a file besides its bookings."""

    batch: str | None = None
    remarks: list[Remark] = field(default_factory=list)
    aside: dict[str, tuple[int, int]] = field(default_factory=dict)

    def remark(self, code: str, detail: str) -> None:
        """Something the sender should know about the whole file."""
        self.remarks.append({"code": code, "detail": detail})

    def leave(self, reason: str, amount: int) -> None:
        """A booking that is no payment."""
        count, total = self.aside.get(reason, (0, 0))
        self.aside[reason] = (count + 1, total + amount)

    def all(self) -> tuple[Remark, ...]:
        """The remarks, with one line for each kind of booking left aside."""
        left = (
            f"{count} bookings {_ASIDE[reason]}, {format_amount(total)} in all, are no payments"
            for reason, (count, total) in sorted(self.aside.items())
        )
        return (*self.remarks, *({"code": "left-aside", "detail": text} for text in left))


Read = Callable[[IO[bytes], Notes], Iterator[Booking]]


@dataclass(frozen=True)
class StatementFormat:
    """Statements through one of the readers; a file is read to its end before any booking of it is taken."""

    read: Read
    currency: str

    media = "text/csv; charset=utf-8"

    def look(self, file: IO[bytes]) -> None:
        """A statement is read whole or not at all, which takes longer than its sender should wait."""

    def totals(self, file: IO[bytes], _stated: bool = True) -> Totals:
        """Counts payments and reversals, sums payments; raises Unreadable, WrongCurrency."""
        notes, count, total = Notes(), 0, 0
        for booking in self.read(file, notes):
            if booking.currency not in (None, self.currency):
                raise errors.WrongCurrency(found=booking.currency, expected=self.currency)
            reason = aside(booking)
            if reason is None:
                count += 1
                total += 0 if booking.reversal else tiyn(booking.amount)
            else:
                notes.leave(reason, tiyn(booking.amount))
        return Totals(count, total, batch=notes.batch, remarks=notes.all())

    def chunks(self, file: IO[bytes], start: Place, size: int) -> Iterator[Chunk]:
        """Bookings that are facts. A place is the number of bookings before it: statements are read from their top."""
        chunk = Chunk()
        for number, booking in enumerate(self.read(file, Notes()), 1):
            if number <= start.offset or aside(booking) is not None:
                continue
            chunk.add(row_of(booking), booking.line, booking.raw.encode(), number)
            if len(chunk.rows) >= size:
                yield chunk
                chunk = Chunk()
        if chunk.rows:
            yield chunk

    def rejected(self, _header: str | None, rows: Iterator[RejectedRow], /) -> Iterator[str]:
        """A statement cannot carry our answers, so its bookings come back as a table."""
        return rejected_table(",".join(_COLUMNS), rows, _DIALECT)

    def header(self, _file: IO[bytes], /) -> str | None:
        """The table's columns are always the same."""
        return None


def aside(booking: Booking) -> str | None:
    """Why a booking is neither a payment nor the reversal of one; None when it is."""
    if booking.wrong is not None:
        return None
    if not booking.booked:
        return "pending"
    if booking.elsewhere:
        return "elsewhere"
    if tiyn(booking.amount) == 0 and _AMOUNT.fullmatch(plain(booking.amount)):
        return "zero"
    if booking.credit:
        return "returned" if booking.returned or booking.reversal else None
    return None if booking.reversal else "outgoing"


def row_of(booking: Booking) -> Row:
    """The fact of a booking, or the refusal that says what is wrong with it."""
    if booking.wrong is not None:
        return errors.BadRow(reason=booking.wrong)
    reference, account = reference_of(booking.identity), booking.account or account_in(booking.text)
    fields: dict[str, Any] = {"account": account or UNNAMED}
    if booking.reversal:
        if booking.undoes is None:
            return errors.ReversalUnnamed()
        undone = {"reference": f"{reference}/undone", "reverses": {"reference": reference_of(booking.undoes)}}
        fields |= {"kind": "payment.reversed", "at": instant(booking.at), "reason": "Reversed by the bank"} | undone
    else:
        paid = {"paid_at": instant(booking.at), "amount": money(booking.amount), "channel": "bank"}
        fields |= {"kind": "payment.received", "reference": reference} | paid
    try:
        return facts.from_fields(fields)
    except msgspec.ValidationError as error:
        return of_validation(error)


def structured(text: str | None) -> str | None:
    """A reference given in a field of its own, if it can be an account's number."""
    number = (text or "").strip()
    return number if NUMBER.fullmatch(number) and number.strip("0-") else None


def reference_of(identity: str) -> str:
    """An identity as a reference: printable, and short by a digest of what does not fit."""
    text = "".join(c if c.isprintable() else "_" for c in identity.strip())
    return text if len(text) <= 90 else f"{text[:57]}~{digest_of(text)}"


def digest_of(*parts: str) -> str:
    """A short digest: names people's accounts without showing them."""
    return hashlib.blake2b("\x1f".join(parts).encode("utf-8", "replace"), digest_size=12).hexdigest()


def plain(text: str) -> str:
    """`1 234,5` → `1234.5`; statements have no thousands but blanks."""
    return text.strip().replace("\u00a0", "").replace(" ", "").replace(",", ".")


def money(text: str) -> str:
    """An amount with two digits, if that loses nothing: `300,` → `300.00`, `8.850` → `8.85`; else as it stands."""
    found = _AMOUNT.fullmatch(plain(text))
    part = (found[2] or "").rstrip("0") if found else "too long"
    return f"{found[1]}.{part.ljust(2, '0')}" if found and len(part) <= 2 else text


def tiyn(text: str) -> int:
    """An amount as a number; 0 where it cannot be read."""
    try:
        return parse_amount(money(text))
    except BadAmount:
        return 0


def instant(text: str) -> str:
    """A day as its midnight in Almaty, an instant without a zone as one in Almaty; anything else as it stands."""
    day = _DAY.fullmatch(text.strip())
    try:
        at = datetime.fromisoformat(day[1] if day else _LONG_FRACTION.sub(r"\1", text.strip()))
        return to_wire(at if at.tzinfo else at.replace(tzinfo=ALMATY))
    except (ValueError, OverflowError):
        return text


def tabled(booking: Booking) -> Booking:
    """With what comes back of it should it be rejected."""
    out = io.StringIO()
    csv.writer(out, lineterminator="\r\n").writerow(
        [booking.identity, booking.at, booking.amount, booking.currency or "", booking.account or "", booking.text]
    )
    return replace(booking, raw=out.getvalue())
