"""A month at its end: how it stands, how it looks beside the last one, two operators who close it, statements anew."""

import json
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from common.errors import Refusal
from common.period import Period
from provider_sync import errors
from provider_sync.handlers import held, months, operators, periods, reissue
from provider_sync.handlers.base import Act
from provider_sync.store.calendar import Closed
from provider_sync.store.months import Asked
from tests.integration.provider_sync.test_operate import read, run
from tests.integration.provider_sync.town import Town, charge, payment

SEPTEMBER, OCTOBER = Period("2026-09"), Period("2026-10")
ASEL, DANA = Act("operator/asel"), Act("operator/dana")
WHY = "agreed with the director"


@pytest.fixture
def town(emptied: Town) -> Town:
    """The database of this file."""
    return emptied


@pytest.fixture
def october(town: Town) -> Town:
    """September is closed; both utilities charged ten accounts in both months, the bank brought a payment."""
    for month, amount in (("2026-09", "10000.00"), ("2026-10", "12000.00")):
        numbers = range(100, 110)
        town.say("almaty-heat", *(charge(f"h-{month}-{n}", str(n), period=month, amount=amount) for n in numbers))
        lifts = (charge(f"l-{month}-{n}", str(n), period=month, amount="500.00", service="lift") for n in numbers)
        town.say("almaty-lift", *lifts)
        if month == "2026-09":
            town.close(SEPTEMBER)
    town.say("halyk-bank", payment("p"))
    return town


def state_all(town: Town, *providers: str) -> None:
    """These utilities say that this was all for October."""
    for provider, service in (("almaty-heat", "heating"), ("almaty-lift", "lift")):
        if provider in providers:
            query = (
                "INSERT INTO submissions (provider, period, service, count, sum, agrees, key_id)"
                " VALUES (%s, '2026-10', %s, 10, 1, true, 'k') RETURNING id"
            )
            with town.base.pool.connection() as conn:
                conn.execute(query.encode(), (provider, service))


def test_a_month_closes_when_two_operators_say_so(october: Town) -> None:
    """The first asks, the second closes; both stand in the record."""
    state_all(october, "almaty-heat", "almaty-lift")
    asked = periods.close(october.base, OCTOBER, ASEL)
    assert isinstance(asked, Asked)
    assert isinstance(periods.close(october.base, OCTOBER, ASEL), Asked), "one operator is not two"
    closed = periods.close(october.base, OCTOBER, DANA)
    assert isinstance(closed, Closed)
    assert (closed.asked_by, closed.confirmed_by) == ("operator/asel", "operator/dana")
    assert months.standing(october.base).asked == []
    acts = october.rows("SELECT who, act FROM audit WHERE act LIKE 'periods.%%' AND subject = '2026-10' ORDER BY id")
    assert acts == [("operator/asel", "periods.ask")] * 2 + [("operator/dana", "periods.close")]


def test_two_who_confirm_at_once_close_it_once(october: Town) -> None:
    """The other one is told that it is closed."""
    periods.close(october.base, OCTOBER, Act("operator/asel", WHY))

    def confirm(who: str) -> str:
        try:
            return type(periods.close(october.base, OCTOBER, Act(who))).__name__
        except Refusal as refusal:
            return refusal.code

    with ThreadPoolExecutor(2) as pool:
        assert sorted(pool.map(confirm, ("operator/dana", "operator/gulnara"))) == ["Closed", "already-closed"]
    assert october.one("SELECT count(*) FROM outbox WHERE barrier AND key LIKE 'period/2026-10/%%'") == 12


def test_a_request_is_taken_back(october: Town) -> None:
    """Then a second operator's word is only a request again."""
    periods.close(october.base, OCTOBER, Act("operator/asel", WHY))
    periods.take_back(october.base, OCTOBER, Act("operator/asel", "too early"))
    assert isinstance(periods.close(october.base, OCTOBER, Act("operator/dana", WHY)), Asked)
    with pytest.raises(errors.NotFound):
        periods.take_back(october.base, Period("2026-11"), ASEL)


