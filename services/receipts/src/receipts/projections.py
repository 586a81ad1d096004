"""Heard facts → rows, and the identity of a document: pure functions."""

import hashlib
import re
from dataclasses import dataclass
from typing import Any

import msgspec

from receipts.events.holder import Holder
from receipts.events.statement import Statement, decode_statement

# No 0/O, 1/I: a resident types the code from paper.
_ALPHABET = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ"
_CODE_LENGTH = 16
_NUMBER = re.compile(r"\d+")
_NOT_FACTS = ("request", "hash", "statement")
_canonical = msgspec.json.Encoder(order="sorted")


@dataclass(frozen=True)
class StatementRow:
    """A row of the table statements."""

    account: str
    period: str
    version: int
    facts_hash: str
    to_pay: int
    currency: str
    data: str
    building: str
    flat: str


@dataclass(frozen=True)
class DocumentKey:
    """What a document depends on: two requests with the same key get the same document."""

    account: str
    period: str
    language: str
    masked: bool
    template: str
    statement_version: int
    facts_hash: str
    holder_version: int

    @property
    def code(self) -> str:
        """The document's name and the code printed on it: 80 bits that nobody without the facts can guess."""
        digest = hashlib.sha256(_canonical.encode(self)).digest()
        return "".join(_ALPHABET[byte & 31] for byte in digest[:_CODE_LENGTH])


def statement_row(data: msgspec.Raw) -> StatementRow:
    """An issued or drafted statement as it is stored; raises msgspec.ValidationError."""
    s = decode_statement(data)
    text = bytes(data).decode()
    hashed = facts_hash(s, text)
    return StatementRow(s.account, s.period, s.version, hashed, due(s), s.currency, text, s.base.building, s.base.flat)


def walking_place(address: str) -> str:
    """An address as it is sorted: `ул. Абая, 9` comes before `ул. Абая, 10`, case does not matter."""
    return _NUMBER.sub(lambda number: number[0].zfill(8), " ".join(address.casefold().split()))


def due(statement: Statement) -> int:
    """The sum that stands large on the document."""
    return statement.due_now.total if statement.provisional and statement.due_now else statement.totals.to_pay


def facts_hash(statement: Statement, data: str) -> str:
    """SHA-256 of the facts: who asked, and in an open month the moment of asking, are none."""
    facts: dict[str, Any] = msgspec.json.decode(data)
    for name in (*_NOT_FACTS, "cut_off") if statement.provisional else _NOT_FACTS:
        facts.pop(name, None)
    return hashlib.sha256(_canonical.encode(facts)).hexdigest()


def known_holder(
    account: str, version: int | None, name: str | None, address_ru: str | None, address_kk: str | None
) -> Holder | None:
    """The holder, when provider-sync stated one and did not erase it since."""
    if version is None or not (name or address_ru or address_kk):
        return None
    return Holder(account, version, name or "", address_ru or "", address_kk or "")


def shown_holder(holder: Holder | None, masked: bool) -> Holder | None:
    """The holder as this reader may see it: neither name nor address while the link is masked."""
    return holder if holder is None or not masked else Holder(holder.account, holder.version, masked=True)


def typed_code(text: str) -> str:
    """A code as somebody typed or scanned it: `abcd-2345…` → `ABCD2345…`."""
    return "".join(c for c in text.upper() if c in _ALPHABET) if len(text) <= 2 * _CODE_LENGTH else ""
