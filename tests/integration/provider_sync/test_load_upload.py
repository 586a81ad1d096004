"""A file from the spool to events and outbox, and what comes back to its sender."""

import csv
import io
import json
from threading import Event

import pytest

from provider_sync import errors
from tests.integration.provider_sync.town import Town, charge, ndjson, payment


def test_a_file_becomes_events_and_outbox_rows_in_its_order(town: Town) -> None:
    """Gap-free sequences per account, positions in the order of the file, across chunks."""
    rows = [charge(f"c{n}", str(100 + n % 7), amount=f"{n}.00") for n in range(1, 131)]
    upload = town.load("almaty-heat", ndjson(*rows))
    assert (upload.state, upload.total, upload.accepted, upload.sum_accepted) == ("done", 130, 130, 100 * 65 * 131)
    events = town.rows(
        "SELECT e.stream_id, e.version, e.data::json ->> 'reference' FROM outbox o"
        " JOIN events e ON e.stream_id = o.key AND e.version = o.version"
        " WHERE e.type LIKE '%%charge.posted%%' ORDER BY o.position"
    )
    assert [reference for _, _, reference in events] == [row["reference"] for row in rows]
    for account in {row["account"] for row in rows}:
        versions = [version for stream, version, _ in events if stream == account]
        assert versions == list(range(2, 2 + len(versions)))
        assert town.one("SELECT version FROM numbers WHERE number = %s", account) == versions[-1]


def test_three_broken_rows_come_back_and_the_others_are_taken(town: Town) -> None:
    """In the sender's own format with line, code and words."""
    rows = [charge("a"), charge("b", "999"), charge("c"), charge("d", amount=5), charge("e")]
    body = ndjson(*rows[:4]) + b"not json\n" + ndjson(rows[4])
    upload = town.load("almaty-heat", body)
    assert (upload.accepted, upload.rejected) == (3, 3)
    back = [json.loads(line) for line in town.rejected(upload, "kk").splitlines()]
    assert [(row["line"], row["code"]) for row in back] == [
        (2, "unknown-account"), (4, "invalid-amount"), (5, "unreadable-row"),
    ]  # fmt: skip
    assert back[0]["detail"] == "999 дербес шоты ашылмаған."
    assert back[0]["row"] == rows[1]


def test_the_same_file_again_adds_nothing(town: Town) -> None:
    """It is known by its digest, and each row is a duplicate."""
    body = ndjson(*(charge(f"c{n}") for n in range(60)))
    first = town.load("almaty-heat", body)
    events = town.one("SELECT count(*) FROM events")
    again = town.load("almaty-heat", body)
    assert (again.accepted, again.duplicate, again.repeat_of) == (0, 60, first.id)
    assert town.one("SELECT count(*) FROM events") == events


def test_what_was_said_before_is_known_beside_what_is_new(town: Town) -> None:
    """Also a reversal, which now would be refused; and a row that stands twice in a file of new ones."""
    back = {"kind": "charge.reversed", "reference": "r", "account": "100", "reverses": {"reference": "a"}}
    town.load("almaty-heat", ndjson(charge("a"), charge("b"), back))
    again = town.load("almaty-heat", ndjson(charge("c"), back, charge("d"), charge("b"), charge("b", amount="1.00")))
    assert (again.accepted, again.duplicate, again.conflict, again.rejected) == (2, 2, 1, 0)
    twice = town.load("almaty-heat", ndjson(charge("e"), charge("f"), charge("e")))
    assert (twice.accepted, twice.duplicate, twice.rejected) == (2, 1, 0)
    dry = town.load("almaty-heat", ndjson(charge("a"), charge("g")), mode="dry-run")
    assert (dry.accepted, dry.duplicate) == (1, 1)


def test_a_changed_file_under_the_same_batch_key_is_told_row_by_row(town: Town) -> None:
    """A remark for the batch, a conflict for the changed row, once somebody gave the word for it."""
    first = town.load("almaty-heat", ndjson(charge("a"), charge("b")), batch="2026-10")
    body = ndjson(charge("a"), charge("b", amount="1.00"), charge("c"))
    again = town.load("almaty-heat", body, batch="2026-10", confirms=first.id)
    assert (again.accepted, again.duplicate, again.conflict) == (1, 1, 1)
    assert [problem["code"] for problem in again.problems] == ["batch-key-reused"]
    assert "reference-conflict" in town.rejected(again)


@pytest.mark.parametrize("stated", [{"count": "3"}, {"total": "200.01"}, {"count": "2", "total": "199.99"}])
def test_control_totals_that_differ_refuse_the_whole_file(town: Town, stated: dict[str, str]) -> None:
    """Not half a file."""
    upload = town.load("almaty-heat", ndjson(charge("a"), charge("b")), **stated)
    assert (upload.state, upload.accepted) == ("refused", 0)
    assert [problem["code"] for problem in upload.problems] == ["control-totals-differ"]
    assert town.one("SELECT count(*) FROM events WHERE type LIKE '%%charge%%'") == 0
    assert not town.spool.path(upload.id).exists()


