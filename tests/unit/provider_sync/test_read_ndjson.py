"""NDJSON: a bad line is one bad row with its number, whatever is wrong with it."""

import io
import json
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from common import strictjson
from common.errors import Refusal
from provider_sync.formats.ndjson import NdjsonFormat, fact_of
from provider_sync.formats.rows import LINE_LIMIT_BYTES, Place, RejectedRow
from tests.unit.provider_sync.counter import EXAMPLES, fact

GOOD = json.dumps(fact("charge.posted", "a")).encode()
FORMAT = NdjsonFormat()


def read(body: bytes, start: Place = Place(), size: int = 100) -> list[tuple[int, object]]:
    """(line, row) of a file."""
    chunks = FORMAT.chunks(io.BytesIO(body), start, size)
    return [(line, row) for chunk in chunks for line, row in zip(chunk.lines, chunk.rows, strict=True)]


def refusal_of(line: bytes) -> Refusal:
    """What is wrong with a line."""
    row = fact_of(line)
    assert isinstance(row, Refusal), f"{line[:80]!r} was read"
    return row


def with_field(name: str, value: str) -> bytes:
    """The good line with one field written literally so."""
    row = fact("charge.posted", "a")
    row[name] = "@@"
    return json.dumps(row).replace('"@@"', value).encode()


@pytest.mark.parametrize(
    "amount",
    ["7840.86", '"1e3"', '"NaN"', '"12,50"', '"12.345"', '"1234"', '"12345678901.00"', '" 1.00"', "null", '"١.٠٠"'],
)
def test_an_amount_is_a_decimal_string(amount: str) -> None:
    """Bad input 1: the field is named, and the value never repeated."""
    found = refusal_of(with_field("amount", amount))
    assert (found.code, found.field) == ("invalid-amount", "/amount")


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        (GOOD[:-1] + b',"reference":"b"}', "stands twice"),
        (GOOD[:-1] + b', "reference" :"b"}', "stands twice"),
        (GOOD + b" x", "Extra data"),
        (b"\xef\xbb\xbf" + GOOD, "byte order mark"),
        (with_field("unit", '"\\ud800"'), "surrogate"),
        (with_field("unit", '"\\u0000"'), "NUL"),
        (with_field("unit", '"a\x00b"'), "control character"),
        (GOOD[:40], ""),
        (b'{"a":' + b"[" * 10_000, "deeper"),
        (b"\xff" + GOOD, "not UTF-8"),
        (b"x" * (LINE_LIMIT_BYTES + 1), "longer than"),
    ],
)
def test_broken_json_is_refused_with_the_reason(line: bytes, reason: str) -> None:
    """Bad inputs 3 and 4."""
    found = refusal_of(line)
    assert found.code == "unreadable-row"
    assert reason.lower() in found.text().lower()


@pytest.mark.parametrize(
    ("line", "field"),
    [
        (with_field("role", '"admin"'), "/role"),
        (with_field("kind", '"charge.invented"'), "/kind"),
        (with_field("basis", '"guess"'), "/basis"),
        (with_field("volume", '"1e3"'), "/volume"),
        (with_field("volume", "1.5"), "/volume"),
        (with_field("at", '"2026-10-01T00:00:00"'), "/at"),
        (with_field("at", '"2026-10-01T25:00:00Z"'), "/at"),
        (with_field("tiers", "[]"), "/tiers"),
        (with_field("tiers", '[{"volume":"1","price":"x","amount":"1.00"}]'), "/tiers/0/price"),
        (with_field("amount", "1" * 60_000), "/amount"),
    ],
)
def test_a_field_of_another_shape_is_named(line: bytes, field: str) -> None:
    """Bad inputs 1, 9 and 16: JSON pointers; unknown fields are never bound."""
    found = refusal_of(line)
    assert found.code in ("invalid-field", "invalid-amount", "unreadable-row")
    assert found.field == field or "too many digits" in found.text()


def test_deep_and_long_input_is_refused_quickly() -> None:
    """Bad input 4: no recursion, no quadratic work."""
    begun = time.process_time()
    for line in (b"[" * 60_000, b'{"amount":' + b"9" * 60_000 + b"}", b'{"a":"' + b"\\u0041" * 10_000 + b'"}'):
        refusal_of(line)
    assert time.process_time() - begun < 0.5


