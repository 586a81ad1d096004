"""What repeats in the postings of a batch is kept once, and nobody who reads them sees it."""

import json

import psycopg
import pytest
from msgspec.structs import astuple

from ledger.domain.entry import Entry
from ledger.store import entries
from tests.conftest import MakeDatabase

AT, PAID_AT = "2026-11-01T05:12:07.123456Z", "2026-10-30T04:00:00.000000Z"
ODD = 'a"b\\ %s 5 % ә'
WHOLE = """
SELECT sequence, provider, to_char(happened_at, 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'),
       to_char(recorded_at, 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'), detail FROM entries ORDER BY sequence
"""


def posting(sequence: int, volume: str = "1.5", happened_at: str = AT) -> Entry:
    """A charge of an account."""
    detail = json.dumps({"volume": volume, "formula_ru": ODD}, ensure_ascii=False, separators=(",", ":"))
    said = ("charge.posted", "charged", "heating", "city-heat", 100, f"h-{sequence}", None, happened_at, AT, detail)
    return Entry("100000001", "2026-10", sequence, 0, *said)


def shown(posted: list[Entry]) -> list[tuple[int, str, str, str, str]]:
    """What readers are to find."""
    return [(e.sequence, e.provider, e.happened_at, e.recorded_at, e.detail) for e in posted]


@pytest.fixture
def url(database: MakeDatabase) -> str:
    """An empty ledger; its sessions are in UTC as the service's are."""
    return database("ledger") + "?options=-c%20timezone%3DUTC"


def test_a_batch_is_kept_once_and_read_as_it_was_posted(url: str) -> None:
    """Escapes, percent signs, letters of every alphabet and both instants come back."""
    posted = [posting(n, f"{n}.5", PAID_AT if n % 2 else AT) for n in range(1, 21)]
    with psycopg.connect(url) as conn:
        entries.add_entries(conn, posted)
        assert conn.execute(WHOLE).fetchall() == shown(posted)
        assert conn.execute("SELECT count(*) FROM details").fetchone() == (1,)
        kept = "SELECT count(provider), count(recorded_at), count(happened_at), max(length(detail)) FROM postings"
        assert conn.execute(kept).fetchone() == (0, 0, 10, 4)


def test_few_postings_keep_everything_in_themselves(url: str) -> None:
    """A row for seven would take more room than it saves."""
    posted = [posting(n) for n in range(1, 8)]
    with psycopg.connect(url) as conn:
        entries.add_entries(conn, posted)
        assert conn.execute(WHOLE).fetchall() == shown(posted)
        assert conn.execute("SELECT count(*) FROM details").fetchone() == (0,)


def test_details_are_not_looked_at_where_nobody_asks_for_them(url: str) -> None:
    """Sums over the view cost what they cost over the table."""
    with psycopg.connect(url) as conn:
        plan = conn.execute("EXPLAIN SELECT service, part, sum(amount) FROM entries GROUP BY service, part").fetchall()
        assert not any("details" in line for (line,) in plan)
        plan = conn.execute("EXPLAIN SELECT detail FROM entries").fetchall()
        assert any("details" in line for (line,) in plan)


def test_the_release_before_goes_on_posting(url: str) -> None:
    """Its COPY names the columns of the table that `entries` was; the same posting twice is refused as before."""
    copy_in = f"COPY entries ({', '.join(Entry.__struct_fields__)}) FROM STDIN".encode()
    with psycopg.connect(url) as conn, conn.cursor() as cursor:
        with cursor.copy(copy_in) as copy:
            copy.write_row(astuple(posting(1)))
        assert conn.execute(WHOLE).fetchall() == shown([posting(1)])
        with pytest.raises(psycopg.errors.UniqueViolation), cursor.copy(copy_in) as copy:
            copy.write_row(astuple(posting(1)))
