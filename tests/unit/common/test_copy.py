"""Fields of COPY's text format."""

from datetime import UTC, datetime

import pytest

from common.postgres import copy_field


def test_what_would_break_a_line_is_escaped() -> None:
    """Tabs, line ends and backslashes; None is SQL's null, not a text."""
    assert copy_field("a\tb\nc\\d\r") == "a\\tb\\nc\\\\d\\r"
    assert [copy_field(v) for v in (None, True, 7, datetime(2026, 1, 2, tzinfo=UTC))] == [
        "\\N",
        "t",
        "7",
        "2026-01-02T00:00:00+00:00",
    ]


def test_a_float_has_no_form() -> None:
    """No float ever reaches a table of money."""
    with pytest.raises(TypeError):
        copy_field(1.5)
