"""Requests and responses as the OpenAPI document shows them."""

from datetime import datetime
from typing import Literal
from uuid import UUID

from pydantic import Field

from common.money import format_amount
from common.web import Model
from receipts.errors import reason_texts
from receipts.render.texts import Printed
from receipts.store.documents import Verified
from receipts.store.receipts import Receipt


class AccountPath(Model):
    """Which account."""

    number: str = Field(pattern=r"^[0-9A-Za-z-]{1,20}$", description="The account's number.")


class ReceiptPath(Model):
    """Which request."""

    id: UUID


class CodePath(Model):
    """Which printed code."""

    code: str = Field(pattern=r"^[0-9A-Za-z-]{1,32}$", description="The code as printed; hyphens do not matter.")


class ReceiptOrder(Model):
    """A receipt that is wanted."""

    period: str = Field(pattern=r"^20\d\d-(0[1-9]|1[0-2])$", examples=["2026-10"])
    language: Printed = Field(description="`ru+kk`: both languages side by side.")


class JoinedQuery(Model):
    """Receipts that are wanted as one file."""

    id: list[UUID] = Field(min_length=1, max_length=24, description="Ids of ready receipts, in the order wanted.")
    format: Literal["pdf", "zip"] = "pdf"


class Failure(Model):
    """Why there is no document."""

    code: str
    detail: str


class ReceiptView(Model):
    """A request and how far its document is."""

    id: UUID
    account: str
    period: str
    language: Printed
    state: Literal["queued", "rendering", "ready", "failed"]
    created_at: datetime
    ready_at: datetime | None = None
    pages: int | None = None
    size_bytes: int | None = None
    document: str | None = Field(default=None, description="Where the PDF is, once it is ready.")
    reason: Failure | None = None


class Newer(Model):
    """A statement that came after the printed one."""

    version: int = Field(description="1 is the issued statement; 2 and more correct what was shown, never the money.")
    amount: str = Field(examples=["11538.41"])
    cut_off: datetime | None = Field(default=None, description="What was counted up to this moment is in it.")


class Verification(Model):
    """What may be said publicly of a printed document."""

    account: str = Field(description="All but the last digits hidden.", examples=["•••••0123"])
    period: str
    language: Printed
    amount: str = Field(description="The sum to pay as printed.", examples=["11538.41"])
    currency: str
    provisional: bool = Field(description="The month was open when it was made.")
    superseded: bool = Field(description="There is a newer statement of the month.")
    superseded_by: Newer | None = Field(default=None, description="The statement that holds now.")
    made_at: datetime


def receipt_view(receipt: Receipt, language: str) -> ReceiptView:
    """The representation of a request."""
    ready, failure = receipt.progress == "ready", receipt.failure
    return ReceiptView.model_validate(
        {
            "id": receipt.id,
            "account": receipt.account,
            "period": receipt.period,
            "language": receipt.language,
            "state": receipt.progress,
            "created_at": receipt.created_at,
            "ready_at": receipt.ready_at,
            "pages": receipt.pages,
            "size_bytes": receipt.size_bytes,
            "document": f"/v1/receipts/{receipt.id}/document" if ready else None,
            "reason": Failure(code=failure, detail=reason_texts(failure)[language]) if failure else None,
        }
    )


def verification(found: Verified) -> Verification:
    """The representation of a check."""
    return Verification.model_validate(
        {
            "account": "•" * max(0, len(found.account) - 4) + found.account[-4:],
            "period": found.period,
            "language": found.language,
            "amount": format_amount(found.to_pay),
            "currency": found.currency,
            "provisional": found.statement_version == 0,
            "superseded": found.newer_version is not None,
            "superseded_by": _newer(found),
            "made_at": found.ready_at,
        }
    )


def _newer(found: Verified) -> Newer | None:
    if found.newer_version is None:
        return None
    amount = format_amount(found.newer_to_pay or 0)
    return Newer.model_validate({"version": found.newer_version, "amount": amount, "cut_off": found.newer_cut_off})
