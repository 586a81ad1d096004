"""Renders statements and reads the pages back."""

import io
from datetime import date
from functools import cache
from typing import Any

import msgspec
from pypdf import PdfReader

from receipts.events.holder import Holder
from receipts.examples import ADDRESS, CODE, HISTORY
from receipts.examples.statements import HOLDER, decoded
from receipts.render.document import render
from receipts.render.layout import Inputs
from receipts.render.pdf import Rendered
from receipts.render.texts import Printed


def inputs(statement: dict[str, Any], language: Printed = "ru", holder: Holder | None = HOLDER) -> Inputs:
    """What a document of this statement is made of."""
    return Inputs(decoded(statement), holder, language, date(2026, 11, 6), CODE, ADDRESS, HISTORY)


def rendered(statement: dict[str, Any], language: Printed = "ru", holder: Holder | None = HOLDER) -> Rendered:
    """The document; the same one is laid out once for all tests of a process."""
    return _laid_out(msgspec.json.encode(statement), language, holder)


@cache
def _laid_out(statement: bytes, language: Printed, holder: Holder | None) -> Rendered:
    return render(inputs(msgspec.json.decode(statement), language, holder))


def words(data: bytes) -> str:
    """The document's text on one line, with plain spaces."""
    return " ".join(" ".join(page.extract_text() for page in PdfReader(io.BytesIO(data)).pages).split())
