"""ISO 20022 camt.053 and camt.054 of any version: elements are known by their names, which moved but kept them.

camt.052 is refused: what it tells of a running day comes again, booked, in the day's statement.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import IO
from xml.etree.ElementTree import Element, ParseError

from defusedxml.common import DefusedXmlException
from defusedxml.ElementTree import iterparse

from provider_sync import errors
from provider_sync.formats.banks.bookings import Booking, Notes, plain, structured, tabled

_ROOT = re.compile(r"\{urn:iso:std:iso:20022:tech:xsd:camt\.(05[0-9])\.001\.\d\d\}Document", re.ASCII)
_STATEMENTS = frozenset({"Stmt", "Ntfctn"})
_COPIES = {"CODU": "a copy of a duplicate", "COPY": "a copy", "DUPL": "a duplicate"}
_UNNAMED = frozenset({"", "NOTPROVIDED", "NONREF"})
_DEPTH_MAX = 60


@dataclass
class _Statement:
    """What the bookings of one statement share."""

    account: str = ""
    ident: str = ""
    entries: int = 0
    stated_entries: int | None = None


def read(file: IO[bytes], notes: Notes) -> Iterator[Booking]:
    """The bookings of a message, one for each payment inside; raises Unreadable unless it is well-formed to its end."""
    file.seek(0)
    try:
        yield from _walked(file, notes)
    except (ParseError, LookupError, ValueError) as error:  # the last two: encodings nobody knows
        raise errors.Unreadable(reason=f"no well-formed XML: {error}"[:200]) from error
    except DefusedXmlException as error:
        raise errors.Unreadable(reason="it declares a document type or entities, which are never read") from error


def _walked(file: IO[bytes], notes: Notes) -> Iterator[Booking]:
    path: list[Element] = []
    statement, number, statements = _Statement(), 0, 0
    for event, element in iterparse(file, ("start", "end"), forbid_dtd=True):
        name = _name(element)
        if event == "start":
            _check_root(element, len(path))
            path.append(element)
            statement = _Statement() if name in _STATEMENTS else statement
            continue
        path.pop()
        if path and _name(path[-1]) in _STATEMENTS and len(path) == 3:
            if name == "Ntry":
                statement.entries += 1
                for booking in _bookings(element, statement, number):
                    number += 1
                    yield booking
                path[-1].remove(element)
            else:
                _note(element, statement, notes)
        elif name in _STATEMENTS and len(path) == 2:
            statements += 1
            _close(statement)
            element.clear()
    if not statements:
        raise errors.Unreadable(reason="it holds no statement")


def _check_root(element: Element, depth: int) -> None:
    if depth > _DEPTH_MAX:
        raise errors.Unreadable(reason=f"elements inside each other deeper than {_DEPTH_MAX}")
    if depth:
        return
    found = _ROOT.fullmatch(element.tag)
    if found is None:
        raise errors.Unreadable(reason="it is no camt message")
    if found[1] == "052":
        raise errors.IntradayReport(kind="camt.052")
    if found[1] not in ("053", "054"):
        raise errors.Unreadable(reason=f"camt.{found[1]} is no statement")


def _note(element: Element, statement: _Statement, notes: Notes) -> None:
    """What stands before the bookings of a statement."""
    name = _name(element)
    if name == "Id":
        statement.ident = _text(element)
        notes.batch = notes.batch or statement.ident[:100] or None
    elif name == "Acct":
        statement.account = _first(element, "Id/IBAN", "Id/Othr/Id", "Id/PrtryAcct/Id")
    elif name == "CpyDplctInd" and _text(element) in _COPIES:
        notes.remark("statement-is-a-copy", f"the statement {statement.ident} says it is {_COPIES[_text(element)]}")
    elif name == "TxsSummry":
        stated = _first(element, "TtlNtries/NbOfNtries")
        statement.stated_entries = int(stated) if stated.isascii() and stated.isdigit() else None


def _close(statement: _Statement) -> None:
    if statement.stated_entries not in (None, statement.entries):
        stated, found = f"{statement.stated_entries} entries", f"{statement.entries} entries"
        raise errors.ControlTotals(stated=stated, found=found)


def _bookings(entry: Element, statement: _Statement, before: int) -> Iterator[Booking]:
    """One booking, or one for each of several payments inside; a single payment has the amount of its booking."""
    inside = list(_all(entry, "NtryDtls/TxDtls"))
    whole = _booking(entry, inside[0] if inside else entry, statement)
    if len(inside) < 2:
        yield tabled(_numbered(whole, before + 1))
        return
    parts = [_amount(one) for one in inside]
    wrong = _parts_differ(entry, inside, whole, parts)
    if wrong is not None:
        # An outgoing booking is none of ours, however its parts add up.
        bad = wrong if whole.credit and whole.booked else None
        yield tabled(_numbered(replace(whole, wrong=bad), before + 1))
        return
    for nth, (one, part) in enumerate(zip(inside, parts, strict=True), 1):
        booking = _booking(entry, one, statement)
        identity = booking.identity if _first(one, "Refs/AcctSvcrRef") else f"{booking.identity}/{nth}"
        amount, currency = part or ("", "")
        yield tabled(_numbered(replace(booking, identity=identity, amount=amount, currency=currency), before + nth))


def _parts_differ(
    entry: Element, inside: list[Element], whole: Booking, parts: list[tuple[str, str] | None]
) -> str | None:
    """Why the payments inside a booking cannot be told from each other; None when they add up to it."""
    own = {_first(one, "CdtDbtInd") for one in inside} - {"", _first(entry, "CdtDbtInd")}
    given = [part for part in parts if part is not None]
    if own or len(given) < len(parts):
        return "a booking of several payments does not tell the amount of each in its own direction"
    try:
        total, expected = sum(Decimal(plain(amount)) for amount, _ in given), Decimal(plain(whole.amount))
    except ArithmeticError:
        return "an amount is no number"
    if total != expected or {currency for _, currency in given} != {whole.currency}:
        return f"the {len(parts)} payments inside add up to {total}, the booking is of {expected}"
    return None


def _booking(entry: Element, details: Element, statement: _Statement) -> Booking:
    amount = next(_all(entry, "Amt"), None)
    reference = _first(details, "Refs/AcctSvcrRef") or _first(entry, "AcctSvcrRef")
    named = reference not in _UNNAMED
    identity = f"{statement.account}/{reference if named else f'{statement.ident}/{statement.entries}'}"
    direction = _first(entry, "CdtDbtInd")
    found = {structured(_text(one)) for one in _all(details, "RmtInf/Strd/CdtrRefInf/Ref")} - {None}
    texts = [_text(one) for one in (*_all(details, "RmtInf/Ustrd"), *_all(details, "RmtInf/Strd/AddtlRmtInf"))]
    return Booking(
        0,
        "",
        identity,
        credit=direction == "CRDT",
        amount=_text(amount) if amount is not None else "",
        at=_first(entry, "BookgDt/DtTm", "BookgDt/Dt", "ValDt/DtTm", "ValDt/Dt"),
        currency=amount.get("Ccy") if amount is not None else None,
        account=found.pop() if len(found) == 1 else None,
        text=" ".join(texts),
        booked=_first(entry, "Sts/Cd", "Sts") == "BOOK",
        reversal=_first(entry, "RvslInd") in ("true", "1"),
        undoes=identity if named else None,
        returned=next(_all(details, "RtrInf"), None) is not None,
        wrong=None if direction in ("CRDT", "DBIT") and amount is not None else "a booking without amount or direction",
    )


def _numbered(booking: Booking, number: int) -> Booking:
    return replace(booking, line=number)


def _amount(details: Element) -> tuple[str, str] | None:
    """A payment's own amount and currency, wherever the version keeps it."""
    for way in ("Amt", "AmtDtls/TxAmt/Amt", "AmtDtls/InstdAmt/Amt"):
        found = next(_all(details, way), None)
        if found is not None:
            return _text(found), found.get("Ccy", "")
    return None


def _all(element: Element, way: str) -> Iterator[Element]:
    """Descendants by a way of local names."""
    first, _, rest = way.partition("/")
    for child in element:
        if _name(child) == first:
            yield from _all(child, rest) if rest else (child,)


def _first(element: Element, *ways: str) -> str:
    """The text of the first element that one of the ways leads to and that has one."""
    return next((_text(found) for way in ways for found in _all(element, way) if _text(found)), "")


def _text(element: Element) -> str:
    return (element.text or "").strip()


def _name(element: Element) -> str:
    return str(element.tag).rpartition("}")[2]
