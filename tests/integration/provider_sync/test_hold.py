"""The gate on a real database: what is held has no sequence and delays nobody; an operator's word is final."""

import json
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Event
from typing import Any

import pytest
from flask.testing import FlaskClient

from common.errors import Refusal
from common.period import Period
from provider_sync import errors
from provider_sync.handlers import held, revert
from provider_sync.handlers.base import Act
from tests.integration.provider_sync.test_operate import read, run
from tests.integration.provider_sync.town import Town, charge, fresh, ndjson, payment

MONTHS = ("2026-08", "2026-09")
FAR = "held-far-from-history"


@pytest.fixture
def town(emptied: Town) -> Town:
    """The database of this file."""
    return emptied


@pytest.fixture
def settled(town: Town) -> Town:
    """Accounts 100 to 109 were charged 10,000 ₸ in August and September."""
    for month in MONTHS:
        rows = [charge(f"{month}-{n}", str(n), period=month, amount="10000.00") for n in range(100, 110)]
        assert {o.status for o in town.say("almaty-heat", *rows)} == {"accepted"}
    return town


def statuses(town: Town, *rows: Any, **more: Any) -> list[tuple[str, str | None]]:
    """Status and code of each row."""
    return [(o.status, o.doubt.code if o.doubt else None) for o in town.say("almaty-heat", *rows, **more)]


def waiting(town: Town) -> list[int]:
    """Numbers of what is held."""
    return [row["id"] for row in held.listed(town.base, 1000, None, "held")]


def odd(reference: str, account: str = "100", **changed: Any) -> dict[str, Any]:
    """A charge far above ten thousand."""
    return charge(reference, account, amount="90000.00", **changed)


def test_a_held_charge_has_no_sequence_and_delays_nobody(settled: Town) -> None:
    """Neither other accounts, nor later facts of its own."""
    before = settled.one("SELECT version FROM numbers WHERE number = '100'")
    found = statuses(settled, odd("x"), charge("y", "101"), charge("z", "100"))
    assert found == [("held", FAR), ("accepted", None), ("accepted", None)]
    assert settled.one("SELECT version FROM numbers WHERE number = '100'") == before + 1
    assert settled.one("SELECT count(*) FROM events WHERE data LIKE '%%\"x\"%%'") == 0
    assert settled.one("SELECT count(*) FROM events") == settled.one("SELECT sum(version) FROM numbers")


def test_a_repeat_of_a_held_fact_is_held_and_another_content_a_conflict(settled: Town) -> None:
    """The reference is taken; also within the batch."""
    assert statuses(settled, odd("x"), odd("x")) == [("held", FAR)] * 2
    assert statuses(settled, odd("x")) == [("held", FAR)]
    (outcome,) = settled.say("almaty-heat", charge("x"))
    assert outcome.status == "conflict"
    assert "held" in str(outcome.refusal)
    assert len(waiting(settled)) == 1


def test_a_fact_that_names_a_held_one_is_held(settled: Town) -> None:
    """In the same batch and later; a third that names the second, too."""
    named = {"kind": "charge.adjusted", "account": "100", "amount": "-1.00", "reason_code": "quality"}
    first = named | {"reference": "a1", "corrects": {"reference": "x"}}
    assert [code for _, code in statuses(settled, odd("x"), first)] == [FAR, "held-names-held-fact"]
    undo = {"kind": "charge.reversed", "reference": "u", "account": "100", "reverses": {"reference": "x"}}
    assert statuses(settled, undo) == [("held", "held-names-held-fact")]
    words = held.approve(settled.base, waiting(settled), Act("operator/aigul", "checked"))
    assert [(word.reference, word.state) for word in words] == [
        ("x", "approved"),
        ("a1", "approved"),
        ("u", "approved"),
    ]


def test_what_names_a_held_fact_cannot_be_approved_before_it(settled: Town) -> None:
    """It stays held, with the reason."""
    undo = {"kind": "charge.reversed", "reference": "u", "account": "100", "reverses": {"reference": "x"}}
    statuses(settled, odd("x"), undo)
    (word,) = held.approve(settled.base, waiting(settled)[1:], Act("operator/aigul", "checked"))
    assert (word.state, word.refusal and word.refusal.code) == ("held", "held-names-held-fact")
    assert len(waiting(settled)) == 2


