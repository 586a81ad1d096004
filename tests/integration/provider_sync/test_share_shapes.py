"""What repeats in the events of a batch is kept once, and nobody who reads them sees it."""

import json

import psycopg
import pytest

from tests.integration.provider_sync.town import Town, charge

EVENTS = "SELECT stream_id, version, type, source, correlation_id, data FROM events WHERE type LIKE '%%charge.posted%%'"
ODD = 'a"b\\ %s 5 % ә'


def test_a_batch_is_kept_by_its_shapes_and_read_as_it_was_said(town: Town) -> None:
    """Escapes, percent signs and letters of every alphabet come back byte for byte."""
    rows = [charge(f"{ODD}{number}", formula_ru=ODD) for number in range(10)]
    assert all(outcome.status == "accepted" for outcome in town.say("almaty-heat", *rows))
    stored = town.rows(EVENTS + " ORDER BY version")
    assert [json.loads(data)["reference"] for *_, data in stored] == [row["reference"] for row in rows]
    assert {json.loads(data)["formula_ru"] for *_, data in stored} == {ODD}
    assert {source for _, _, _, source, _, _ in stored} == {"/provider-sync/almaty-heat"}
    kept = "SELECT count(DISTINCT shape), count(type), count(source) FROM facts WHERE stream_id = '100' AND version > 1"
    assert town.rows(kept) == [(1, 0, 0)]


def test_a_shape_is_found_again_and_a_rare_one_is_not_made(town: Town) -> None:
    """Another batch of the same month adds no shape; a single push keeps everything in itself."""
    for batch in range(2):
        town.say("almaty-heat", *[charge(f"{batch}-{number}") for number in range(10)])
    town.say("almaty-heat", charge("alone", basis="area"))
    assert town.one("SELECT count(*) FROM shapes WHERE type LIKE '%%charge%%'") == 1
    assert town.one("SELECT count(*) FROM facts WHERE shape IS NULL AND data LIKE '%%alone%%'") == 1


def test_shapes_are_append_only(town: Town) -> None:
    """As the events they belong to."""
    with psycopg.connect(town.url) as conn, pytest.raises(psycopg.errors.RaiseException):
        conn.execute("UPDATE shapes SET template = ''")


def test_the_release_before_goes_on_writing_events(town: Town) -> None:
    """Its COPY names the columns of the table that `events` was."""
    columns = "stream_id, version, id, type, occurred_at, recorded_at, source, correlation_id, data"
    given = ("999", "1", "0192f0c1-0000-7000-8000-000000000001", "t", "2026-11-01", "2026-11-01", "/s", "c", '{"a":1}')
    with psycopg.connect(town.url) as conn, conn.cursor() as cursor:
        with cursor.copy(f"COPY events ({columns}) FROM STDIN") as copy:
            copy.write_row(given)
        conn.commit()
    assert town.rows("SELECT type, source, correlation_id, data FROM events WHERE stream_id = '999'") == [
        ("t", "/s", "c", '{"a":1}')
    ]


def test_a_file_appends_with_shapes_of_its_own(town: Town) -> None:
    """A thousand events and more have instant and correlation in their shape, and are read as they were said."""
    at = {"at": "2026-10-30T09:00:00Z"}
    rows = [charge(f"f-{number}", **(at if number % 2 else {})) for number in range(1_000)]
    assert {outcome.status for outcome in town.say("almaty-heat", *rows)} == {"accepted"}
    kept = """SELECT count(recorded_at), count(occurred_at), count(correlation_id), count(batch) FROM facts
              WHERE stream_id = '100' AND version > 1"""
    assert town.rows(kept) == [(0, 500, 0, 0)]
    read = """SELECT count(*), count(DISTINCT recorded_at), count(DISTINCT correlation_id),
                     count(*) FILTER (WHERE occurred_at = recorded_at) FROM events WHERE type LIKE '%%charge%%'"""
    assert town.rows(read) == [(1_000, 1, 1, 500)]
