"""Files cut, joined, re-encoded or with flipped bits are refused with a reason or read to the row; nothing else."""

import io
from pathlib import Path

import pytest

from common.errors import Refusal
from provider_sync.formats.named import format_named
from provider_sync.formats.rows import Place
from tests.support.files import SOUND
from tests.support.spoiled import spoiled


def outcome(form: str, body: bytes) -> str:
    """What becomes of a file; as many rows are read afterwards as were counted, wherever reading stopped between."""
    layout = format_named(form, Path(), "B")
    file = io.BytesIO(body)
    try:
        layout.look(file)
        totals = layout.totals(file)
    except Refusal as refusal:
        return "refused" if refusal.text("kk") else "silent"
    layout.header(file)
    chunks = list(layout.chunks(file, Place(), 2))
    rows = [row for chunk in chunks for row in chunk.rows]
    assert len(rows) == totals.rows
    if chunks:
        rest = layout.chunks(file, Place(chunks[0].ends[-1], chunks[0].line_after(-1)), 3)
        assert sum(len(chunk.rows) for chunk in rest) == len(rows) - len(chunks[0].rows)
    return "read"


@pytest.mark.parametrize("form", SOUND)
def test_a_sound_file_is_read_whole(form: str) -> None:
    """Without a refused row."""
    assert outcome(form, SOUND[form]) == "read"
    rows = [
        row for chunk in format_named(form, Path()).chunks(io.BytesIO(SOUND[form]), Place(), 9) for row in chunk.rows
    ]
    assert rows
    assert not any(isinstance(row, Refusal) for row in rows)


@pytest.mark.parametrize("form", SOUND)
def test_a_spoiled_file_is_refused_or_read_to_the_row(form: str) -> None:
    """A short run; the long one is slow."""
    assert {outcome(form, spoiled(SOUND[form], seed)) for seed in range(120)} <= {"refused", "read"}


@pytest.mark.slow
@pytest.mark.parametrize("form", SOUND)
def test_thousands_of_spoiled_files_are_refused_or_read(form: str) -> None:
    """The same with many more seeds."""
    for seed in range(1_000, 3_000):
        assert outcome(form, spoiled(SOUND[form], seed)) in ("refused", "read")