def test_an_atomic_batch_is_held_whole_and_decided_whole(settled: Town) -> None:
    """Its good rows wait as well, payments and openings too; nothing of it is anywhere before."""
    rows = [charge("a1"), odd("a2", "101")]
    assert statuses(settled, *rows, mode="atomic") == [("held", "held-with-batch"), ("held", FAR)]
    first, second = waiting(settled)
    with pytest.raises(errors.AtomicBatch):
        held.approve(settled.base, [first], Act("operator/aigul", "checked"))
    assert {w.state for w in held.approve(settled.base, [first, second], Act("operator/aigul", "checked"))} == {
        "approved"
    }
    assert [o.status for o in settled.say("almaty-heat", *rows)] == ["duplicate"] * 2


def test_a_dry_run_says_held_and_keeps_nothing(settled: Town) -> None:
    """The same answer, no trace."""
    assert statuses(settled, odd("x"), mode="dry-run") == [("held", FAR)]
    assert waiting(settled) == []
    assert settled.one("SELECT count(*) FROM said WHERE reference = 'x'") == 0


def test_approval_posts_in_the_month_that_is_open_then(settled: Town) -> None:
    """Held in October, approved after its close: late for October, in November."""
    statuses(settled, odd("x"))
    for month in ("2026-08", "2026-09", "2026-10"):
        settled.close(Period(month))
    (word,) = held.approve(settled.base, waiting(settled), Act("operator/aigul", "meter was read"))
    assert word.state == "approved"
    query = "SELECT data::json ->> 'posting_period', data::json ->> 'late_for' FROM events WHERE data LIKE '%%\"x\"%%'"
    assert settled.rows(query) == [("2026-11", "2026-10")]
    (again,) = settled.say("almaty-heat", odd("x"))
    assert (again.status, again.position) == ("duplicate", word.position)


def test_an_account_closed_meanwhile_keeps_its_charge_held(settled: Town) -> None:
    """The operator is told why and refuses it."""
    statuses(settled, odd("x"))
    settled.say("centre", {"kind": "account.closed", "reference": "c", "account": "100"})
    (word,) = held.approve(settled.base, waiting(settled), Act("operator/aigul", "checked"))
    assert (word.state, word.refusal and word.refusal.code) == ("held", "closed-account")
    (word,) = held.refuse(settled.base, waiting(settled), Act("operator/aigul", "the account is closed"))
    assert word.state == "refused"


def test_a_refusal_is_final_and_told_to_the_sender(settled: Town, http: FlaskClient) -> None:
    """By the fact's own address, in the reader's language, with the operator's reason."""
    statuses(settled, odd("x"))
    key = {"Authorization": f"Bearer {settled.keys['almaty-heat'].bearer}", "Accept-Language": "ru"}
    told = http.get("/v1/facts/x", headers=key).get_json()
    assert (told["status"], told["code"], told["kind"], told["position"]) == ("held", FAR, "charge.posted", None)
    assert told["detail"].startswith("Задержано")
    held.refuse(settled.base, waiting(settled), Act("operator/aigul", "a comma was lost"))
    told = http.get("/v1/facts/x", headers=key).get_json()
    assert (told["status"], told["reason"]) == ("refused", "a comma was lost")
    pushed = http.post("/v1/facts", headers=key, json={"facts": [odd("x")]}).get_json()["results"][0]
    assert (pushed["status"], pushed["code"]) == ("rejected", "refused-by-operator")
    with pytest.raises(errors.NotHeld):
        held.approve(settled.base, [1], Act("operator/aigul", "after all"))


def test_http_answers_held_with_the_rule(settled: Town, http: FlaskClient) -> None:
    """Status, code, text and field of the row."""
    key = {"Authorization": f"Bearer {settled.keys['almaty-heat'].bearer}"}
    answer = http.post("/v1/facts", headers=key, json={"facts": [odd("x")]}).get_json()["results"][0]
    assert (answer["status"], answer["code"], answer["field"]) == ("held", FAR, "/amount")
    assert "10000.00" in answer["detail"]
    assert "position" not in answer


