"""NDJSON: one fact a line, an optional header line with control totals."""

import re
from collections.abc import Iterator
from functools import partial
from typing import IO

import msgspec
from msgspec import UNSET

from common import strictjson
from common.money import BadAmount, parse_amount, parse_total
from provider_sync import errors
from provider_sync.domain import facts
from provider_sync.domain.rules import Row
from provider_sync.formats.alike import Alike
from provider_sync.formats.rows import LINE_LIMIT_BYTES, Chunk, Place, RejectedRow, Totals

_HEADER = b'"header"'
_PATH = re.compile(r" - at `\$\.?(.*?)`$")
_NAME = re.compile(r"field `([^`]*)`")


class _Header(msgspec.Struct, tag_field="kind", tag="header", forbid_unknown_fields=True):
    """The optional first line."""

    batch: str | None = None
    count: int | None = None
    sum: str | None = None


class _Money(msgspec.Struct):
    """The only field that control totals look at."""

    amount: str = "0.00"


_money = msgspec.json.Decoder(_Money).decode
_header = msgspec.json.Decoder(_Header).decode


def fact_of(line: bytes) -> Row:
    """The fact on a line, or the refusal that says what is wrong with it."""
    if len(line) > LINE_LIMIT_BYTES:
        return errors.BadRow(reason=f"longer than {LINE_LIMIT_BYTES} bytes")
    try:
        fact = facts.decode(line)
        if _doubtful(line, fact):
            strictjson.loads(line)
    except msgspec.ValidationError as error:
        return _strict_first(line) or of_validation(error)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        return _strict_first(line) or errors.BadRow(reason=str(error)[:200])
    except strictjson.BadJson as error:
        return errors.BadRow(reason=str(error))
    return fact


def _doubtful(line: bytes, fact: facts.AnyFact) -> bool:
    """Whether a key may stand twice or a text hold an escape: only such lines pay for the slow, strict reader.

    A plain line has one `":` per key and no blank before a colon; anything else looks like more or fewer keys.
    """
    if b"\\" in line or b"\t" in line or b"\r" in line or (b" " in line and b" :" in line):
        return True
    values = msgspec.structs.astuple(fact)
    return line.count(b'":') != len(values) - values.count(UNSET) + 1


def _strict_first(line: bytes) -> errors.BadRow | None:
    """The strict reader explains broken JSON better, and knows more that is wrong."""
    try:
        strictjson.loads(line)
    except strictjson.BadJson as error:
        return errors.BadRow(reason=str(error)[:200])
    return None


def of_validation(error: msgspec.ValidationError) -> Row:
    """msgspec's finding as a refusal with a JSON pointer; never the value that was sent."""
    text = str(error)
    path, name = _PATH.search(text), _NAME.search(text)
    pointer = "/" + re.sub(r"\[(\d+)\]", r"/\1", path[1]).replace(".", "/") if path else ""
    if name:
        pointer = f"{pointer}/{name[1]}"[:80]
    reason = _PATH.sub("", text)
    if reason == "amount":
        return errors.AmountInvalid(pointer)
    if pointer == "/kind":
        reason = "there is no such kind of fact"
    return errors.BadField(pointer or None, reason=f"{reason} ({pointer})" if pointer else reason)


class NdjsonFormat:
    """Reads NDJSON."""

    media = "application/x-ndjson"

    def look(self, file: IO[bytes]) -> None:
        """Nothing that its sender should wait for."""

    def totals(self, file: IO[bytes], stated: bool = True) -> Totals:
        """Counts rows, and sums amounts where anybody states a sum; an amount that cannot be read counts nothing."""
        count = total = 0
        header: _Header | None = None
        for line, _ in lines(file):
            if count == 0 and header is None and _HEADER in line:
                header = _as_header(line)
                if header is not None:
                    stated = stated or header.sum is not None
                    continue
            if line.isspace():
                continue
            count += 1
            if stated:
                total += _amount(line)
        if header is None:
            return Totals(count, total)
        return Totals(count, total, header.count, _stated_sum(header.sum), header.batch)

    def chunks(self, file: IO[bytes], start: Place, size: int) -> Iterator[Chunk]:
        """Facts line by line; an overlong line is one bad row however long it is."""
        file.seek(start.offset)
        offset, number, chunk, alike = start.offset, start.line, Chunk(), Alike()
        for line, length in lines(file):
            offset += length
            if not line.isspace() and not (number == 1 and _HEADER in line and _as_header(line)):
                row, encoded = _read(line.rstrip(b"\r\n"), alike)
                chunk.add(row, number, line, offset, encoded)
                if len(chunk.rows) >= size:
                    yield chunk
                    chunk = Chunk()
            number += 1
        if chunk.rows:
            yield chunk

    def rejected(self, _header: str | None, rows: Iterator[RejectedRow]) -> Iterator[str]:
        """One object a row; what is no JSON stands in it as a text."""
        for row in rows:
            try:
                sent = strictjson.loads(row.raw.encode())
            except strictjson.BadJson:
                sent = row.raw.rstrip("\r\n")
            body = {"line": row.line, "code": row.code, "detail": row.detail, "row": sent}
            yield msgspec.json.encode(body).decode() + "\n"

    def header(self, _file: IO[bytes]) -> str | None:
        """NDJSON needs no header."""
        return None


def _read(line: bytes, alike: Alike) -> tuple[Row, str | None]:
    """The row on a line, and its form where that is known."""
    found = alike.read(line)
    if found is not None:
        return found
    row = fact_of(line)
    alike.learn(line, row)
    return row, None


def lines(file: IO[bytes]) -> Iterator[tuple[bytes, int]]:
    """Physical lines with their lengths; of an overlong one only the beginning is kept in memory."""
    limit = LINE_LIMIT_BYTES + 2
    for line in iter(partial(file.readline, limit), b""):
        length = len(line)
        if length == limit and not line.endswith(b"\n"):
            for more in iter(partial(file.readline, 1 << 20), b""):
                length += len(more)
                if more.endswith(b"\n"):
                    break
        yield line, length


def _as_header(line: bytes) -> _Header | None:
    try:
        return _header(line)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return None


def _amount(line: bytes) -> int:
    try:
        return parse_amount(_money(line).amount)
    except (msgspec.DecodeError, UnicodeDecodeError, BadAmount, RecursionError):
        return 0


def _stated_sum(text: str | None) -> int | None:
    if text is None:
        return None
    try:
        return parse_total(text)
    except BadAmount as error:
        raise errors.Unreadable(reason=f"the header's sum {text[:20]!r} is no amount like 1234.00") from error