def test_a_close_waits_for_held_facts_unless_told_why_not(october: Town) -> None:
    """The reason is kept with the month."""
    state_all(october, "almaty-heat", "almaty-lift")
    october.say("almaty-heat", charge("x", "100", amount="99000.00"))
    with pytest.raises(errors.FactsHeld) as refused:
        periods.close(october.base, OCTOBER, ASEL)
    assert refused.value.params == {"count": 1}
    periods.close(october.base, OCTOBER, Act("operator/asel", WHY))
    assert isinstance(periods.close(october.base, OCTOBER, DANA), Closed)
    assert october.one("SELECT reason FROM closed_periods WHERE period = '2026-10'") == WHY


def test_a_fact_held_after_the_request_stops_the_second_operator(october: Town) -> None:
    """What was asked without a reason is looked at again; once it is decided the month closes."""
    state_all(october, "almaty-heat", "almaty-lift")
    periods.close(october.base, OCTOBER, ASEL)
    october.say("almaty-heat", charge("x", "100", amount="99000.00"))
    with pytest.raises(errors.FactsHeld):
        periods.close(october.base, OCTOBER, DANA)
    held.refuse(october.base, [row["id"] for row in held.listed(october.base, 9, None, "held")], Act("x", WHY))
    assert isinstance(periods.close(october.base, OCTOBER, DANA), Closed)


def test_a_close_waits_for_every_submission(october: Town) -> None:
    """Of all who charged, this month or the last."""
    state_all(october, "almaty-heat")
    with pytest.raises(errors.SubmissionsMissing) as refused:
        periods.close(october.base, OCTOBER, ASEL)
    assert refused.value.params["missing"] == "almaty-lift (lift)"
    state_all(october, "almaty-lift")
    assert isinstance(periods.close(october.base, OCTOBER, ASEL), Asked)


def test_a_utility_that_sent_nothing_is_missing(october: Town) -> None:
    """It charged in October and has not been heard of in November."""
    october.close(OCTOBER)
    with october.base.pool.connection() as conn:
        missing = periods.missing_submissions(conn, Period("2026-11"))
    assert missing == [("almaty-heat", "heating"), ("almaty-lift", "lift")]


def test_status_shows_all_that_a_close_depends_on(october: Town) -> None:
    """Submissions by provider and service, held facts, unmatched payments, uploads under way, requests."""
    state_all(october, "almaty-heat")
    october.say("halyk-bank", payment("q", "999", amount="70.00"))
    october.say("almaty-heat", charge("x", "100", amount="99000.00"))
    ident = october.send("almaty-heat", b"")
    periods.close(october.base, OCTOBER, Act("operator/asel", WHY))
    with october.base.pool.connection() as conn:
        conn.execute("INSERT INTO parked_accounts (account, since, reason, position) VALUES ('103', now(), 'gap', 4)")
    found = read(october, "periods", "status")
    assert [(row["account"], row["reason"]) for row in found["parked"]] == [("103", "gap")]
    assert [(row["service"], row["submission"]) for row in found["submissions"]] == [
        ("heating", "stated"), ("lift", "missing"),
    ]  # fmt: skip
    assert (found["first_open"], found["held"], found["unmatched"]) == ("2026-10", 1, {"count": 1, "sum": "70.00"})
    assert [row["id"] for row in found["uploads"]] == [str(ident)]
    assert found["asked"][0]["asked_by"] == "operator/asel"
    assert [row["period"] for row in found["closed"]] == ["2026-09"]
    status, output = run(october, "periods", "status")
    assert status == 0
    assert "almaty-lift" in output


def test_a_preview_stands_a_month_beside_the_last(october: Town) -> None:
    """Totals per provider, the largest jumps first, and accounts to look at."""
    october.say("almaty-heat", charge("more", "105", amount="20000.00"))
    found = read(october, "periods", "preview")
    assert found["period"] == "2026-10"
    heat = next(row for row in found["totals"] if row["service"] == "heating")
    assert (heat["last month"], heat["this month"], heat["difference"], heat["per cent"]) == (
        "100000.00", "140000.00", "40000.00", 40,
    )  # fmt: skip
    bank = next(row for row in found["totals"] if row["provider"] == "halyk-bank")
    assert (bank["service"], bank["this month"], bank["per cent"]) == ("payments", "50.00", None)
    first = found["jumps"][0]
    assert (first["account"], first["before"], first["now"]) == ("105", "10000.00", "32000.00")
    assert len(found["accounts"]) == 10
    assert found["accounts"][0] == "105"
    assert run(october, "periods", "preview", "2026-09")[0] == 0