def test_an_upload_counts_what_is_held(settled: Town, http: FlaskClient) -> None:
    """Held rows are no rejected rows, and no money that was accepted."""
    upload = settled.load("almaty-heat", ndjson(odd("x"), charge("y", "101")))
    assert (upload.accepted, upload.held, upload.rejected, upload.sum_accepted) == (1, 1, 0, 10000)
    assert settled.rejected(upload) == ""
    key = {"Authorization": f"Bearer {settled.keys['almaty-heat'].bearer}"}
    assert http.get(f"/v1/uploads/{upload.id}", headers=key).get_json()["rows"]["held"] == 1


def test_a_revert_says_what_of_the_upload_may_still_be_let_in(settled: Town) -> None:
    """A held row is no fact that could be undone; an operator decides about it."""
    upload = settled.load("almaty-heat", ndjson(odd("x"), charge("y", "101")))
    done = revert.revert(settled.base, upload.id, Act("operator/aigul", "не тот файл"))
    assert (upload.held, done.rows, done.stays) == (1, 1, {"held": 1})


def test_above_one_in_a_hundred_the_upload_is_one_decision_and_so_is_its_rest(settled: Town) -> None:
    """The first chunk has too many odd rows; the second, all good, waits with it."""
    rows = [odd(f"x{n}", str(100 + n)) for n in range(3)] + [charge(f"y{n}", str(100 + n % 20)) for n in range(197)]
    ident = settled.send("almaty-heat", ndjson(*rows))
    settled.loader(batch_rows=100).next(Event())
    assert settled.upload("almaty-heat", ident).held == 200
    (batch,) = held.batches(settled.base, 10)
    assert (batch["rows"], batch["correlation"], batch["one_decision"]) == (200, str(ident), True)
    parts = held.parts(settled.base, batch["batch"])
    words = [
        word for part in parts for word in held.approve(settled.base, part, Act("operator/aigul", "the tariff rose"))
    ]
    assert [word.state for word in words] == ["approved"] * 200


def test_a_month_far_above_the_last_is_one_decision(settled: Town) -> None:
    """Each row by itself is below the floor, together they are many times September."""
    rows = [charge(f"t{n}", str(100 + n % 20), amount="25000.00") for n in range(100)]
    found = statuses(settled, *rows)
    assert set(found) == {("held", "held-with-batch")}
    (batch,) = held.batches(settled.base, 10)
    assert (batch["rows"], batch["one_decision"]) == (100, True)


def test_an_account_without_history_is_not_held(settled: Town) -> None:
    """Accounts 110 to 119 were never charged; nor was anybody in a season a year ago."""
    assert statuses(settled, odd("x", "110")) == [("accepted", None)]


def test_a_reversed_mistake_is_no_history(settled: Town) -> None:
    """A wrong charge that was undone does not make the next wrong one usual."""
    assert statuses(settled, charge("w", "100", period="2026-09", amount="39000.00")) == [("accepted", None)]
    assert statuses(settled, odd("x1") | {"amount": "95000.00"}) == [("accepted", None)]
    undo = {"kind": "charge.reversed", "account": "100"}
    settled.say("almaty-heat", undo | {"reference": "u1", "reverses": {"reference": "w"}})
    settled.say("almaty-heat", undo | {"reference": "u2", "reverses": {"reference": "x1"}})
    assert statuses(settled, odd("x2")) == [("held", FAR)]


def test_a_declared_tariff_explains_a_charge(settled: Town) -> None:
    """Twice the price: nine times the sum is four and a half times the use."""
    tariff = {"kind": "directory.tariff", "service": "heating"}
    old = tariff | {"reference": "t1", "id": "h-1", "price": "10", "effective_from": "2025-01-01"}
    new = tariff | {"reference": "t2", "id": "h-2", "price": "20", "effective_from": "2026-10-01"}
    settled.say("centre", old, new)
    assert statuses(settled, odd("x")) == [("accepted", None)]