def test_a_header_line_states_totals_and_batch(town: Town) -> None:
    """As the query parameters do."""
    header = {"kind": "header", "batch": "B-7", "count": 2, "sum": "200.00"}
    upload = town.load("almaty-heat", ndjson(header, charge("a"), charge("b")))
    assert (upload.state, upload.batch, upload.total, upload.accepted) == ("done", "B-7", 2, 2)


def test_an_atomic_file_is_taken_whole_or_not_at_all(town: Town) -> None:
    """A bad row refuses its good neighbours, which keep their references."""
    spoiled = town.load("almaty-heat", ndjson(charge("a"), charge("b", "999")), mode="atomic")
    assert (spoiled.state, spoiled.accepted, spoiled.rejected) == ("refused", 0, 2)
    codes = [json.loads(line)["code"] for line in town.rejected(spoiled).splitlines()]
    assert codes == ["batch-refused", "unknown-account"]
    whole = town.load("almaty-heat", ndjson(charge("a"), charge("b")), mode="atomic")
    assert (whole.state, whole.accepted) == ("done", 2)


def test_an_atomic_file_has_a_limit(town: Town) -> None:
    """It goes in one transaction."""
    upload = town.load("almaty-heat", ndjson(*(charge(f"c{n}") for n in range(1001))), mode="atomic")
    assert (upload.state, upload.problems[0]["code"]) == ("refused", "batch-too-large")


def test_a_dry_run_tells_everything_and_leaves_nothing(town: Town) -> None:
    """The same answers, no event, no reference."""
    body = ndjson(charge("a"), charge("b", "999"), charge("a"))
    dry = town.load("almaty-heat", body, mode="dry-run")
    assert (dry.state, dry.accepted, dry.rejected, dry.duplicate) == ("done", 1, 1, 1)
    assert "unknown-account" in town.rejected(dry)
    assert town.one("SELECT count(*) FROM said WHERE reference IN ('a', 'b')") == 0
    real = town.load("almaty-heat", body)
    assert (real.accepted, real.repeat_of) == (1, None)


def test_csv_goes_the_same_way(town: Town) -> None:
    """Rejected rows come back as CSV with three columns in front, and a corrected copy is taken."""
    head = "kind,reference,account,paid_at,amount,channel,split\r\n"
    body = head + "payment.received,p1,100,2026-10-12T10:00:00Z,50.00,bank,heating=20.00;lift=30.00\r\n"
    body += "payment.received,p2,100,2026-10-12T10:00:00Z,50.00,bank,heating=20.00\r\n"
    upload = town.load("halyk-bank", body.encode(), "csv", count="2", total="100.00")
    assert (upload.accepted, upload.rejected) == (1, 1)
    back = town.rejected(upload)
    (row,) = csv.DictReader(io.StringIO(back))
    assert (row["line"], row["code"], row["reference"]) == ("3", "split-differs", "p2")
    corrected = town.load("halyk-bank", back.replace("heating=20.00", "heating=50.00").encode(), "csv")
    assert (corrected.accepted, corrected.rejected) == (1, 0)


def test_payments_for_unknown_accounts_are_counted_apart(town: Town) -> None:
    """Neither accepted nor rejected, and none of the sender's business to repeat."""
    upload = town.load("halyk-bank", ndjson(payment("p1"), payment("p2", "999")))
    assert (upload.accepted, upload.unmatched, upload.rejected, upload.sum_accepted) == (1, 1, 0, 5000)


@pytest.mark.parametrize(("body", "form"), [(b"", "csv"), (b"a;b\n1;2\n", "csv"), (b"x,y\n", "nycha-water")])
def test_a_file_that_is_none_is_refused_whole(town: Town, body: bytes, form: str) -> None:
    """With the reason."""
    upload = town.load("almaty-heat", body, form)
    assert (upload.state, upload.problems[0]["code"]) == ("refused", "unreadable-file")


def test_an_empty_ndjson_file_is_done_with_nothing(town: Town) -> None:
    """No rows are no error."""
    upload = town.load("almaty-heat", b"")
    assert (upload.state, upload.total) == ("done", 0)


def test_an_unknown_format_is_refused_before_anything_is_read(town: Town) -> None:
    """Nothing reaches the spool."""
    with pytest.raises(errors.UnknownFormat):
        town.send("almaty-heat", b"x", "xlsx")
    assert not town.spool.folder.exists() or not list(town.spool.folder.iterdir())


def test_a_stopped_load_goes_on_where_it_stood(town: Town) -> None:
    """SIGTERM between chunks: progress is stored with the facts."""
    ident = town.send("almaty-heat", ndjson(*(charge(f"c{n}") for n in range(120))))
    stop = Event()
    stop.set()
    assert town.loader().next(stop)
    assert town.upload("almaty-heat", ident).state == "appending"
    with town.base.pool.connection() as conn:
        conn.execute("UPDATE uploads SET lease_until = now()")
    assert town.loader().next(Event())
    upload = town.upload("almaty-heat", ident)
    assert (upload.state, upload.accepted, upload.duplicate) == ("done", 120, 0)
