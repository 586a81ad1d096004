"""A corrected file sent again whole: shown first, then adjusted, undone and said anew; and a batch undone by facts."""

import json
from threading import Event
from typing import Any
from uuid import UUID

import pytest

from common.errors import Refusal
from provider_sync import errors
from provider_sync.handlers import revert, unmatched, uploads
from provider_sync.handlers.base import Act
from provider_sync.store.uploads import Upload
from tests.integration.provider_sync.test_contend import assert_no_gaps
from tests.integration.provider_sync.town import Row, Town, charge, ndjson, opened, payment

ACT = Act("operator/aigul", "не тот файл")
SIGNED = (
    "SELECT coalesce(sum((data::json ->> 'amount')::bigint * CASE"
    " WHEN type LIKE '%%charge.reversed%%' OR type LIKE '%%payment.reversed%%' THEN -1 ELSE 1 END), 0)::bigint"
    " FROM events WHERE type LIKE %s"
)


def billed(town: Town) -> int:
    """All charges with what corrects them, in tiyn."""
    total: int = town.one(SIGNED, "%.charge.%")
    return total


def differences(town: Town, upload: Upload) -> dict[str, Any]:
    """What an upload changes, by reference."""
    rows = [json.loads(line) for line in uploads.differences(town.base, upload)]
    return {row["reference"]: (row["what"], row["was"], row["becomes"], row["fields"]) for row in rows}


def first(town: Town, *rows: Row) -> Upload:
    """The file that is corrected later."""
    return town.load("almaty-heat", ndjson(*rows), batch="october")


FILE = [charge("a"), charge("b", amount="50.00"), charge("c", amount="70.00"), charge("d", "101")]
CORRECTED = [
    charge("a"), charge("b", amount="40.00"), charge("c", amount="70.00", tariff="12.00"), charge("e", "102"),
]  # fmt: skip
SHOWN = {
    "b": ("adjusted", "50.00", "40.00", ["amount"]),
    "c": ("replaced", "70.00", "70.00", ["tariff"]),
    "d": ("missing", "100.00", None, []),
    "e": ("new", None, "100.00", []),
}


def test_a_dry_run_shows_what_a_corrected_file_changes_and_changes_nothing(town: Town) -> None:
    """Row by row, with the fields that differ."""
    earlier = first(town, *FILE)
    shown = town.load("almaty-heat", ndjson(*CORRECTED), mode="dry-run", supersedes=earlier.id)
    assert (shown.state, differences(town, shown)) == ("done", SHOWN)
    assert (billed(town), town.one("SELECT count(*) FROM events WHERE type LIKE '%%charge%%'")) == (32000, 4)
    assert uploads.counted_differences(town.base, shown)["adjusted"] == (1, -1000)


def test_a_corrected_file_becomes_adjustments_reversals_and_new_charges(town: Town) -> None:
    """The sum is that of the new file; each fact names what it corrects and the upload it came by."""
    earlier = first(town, *FILE)
    upload = town.load("almaty-heat", ndjson(*CORRECTED), supersedes=earlier.id)
    assert (upload.state, upload.rejected, upload.conflict, differences(town, upload)) == ("done", 0, 0, SHOWN)
    assert (billed(town), upload.sum_accepted) == (31000, -1000)
    kinds = town.rows(
        "SELECT split_part(type, 'provider-sync.', 2), coalesce(data::json -> 'corrects' ->> 'reference',"
        " data::json -> 'reverses' ->> 'reference'), (data::json ->> 'amount')::bigint FROM events"
        " WHERE correlation_id = %s ORDER BY 1, 2", str(upload.id),
    )  # fmt: skip
    assert kinds == [
        ("charge.adjusted.v1", "b", -1000), ("charge.posted.v1", None, 7000), ("charge.posted.v1", None, 10000),
        ("charge.reversed.v1", "c", 7000), ("charge.reversed.v1", "d", 10000),
    ]  # fmt: skip
    assert_no_gaps(town)


def test_the_same_corrected_file_again_changes_nothing(town: Town) -> None:
    """A sender that saw no answer repeats it."""
    earlier = first(town, *FILE)
    town.load("almaty-heat", ndjson(*CORRECTED), supersedes=earlier.id)
    events = town.one("SELECT count(*) FROM events")
    again = town.load("almaty-heat", ndjson(*CORRECTED), supersedes=earlier.id)
    assert (again.state, again.duplicate, differences(town, again)) == ("done", 4, {})
    assert town.one("SELECT count(*) FROM events") == events


def test_a_batch_is_corrected_again_and_again_and_back(town: Town) -> None:
    """Each file takes the place of the one before; the last one is what counts."""
    files = [FILE, CORRECTED, [charge("b", amount="10.00")], FILE]
    upload, sums = first(town, *files[0]), [32000]
    for rows in files[1:]:
        upload = town.load("almaty-heat", ndjson(*rows), supersedes=upload.id)
        assert upload.state == "done"
        sums.append(billed(town))
    assert sums == [32000, 31000, 1000, 32000]
    assert_no_gaps(town)


