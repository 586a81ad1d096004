"""SWIFT MT940 through the library mt-940, statement by statement: each must lead from opening to closing balance.

That balance is the format's only control total: a line that got lost or changed shows in it. MT942, which has none, is
refused: what it tells of a running day comes again in the day's statement.
"""

import re
from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal
from typing import IO, Any

from mt940.models import Transactions

from provider_sync import errors
from provider_sync.formats.banks.bookings import Booking, Notes, tabled
from provider_sync.formats.encodings import encoding_of
from provider_sync.formats.ndjson import lines

_STATEMENT_LIMIT = 16 << 20
_ENCODINGS = ("utf-8-sig", "cp1251")
_BOOKING = re.compile(r"(?m)^:61:")
_INTERIM = re.compile(r"(?m)^:(?:34F|13D|90[CD]):")
_SUBFIELD = re.compile(r"\?(\d\d)")
_PURPOSE = frozenset({*range(20, 30), *range(60, 64)})
# What comes back of our own transfers: the German business code 159, and SWIFT's type RTI.
_RETURNED = re.compile(r"^159\?")
_UNNAMED = frozenset({"", "NONREF"})
_PROCESSORS: dict[str, list[Any]] = {"post_transaction_details": []}


def read(file: IO[bytes], notes: Notes) -> Iterator[Booking]:
    """The bookings of all statements of a file; raises Unreadable unless each is whole."""
    number, statements = 0, 0
    for line, text in _statements(file):
        statements += 1
        for booking in _bookings(line, text, notes):
            number += 1
            yield tabled(replace(booking, line=number))
    if not statements:
        raise errors.Unreadable(reason="it holds no statement: nothing begins with :20:")


def _statements(file: IO[bytes]) -> Iterator[tuple[int, str]]:
    """Statements by their first line's number; what stands before the first must be no booking."""
    encoding = encoding_of(file, _ENCODINGS)
    file.seek(0)
    begun, size = 0, 0
    held: list[str] = []
    for number, (line, length) in enumerate(lines(file), 1):
        text = line.decode(encoding, "replace").replace("\r\n", "\n").strip("\x01\x03")
        if text.startswith(":20:"):
            if begun:
                yield begun, "".join(held)
            begun, size, held = number, 0, []
        elif not begun and re.match(r":(?!940:)\d\d[A-Z]?:", text):
            raise errors.Unreadable(reason=f"line {number} stands before any statement")
        size += length
        if size > _STATEMENT_LIMIT:
            raise errors.Unreadable(reason=f"the statement of line {begun} is larger than {_STATEMENT_LIMIT} bytes")
        held.append(text)
    if begun:
        yield begun, "".join(held)


def _bookings(line: int, text: str, notes: Notes) -> Iterator[Booking]:
    statement = Transactions(processors=_PROCESSORS)
    try:
        statement.parse(text)
    except Exception as error:  # the library lets through whatever it stumbles on in a broken file
        raise errors.Unreadable(reason=f"the statement of line {line}: {error}"[:200]) from error
    opening, closing = _balance(statement, "opening"), _balance(statement, "closing")
    if opening is None or closing is None:
        if _INTERIM.search(text):
            raise errors.IntradayReport(kind="MT942")
        raise errors.Unreadable(reason=f"the statement of line {line} lacks its opening or closing balance: it is cut")
    found = [one.data for one in statement.transactions if "amount" in one.data]
    if len(found) != len(_BOOKING.findall(text)):
        raise errors.Unreadable(reason=f"a booking of the statement of line {line} cannot be read")
    moved = sum((_signed(one) for one in found), Decimal())
    if opening.amount + moved != closing.amount or opening.currency != closing.currency:
        raise errors.ControlTotals(
            stated=f"{closing.amount} {closing.currency} in the statement of line {line}",
            found=f"{opening.amount + moved} {opening.currency}",
        )
    account, number = str(statement.data.get("account_identification", "")), statement.data.get("statement_number", "")
    notes.batch = notes.batch or f"{account}/{number}"[:100]
    for nth, one in enumerate(found, 1):
        yield _booking(one, account, f"{number}/{statement.data['transaction_reference']}/{nth}", opening.currency)


def _balance(statement: Transactions, which: str) -> Any:
    """Amount of the first opening, or of the closing balance, final or of a page."""
    for kind in ("final", "intermediate"):
        found = statement.data.get(f"{kind}_{which}_balance")
        if found is not None:
            return found.amount
    return None


def _signed(one: dict[str, Any]) -> Decimal:
    """As the balance moves: the reversal of a credit takes money, whatever sign the library gives it."""
    amount: Decimal = abs(one["amount"].amount)
    return amount if one["status"] in ("C", "RD") else -amount


def _booking(one: dict[str, Any], account: str, place: str, currency: str) -> Booking:
    reference = str(one.get("bank_reference") or "").strip()
    named = reference not in _UNNAMED
    details = str(one.get("transaction_details") or "")
    identity = f"{account}/{reference if named else place}"
    return Booking(
        0,
        "",
        identity,
        credit=one["status"] in ("C", "RD"),
        amount=str(abs(one["amount"].amount)),
        at=(one.get("entry_date") or one["date"]).isoformat(),
        currency=currency,
        text=purpose_of(details),
        reversal=one["status"] in ("RC", "RD"),
        undoes=identity if named else None,
        returned=bool(_RETURNED.match(details)) or one.get("id") == "NRTI",
    )


def purpose_of(details: str) -> str:
    """What the payer wrote: the purpose's subfields joined as one text, for banks wrap them inside words."""
    parts = _SUBFIELD.split(details.replace("\n", "") if "?" in details else details)
    if len(parts) == 1:
        return " ".join(details.split("\n"))
    return "".join(text for code, text in zip(parts[1::2], parts[2::2], strict=True) if int(code) in _PURPOSE)