def test_a_service_never_connected_is_held_where_connections_are_told(town: Town) -> None:
    """In the same batch as its connection it is not; once charged, the account has a history."""
    connected = {"kind": "service.connected", "service": "heating", "effective_from": "2026-08-01"}
    assert statuses(town, charge("a", "100")) == [("accepted", None)]
    town.say("almaty-heat", connected | {"reference": "c1", "account": "101"})
    assert statuses(town, charge("b", "102")) == [("held", "held-never-connected")]
    assert statuses(town, charge("c", "101"), charge("d", "100")) == [("accepted", None)] * 2
    rows = (connected | {"reference": "c2", "account": "103"}, charge("e", "103"))
    assert statuses(town, *rows) == [("accepted", None)] * 2


def test_a_whole_building_that_jumps_is_held(settled: Town) -> None:
    """Ten flats of one house at four times the usual, none of them above five times."""
    rows = [charge(f"x{n}", str(n), amount="39000.00") for n in range(100, 110)]
    assert set(statuses(settled, *rows)) == {("held", "held-building-jump")}


def test_residents_that_jump_are_held(town: Town) -> None:
    """Three, then thirty; a known change in between moves what is usual."""
    changed = {"kind": "account.residents-changed", "account": "100", "effective_from": "2026-10-01"}
    assert statuses(town, changed | {"reference": "r0", "residents": 30}) == [("accepted", None)]
    assert statuses(town, changed | {"reference": "r1", "residents": 3}) == [("held", "held-residents-jump")]
    held.approve(town.base, waiting(town), Act("operator/aigul", "the hostel closed"))
    assert statuses(town, changed | {"reference": "r2", "residents": 4}) == [("accepted", None)]


def test_two_operators_decide_one_after_the_other(settled: Town) -> None:
    """One of them is told that it was decided; there is one event."""
    statuses(settled, odd("x"))
    (ident,) = waiting(settled)

    def approve(who: str) -> str:
        try:
            return held.approve(settled.base, [ident], Act(f"operator/{who}", "checked"))[0].state
        except Refusal as refusal:
            return refusal.code

    with ThreadPoolExecutor(2) as pool:
        assert sorted(pool.map(approve, ("aigul", "dana"))) == ["approved", "not-held"]
    assert settled.one("SELECT count(*) FROM events WHERE data LIKE '%%\"x\"%%'") == 1


def test_an_approval_beside_a_close_falls_on_one_side_of_it(settled: Town) -> None:
    """Before the barrier in October, or behind it in November; never behind it in October."""
    for month in ("2026-08", "2026-09"):
        settled.close(Period(month))
    rows = [odd(f"x{n}", str(100 + n)) for n in range(10)]
    assert {status for status, _ in statuses(settled, *rows)} == {"held"}
    with ThreadPoolExecutor(6) as pool:
        words = [
            pool.submit(held.approve, settled.base, [ident], Act("operator/aigul", "checked"))
            for ident in waiting(settled)
        ]
        closing = pool.submit(settled.close, Period("2026-10"))
        assert [word.result(60)[0].state for word in words] == ["approved"] * 10
        closing.result(60)
    passed = settled.rows(
        "SELECT o.position FROM outbox o JOIN events e ON e.stream_id = o.key AND e.version = o.version"
        " JOIN outbox b ON b.barrier AND b.partition = o.partition AND b.position < o.position"
        " AND b.body::json -> 'data' ->> 'period' >= e.data::json ->> 'posting_period'"
    )
    assert passed == []


def test_operators_list_show_approve_and_refuse(settled: Town) -> None:
    """By number and by batch, as tables and as JSON, with who and why in the audit."""
    statuses(settled, odd("x", "100"), odd("y", "101"))
    statuses(settled, odd(fresh("z"), "102"))
    rows = read(settled, "held", "list")
    assert [(row["reference"], row["amount"], row["code"]) for row in rows[:2]] == [
        ("x", "90000.00", FAR), ("y", "90000.00", FAR),
    ]  # fmt: skip
    assert "10000.00" in read(settled, "held", "show", str(rows[0]["id"]))["why"]
    assert run(settled, "held", "list")[0] == run(settled, "held", "batches")[0] == 0
    assert "reason-missing" in run(settled, "held", "approve", str(rows[0]["id"]))[1]
    words = ("--reason", "checked")
    done = read(settled, "held", "approve", str(rows[0]["id"]), *words)
    assert (done[0]["state"], done[0]["position"].startswith("account/100@")) == ("approved", True)
    batch = rows[1]["batch"]
    assert read(settled, "held", "refuse", "--batch", str(batch), *words)[0]["state"] == "refused"
    acts = settled.rows("SELECT who, act, detail ->> 'reason' FROM audit WHERE act LIKE 'held.%%' ORDER BY id")
    assert acts == [("operator/asel", f"held.{act}", "checked") for act in ("approved", "refused")]
    assert "not-held" in run(settled, "held", "approve", str(rows[0]["id"]), *words)[1]
    assert "not-held" in run(settled, "held", "approve", *words)[1]