def test_a_row_that_moves_to_another_account_is_undone_and_said_there(town: Town) -> None:
    """The reversal stands where the charge stood."""
    earlier = first(town, charge("a"))
    town.load("almaty-heat", ndjson(charge("a", "101")), supersedes=earlier.id)
    rows = town.rows(
        "SELECT stream_id, split_part(type, 'provider-sync.', 2) FROM events WHERE type LIKE '%%charge%%'"
        " ORDER BY 1, version"
    )
    assert rows == [("100", "charge.posted.v1"), ("100", "charge.reversed.v1"), ("101", "charge.posted.v1")]


def test_a_row_that_is_refused_undoes_nothing(town: Town) -> None:
    """What was right stays until what replaces it is taken."""
    earlier = first(town, charge("a"), charge("b", "101"))
    upload = town.load("almaty-heat", ndjson(charge("a", "999"), charge("b", "101")), supersedes=earlier.id)
    assert (upload.rejected, upload.duplicate, billed(town)) == (1, 1, 20000)


def test_rows_that_cannot_be_read_keep_the_missing_ones(town: Town) -> None:
    """For they may be the same."""
    earlier = first(town, charge("a"), charge("b", "101"))
    upload = town.load("almaty-heat", b"not json\n" + ndjson(charge("a")), supersedes=earlier.id)
    assert [problem["code"] for problem in upload.problems] == ["missing-rows-kept"]
    assert billed(town) == 20000


def test_the_senders_own_corrections_since_are_respected(town: Town) -> None:
    """What it undid by hand stays undone unless the file has it; its own adjustments stay beside the batch's."""
    earlier = first(town, charge("a"), charge("b", "101"))
    undo = {"kind": "charge.reversed", "reference": "x", "account": "100", "reverses": {"reference": "a"}}
    fix = {"kind": "charge.adjusted", "reference": "y", "account": "101", "corrects": {"reference": "b"}}
    town.say("almaty-heat", undo, fix | {"amount": "-1.00", "reason_code": "quality"})
    upload = town.load("almaty-heat", ndjson(charge("b", "101")), supersedes=earlier.id)
    assert (differences(town, upload), billed(town)) == ({}, 9900)
    back = town.load("almaty-heat", ndjson(charge("a"), charge("b", "101")), supersedes=upload.id)
    assert (differences(town, back)["a"][0], billed(town)) == ("replaced", 19900)


def test_payments_that_wait_are_corrected_too(town: Town) -> None:
    """They are taken back in the queue, and both match when the account opens."""
    body = ndjson(payment("p", "999"), payment("q"))
    earlier = town.load("halyk-bank", body)
    town.load("halyk-bank", ndjson(payment("p", "999", amount="60.00")), supersedes=earlier.id)
    town.say("centre", opened("999"))
    assert town.one(SIGNED, "%.payment.%") == 6000
    assert town.one("SELECT count(*) FROM events WHERE stream_id = '999'") == 4
    assert_no_gaps(town)


@pytest.mark.parametrize("stops", [1, 4])
def test_a_correction_that_is_interrupted_is_gone_on_with(town: Town, stops: int) -> None:
    """Wherever the process stops, the next one ends with the same facts."""
    rows = [charge(f"c{n}", str(100 + n % 20)) for n in range(40)]
    earlier = first(town, *rows)
    changed = [row | {"amount": "90.00"} for row in rows[:20]]
    ident = town.send("almaty-heat", ndjson(*changed), supersedes=earlier.id)

    class Stopping(Event):
        asked = 0

        def is_set(self) -> bool:
            self.asked += 1
            return self.asked > stops

    town.loader(8).next(Stopping())
    assert town.upload("almaty-heat", ident).state == "appending"
    with town.base.pool.connection() as conn:
        conn.execute("UPDATE uploads SET lease_until = now()")
    assert town.loader(8).next(Event())
    upload = town.upload("almaty-heat", ident)
    assert (upload.state, billed(town)) == ("done", 20 * 9000)
    assert len(differences(town, upload)) == 40
    assert town.one("SELECT count(*) FROM events WHERE type LIKE '%%charge%%'") == 80


@pytest.mark.parametrize("what", ["older", "foreign", "refused", "atomic"])
def test_what_cannot_be_superseded_is_refused(town: Town, what: str) -> None:
    """The newest upload of one's own batch that was appended, and not in one transaction."""
    earlier = first(town, *FILE)
    if what == "older":
        town.load("almaty-heat", ndjson(*CORRECTED), supersedes=earlier.id)
        upload = town.load("almaty-heat", ndjson(charge("b", amount="1.00")), supersedes=earlier.id)
        assert (upload.state, upload.problems[0]["code"]) == ("refused", "upload-not-superseded")
        return
    refused = town.load("almaty-heat", b"{}\n", count="7") if what == "refused" else earlier
    sender, mode = "almaty-lift" if what == "foreign" else "almaty-heat", "atomic" if what == "atomic" else "continue"
    with pytest.raises((errors.NotFound, errors.NotSuperseded, errors.BadParameter)):
        town.send(sender, ndjson(*CORRECTED), mode=mode, supersedes=refused.id)