@pytest.mark.parametrize("kind", sorted(EXAMPLES))
def test_every_kind_is_read(kind: str) -> None:
    """The canonical row of each kind is in order."""
    assert not isinstance(fact_of(json.dumps(fact(kind), ensure_ascii=False).encode()), Refusal)


@given(
    st.lists(st.tuples(st.sampled_from(["reason", "reason ", "x"]), st.sampled_from([":", " :", "\t:"])), max_size=3)
)
def test_a_key_that_stands_twice_is_always_noticed(extra: list[tuple[str, str]]) -> None:
    """The quick test may call the strict reader too often, never too rarely."""
    members = "".join(f',"{name}"{colon}"a"' for name, colon in extra)
    line = ('{"kind":"account.closed","reference":"r","account":"1"' + members + "}").encode()
    try:
        strictjson.loads(line)
        unique = True
    except strictjson.BadJson:
        unique = False
    row = fact_of(line)
    assert unique or isinstance(row, Refusal)


def test_a_header_line_states_totals_and_is_no_row() -> None:
    """Count, sum and batch key; found beside what the file really holds."""
    body = b'{"kind":"header","batch":"B-7","count":2,"sum":"15681.72"}\n' + GOOD + b"\n\n" + GOOD + b"\n"
    totals = FORMAT.totals(io.BytesIO(body))
    assert totals == (2, 1568172, 2, 1568172, "B-7", ())
    assert [line for line, _ in read(body)] == [2, 4]


def test_an_overlong_line_is_one_row_and_the_next_one_is_read() -> None:
    """Its length does not matter."""
    body = b"y" * (3 * LINE_LIMIT_BYTES) + b"\n" + GOOD
    rows = read(body)
    assert [line for line, _ in rows] == [1, 2]
    assert isinstance(rows[0][1], Refusal)
    assert not isinstance(rows[1][1], Refusal)
    assert FORMAT.totals(io.BytesIO(body)).rows == 2


def test_reading_goes_on_from_any_row() -> None:
    """A resumed file gives the same rows with the same numbers."""
    body = b"\n".join(json.dumps(fact("charge.posted", f"r{n}")).encode() for n in range(9)) + b"\r\nbroken\r\n"
    whole = read(body)
    for chunk in FORMAT.chunks(io.BytesIO(body), Place(), 1):
        rest = read(body, Place(chunk.ends[0], chunk.line_after(0)))
        assert [(line, str(row)) for line, row in rest] == [(line, str(row)) for line, row in whole[-len(rest) or 99 :]]


def test_rejected_rows_come_back_as_ndjson() -> None:
    """The row as an object, or as a text when it is none."""
    rows = [RejectedRow(3, "unknown-account", "…", GOOD.decode()), RejectedRow(4, "unreadable-row", "…", "not json\n")]
    first, second = (json.loads(line) for line in FORMAT.rejected(None, iter(rows)))
    assert (first["line"], first["code"], first["row"]["reference"]) == (3, "unknown-account", "a")
    assert second["row"] == "not json"


@pytest.mark.parametrize(
    ("fields", "ru", "kk"),
    [
        ('"kind":"charge.bosted"', "такого вида сообщений нет (/kind)", "хабардың мұндай түрі жоқ (/kind)"),
        (
            '"kind":"holder","reference":7',
            "нужно str, а стоит int (/reference)",
            "str керек, ал int тұр (/reference)",
        ),
        (
            '"kind":"holder"',
            "нет обязательного поля account (/account)",
            "міндетті account өрісі жоқ (/account)",
        ),
        ('"kind":"holder","x":1', "такого поля нет: x (/x)", "мұндай өріс жоқ: x (/x)"),
    ],
)
def test_what_is_wrong_with_a_field_is_said_in_the_senders_language(fields: str, ru: str, kk: str) -> None:
    """The decoder says it in English only."""
    found = fact_of(f"{{{fields}}}".encode())
    assert isinstance(found, Refusal)
    assert found.text("ru") == f"Поле заполнено неверно: {ru}."
    assert found.text("kk") == f"Өріс қате толтырылған: {kk}."
    assert found.text("en").isascii()
