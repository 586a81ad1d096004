"""Our own CSV: a header of field names, one fact a row; nested fields in a short form.

split: `heating=100.00;lift=20.00` · tiers: `60*21.50=1290.00;30*28.00=840.00` · corrects, reverses: the reference
"""

from collections.abc import Iterator
from typing import IO, Any

import msgspec

from common.money import BadAmount, parse_amount
from provider_sync import errors
from provider_sync.domain import facts
from provider_sync.domain.rules import Row
from provider_sync.formats.ndjson import of_validation
from provider_sync.formats.rows import Chunk, Place, RejectedRow, Totals
from provider_sync.formats.table import Dialect, Record, first_record, records, rejected_table

_DIALECT = Dialect()
ANSWERS = ("line", "code", "detail")


class CsvFormat:
    """Reads our own CSV; the columns line, code and detail of rejected rows sent again are ignored."""

    media = "text/csv; charset=utf-8"

    def look(self, file: IO[bytes]) -> None:
        """Nothing that its sender should wait for."""

    def totals(self, file: IO[bytes], _stated: bool = True) -> Totals:
        """Counts rows and sums amounts."""
        names, _ = first_record(file, _DIALECT)
        if "kind" not in names or "reference" not in names:
            raise errors.Unreadable(reason="the header names no columns kind and reference")
        at = names.index("amount") if "amount" in names else None
        count = total = 0
        for record in self._rows(file):
            count += 1
            total += amount_at(record, at)
        return Totals(count, total)

    def chunks(self, file: IO[bytes], start: Place, size: int) -> Iterator[Chunk]:
        """Facts row by row."""
        names, header = first_record(file, _DIALECT)
        chunk = Chunk()
        for record in records(file, Place(header.end, 2) if start.offset < header.end else start, _DIALECT):
            chunk.add(fact_of(names, record), record.line, record.raw, record.end)
            if len(chunk.rows) >= size:
                yield chunk
                chunk = Chunk()
        if chunk.rows:
            yield chunk

    def rejected(self, header: str | None, rows: Iterator[RejectedRow]) -> Iterator[str]:
        """The sender's columns with three in front."""
        return rejected_table(header, rows, _DIALECT)

    def header(self, file: IO[bytes]) -> str | None:
        """The header line as sent."""
        return first_record(file, _DIALECT)[1].raw.decode("utf-8-sig", "replace")

    def _rows(self, file: IO[bytes]) -> Iterator[Record]:
        found = records(file, Place(), _DIALECT)
        next(found, None)
        return found


def amount_at(record: Record, at: int | None) -> int:
    """The record's amount for control totals; 0 where there is none that can be read."""
    if at is None or len(record.cells) <= at:
        return 0
    try:
        return parse_amount(record.cells[at].strip())
    except BadAmount:
        return 0


def fact_of(names: list[str], record: Record) -> Row:
    """The fact in a record, or the refusal that says what is wrong with it."""
    if record.wrong:
        return errors.BadRow(reason=record.wrong)
    if len(record.cells) != len(names):
        return errors.BadRow(reason=f"{len(record.cells)} cells under {len(names)} columns")
    fields: dict[str, Any] = {n: c for n, c in zip(names, record.cells, strict=True) if c and n not in ANSWERS}
    for name, unfold in _NESTED.items():
        if name in fields:
            fields[name] = unfold(fields[name])
    try:
        return facts.from_fields(fields)
    except msgspec.ValidationError as error:
        return of_validation(error)


def _split(text: str) -> list[dict[str, str]]:
    parts = (part.partition("=") for part in text.split(";") if part)
    return [{"service": service, "amount": amount} for service, _, amount in parts]


def _tiers(text: str) -> list[dict[str, str]]:
    tiers = []
    for part in text.split(";"):
        volume, _, rest = part.partition("*")
        price, _, amount = rest.partition("=")
        tiers.append({"volume": volume, "price": price, "amount": amount})
    return tiers


def _named(text: str) -> dict[str, str]:
    return {"reference": text}


_NESTED = {"split": _split, "tiers": _tiers, "corrects": _named, "reverses": _named}