def test_payments_are_never_held(settled: Town) -> None:
    """Money already taken waits for nobody, however large it is."""
    (outcome,) = settled.say("halyk-bank", payment("p", amount="9000000.00"))
    assert outcome.status == "accepted"


def test_the_audit_and_the_stored_content_say_the_same(settled: Town) -> None:
    """What waits is the fact as it was sent."""
    statuses(settled, odd("x"))
    content = json.loads(settled.one("SELECT content FROM held"))
    assert (content["kind"], content["amount"], content["reference"]) == ("charge.posted", 9000000, "x")


def test_rules_are_tried_on_the_past_and_change_nothing(settled: Town, tmp_path: Path) -> None:
    """What was accepted is judged by what was known then: the third month by the two before, the first by nothing."""
    for n in range(100, 110):
        settled.say("almaty-heat", charge(f"n-{n}", str(n), amount="11000.00" if n < 108 else "31000.00"))
    strict = tmp_path / "strict.toml"
    strict.write_text('[charges]\ntimes = 2\nfloor = "5000.00"\nbuilding_times = 0\n')
    before = settled.rows("SELECT * FROM history ORDER BY account")
    found = read(settled, "gate", "try", str(strict))
    assert [(row["month"], row["judged"], row["held"]) for row in found["facts"]] == [
        ("2026-08", 10, 0), ("2026-09", 10, 0), ("2026-10", 10, 2),
    ]  # fmt: skip
    assert [one["reference"] for one in found["examples"]] == ["n-108", "n-109"]
    assert found["rules"] == {FAR: 2}
    assert settled.rows("SELECT * FROM history ORDER BY account") == before
    assert waiting(settled) == []
    assert read(settled, "gate", "try", str(strict), "--month", "2026-09")["rules"] == {}
    assert "n-108" in run(settled, "gate", "try", str(strict))[1]


def test_rules_that_are_wrong_are_not_tried(settled: Town, tmp_path: Path) -> None:
    """The file's mistake is told; so is a file that is not there."""
    wrong = tmp_path / "wrong.toml"
    wrong.write_text("[charges]\ntims = 2\n")
    assert "invalid-gate-rules" in run(settled, "gate", "try", str(wrong))[1]
    assert "invalid-gate-rules" in run(settled, "gate", "try", str(tmp_path / "none"))[1]
    assert {"section": "charges", "setting": "times", "value": 5} in read(settled, "gate", "rules")


def test_trying_the_past_finds_residents_and_batches(settled: Town, tmp_path: Path) -> None:
    """A hostel that fills, and a batch in which every row doubles."""
    changed = {"kind": "account.residents-changed", "account": "100", "effective_from": "2026-10-01"}
    settled.say("almaty-heat", changed | {"reference": "r1", "residents": 2})
    settled.say("almaty-heat", changed | {"reference": "r2", "residents": 6})
    rows = [charge(f"b{n}", str(100 + n % 10), amount="1000.00") for n in range(100)]
    assert set(statuses(settled, *rows)) == {("accepted", None)}
    rules = tmp_path / "rules.toml"
    rules.write_text("[residents]\ntimes = 2\nmore = 3\n[charges]\ntotal_times = 1.01\n[batch]\nrows = 50\n")
    assert read(settled, "gate", "try", str(rules))["rules"] == {"held-residents-jump": 1}
    settled.say("almaty-heat", *(charge(f"d{n}", str(100 + n % 10), amount="1000.00") for n in range(100)))
    found = read(settled, "gate", "try", str(rules))
    assert found["rules"] == {"held-residents-jump": 1, "held-with-batch": 100}
    assert [batch["rows"] for batch in found["batches"]] == [100]