def test_a_changed_batch_under_a_known_key_waits_for_a_word(town: Town) -> None:
    """Shown row by row; nothing is taken, nothing holds up the others, until somebody says what is meant."""
    earlier = first(town, *FILE)
    upload = first(town, *CORRECTED)
    assert (upload.state, differences(town, upload)) == ("unconfirmed", SHOWN)
    assert str(earlier.id) in upload.problems[0]["detail"]
    assert not town.loader().next(Event())
    assert billed(town) == 32000
    uploads.confirm(town.base, "almaty-heat", upload.id, ACT)
    assert town.loader().next(Event())
    taken = town.upload("almaty-heat", upload.id)
    assert (taken.state, taken.accepted, taken.conflict, taken.duplicate) == ("done", 1, 2, 1)
    assert taken.confirms == earlier.id
    with pytest.raises(errors.NotUnconfirmed):
        uploads.confirm(town.base, "almaty-heat", upload.id, ACT)


def test_a_changed_batch_is_compared_with_what_was_taken_not_with_a_repeat_of_it(town: Town) -> None:
    """The same file sent twice stored nothing the second time: beside that every row would look new."""
    earlier = first(town, *FILE)
    assert first(town, *FILE).repeat_of == earlier.id
    upload = first(town, *CORRECTED)
    assert (upload.state, differences(town, upload)) == ("unconfirmed", SHOWN)
    assert str(earlier.id) in upload.problems[0]["detail"]
    uploads.confirm(town.base, "almaty-heat", upload.id, ACT)
    assert town.upload("almaty-heat", upload.id).confirms == earlier.id


def test_a_word_given_beforehand_or_a_repeat_needs_none(town: Town) -> None:
    """`confirm` with the file, the same file again, another key."""
    earlier = first(town, *FILE)
    assert first(town, *FILE).repeat_of == earlier.id
    body = ndjson(*CORRECTED)
    assert town.load("almaty-heat", body, batch="october", confirms=earlier.id).state == "done"
    assert town.load("almaty-heat", body + b"\n", batch="november").state == "done"


def test_a_dismissed_batch_leaves_nothing(town: Town) -> None:
    """Neither facts nor a file."""
    first(town, *FILE)
    upload = first(town, *CORRECTED)
    uploads.dismiss(town.base, town.spool, "almaty-heat", upload.id, ACT)
    assert (town.upload("almaty-heat", upload.id).state, billed(town)) == ("refused", 32000)
    assert not town.spool.path(upload.id).exists()


def test_an_upload_is_undone_by_facts(town: Town) -> None:
    """With what superseded it; twice changes nothing; sent again with its word it is said anew."""
    reading = {"kind": "meter.installed", "reference": "m", "account": "100", "meter": "M", "service": "heating"}
    earlier = first(town, *FILE, reading | {"effective_from": "2026-01-01"})
    upload = town.load("almaty-heat", ndjson(*CORRECTED), supersedes=earlier.id)
    done = revert.revert(town.base, upload.id, ACT)
    assert (done.rows, done.tiyn, done.refused, done.stays) == (4, 31000, {}, {"meter.installed": 1})
    assert billed(town) == 0
    again = revert.revert(town.base, earlier.id, ACT)
    assert (again.rows, billed(town)) == (0, 0)
    anew = town.load("almaty-heat", ndjson(*FILE), supersedes=upload.id)
    assert (anew.state, billed(town)) == ("done", 32000)
    whys = {
        why for (why,) in town.rows("SELECT data::json ->> 'reason' FROM events WHERE correlation_id LIKE 'revert/%%'")
    }
    assert whys == {ACT.why}
    assert_no_gaps(town)


def test_a_revert_takes_back_payments_wherever_they_went(town: Town) -> None:
    """In the stream of their account, still waiting, or assigned by an operator."""
    upload = town.load("halyk-bank", ndjson(payment("p"), payment("q", "999"), payment("r", "998")))
    unmatched.assign(town.base, "halyk-bank", "q", "101", ACT)
    assert revert.revert(town.base, upload.id, ACT).rows == 3
    town.say("centre", opened("998"))
    assert town.one(SIGNED, "%.payment.%") == 0


@pytest.mark.parametrize("what", ["nothing", "refused", "no reason"])
def test_what_cannot_be_undone_is_refused(town: Town, what: str) -> None:
    """Each with its code."""
    upload = town.load("almaty-heat", b"{}\n", count="7") if what == "refused" else first(town, *FILE)
    ident = UUID(int=7) if what == "nothing" else upload.id
    with pytest.raises(Refusal, match={"nothing": "not-found", "refused": "not-reverted", "no reason": "reason"}[what]):
        revert.revert(town.base, ident, Act("operator/aigul", "" if what == "no reason" else "why"))