def test_a_preview_of_nothing_says_so(town: Town) -> None:
    """No month has facts."""
    assert "not-found" in run(town, "periods", "preview")[1]


def test_scripts_ask_and_confirm_at_once(october: Town, tmp_path: Path) -> None:
    """With another operator's key in a file; one's own does not do."""
    second = operators.issue(october.base, ASEL, "second", None)
    own, other = tmp_path / "own", tmp_path / "other"
    own.write_text(october.operator)
    other.write_text(second.bearer)
    words = ("periods", "close", "2026-10", "--reason", WHY)
    assert "second-operator-required" in run(october, *words, "--confirm-key", str(own))[1]
    assert "operator-key-required" in run(october, *words, "--confirm-key", str(tmp_path / "none"))[1]
    assert "asked" in run(october, *words)[1]
    assert read(october, *words, "--confirm-key", str(other))["period"] == "2026-10"


def test_statements_are_asked_for_anew_as_sequenced_facts(october: Town) -> None:
    """Version 2, then 3; by any of an account's numbers; all or none."""
    words = ("periods", "reissue", "2026-09", "--corrects", "residents")
    asked = read(october, *words, "--accounts", "100,101", "--reason", WHY)
    assert [(row["account"], row["version"]) for row in asked] == [("100", 2), ("101", 2)]
    assert read(october, *words, "--accounts", "100", "--reason", WHY)[0]["version"] == 3
    account, version, text = october.rows(
        "SELECT stream_id, version, data FROM events WHERE type LIKE '%%.reissue-requested.%%' ORDER BY stream_id, id"
    )[0]
    assert json.loads(text) == {
        "provider": "centre", "reference": "reissue-2026-09-2", "period": "2026-09", "version": 2,
        "corrects": "residents", "reason": WHY, "requested_by": "operator/asel",
    }  # fmt: skip
    assert asked[0]["position"] == f"account/{account}@{version}"
    assert october.one("SELECT count(*) FROM events") == october.one("SELECT sum(version) FROM numbers")
    assert october.one("SELECT count(*) FROM audit WHERE act = 'periods.reissue'") == 2


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        (("2026-09", "--accounts", "100,777", "--reason", WHY), "unknown-accounts"),
        (("2026-10", "--accounts", "100", "--reason", WHY), "period-not-closed"),
        (("2026-09", "--accounts", "100"), "reason-missing"),
        (("2026-09", "--accounts", " , ", "--reason", WHY), "1 to 10000 numbers"),
        (("2026-09", "--accounts", "@/nowhere", "--reason", WHY), "cannot be read"),
    ],
)
def test_a_reissue_that_cannot_be_is_refused_whole(october: Town, words: tuple[str, ...], reason: str) -> None:
    """Nothing is said, and the command tells why."""
    status, output = run(october, "periods", "reissue", *words, "--corrects", "address")
    assert (status != 0, reason in output) == (True, True), output
    assert october.one("SELECT count(*) FROM reissues") == 0


def test_a_reissue_takes_its_turn_with_intake(october: Town) -> None:
    """Charges and requests for the same accounts side by side: sequences without gap."""
    with ThreadPoolExecutor(4) as pool:
        numbers = [str(n) for n in range(100, 110)]
        asks = [
            pool.submit(reissue.reissue, october.base, SEPTEMBER, numbers, "address", Act("operator/asel", WHY))
            for _ in range(3)
        ]
        said = [pool.submit(october.say, "almaty-heat", charge(f"r{n}", numbers[n])) for n in range(10)]
        assert {len(done.result(60)) for done in asks} == {10}
        assert {done.result(60)[0].status for done in said} == {"accepted"}
    assert october.one("SELECT max(version) FROM reissues") == 4
    assert october.one("SELECT count(*) FROM events") == october.one("SELECT sum(version) FROM numbers")
