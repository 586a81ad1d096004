"""What receipts says, on one topic keyed by account; ids only, no name, no address."""

from typing import Any
from uuid import UUID

import msgspec

from common.envelope import render
from common.eventtypes import Register

TOPIC = "receipts.receipts.v1"
SAYS = Register("receipts")

_RECEIPT = UUID("0192f0c1-7a2b-7c3d-8e4f-5a6b7c8d9e0f")
_ACCOUNT, _PERIOD = "100000123", "2026-10"


class DraftWanted(msgspec.Struct, frozen=True):
    """The ledger is asked, under the id `request`, for an answer that is not older than the positions `after`."""

    request: str
    after: tuple[str, ...] = ()


def _requested(cls: Any) -> Any:
    return cls(_RECEIPT, _ACCOUNT, _PERIOD, "kk", DraftWanted(f"{_RECEIPT}.1", ("account/100000123@41",)))


@SAYS.says("receipt.requested", TOPIC, _requested, version=2)
class ReceiptRequested(msgspec.Struct, frozen=True):
    """A resident wants a receipt; with `draft` the month is open."""

    receipt: UUID
    account: str
    period: str
    language: str
    draft: DraftWanted | None = None


def _requested_v1(cls: Any) -> Any:
    return cls(_RECEIPT, _ACCOUNT, _PERIOD, "kk", True, f"{_RECEIPT}.1", ("account/100000123@41",))


@SAYS.says("receipt.requested", TOPIC, _requested_v1)
class ReceiptRequestedV1(msgspec.Struct, frozen=True):
    """As it was said until version 2, and stands on the topic for ever; no longer said."""

    receipt: UUID
    account: str
    period: str
    language: str
    draft: bool
    request: str
    after: tuple[str, ...] = ()


@SAYS.says("receipt.rendered", TOPIC, lambda cls: cls(_RECEIPT, _ACCOUNT, _PERIOD, "kk", "9f86d081" * 8, 1))
class ReceiptRendered(msgspec.Struct, frozen=True):
    """The document stands ready; `document` is the SHA-256 of its bytes."""

    receipt: UUID
    account: str
    period: str
    language: str
    document: str
    pages: int


@SAYS.says("receipt.failed", TOPIC, lambda cls: cls(_RECEIPT, _ACCOUNT, _PERIOD, "kk", "no-answer"))
class ReceiptFailed(msgspec.Struct, frozen=True):
    """There will be no document, for the stated reason."""

    receipt: UUID
    account: str
    period: str
    language: str
    reason: str


Said = ReceiptRequested | ReceiptRendered | ReceiptFailed
_TYPES = {kind.data: kind.full for kind in SAYS.types.values()}


def type_of(event: Said) -> str:
    """The full CloudEvents type of an event."""
    return _TYPES[type(event)]


def record(event: Said, ident: str, recorded: str) -> str:
    """The whole record's value as it goes to the topic."""
    data = msgspec.json.encode(event).decode()
    return render(
        ident=ident,
        source="/receipts",
        type=type_of(event),
        key=event.account,
        time=recorded,
        recorded=recorded,
        data=data,
        sequence=None,
        correlation=str(event.receipt),
    ).decode()
