"""Any past moment can be asked for, and a month can be read while it closes."""

import threading
from typing import Any

import pytest

from common.postgres import Connection
from common.streams import Record
from ledger.handlers import close
from tests.integration.ledger.conftest import USER, Ask, Ledger
from tests.support.facts import Event, Log, barriers
from tests.support.stores import running
from tests.support.waiting import until

ACCOUNT = "100000123"


def recorded(event: Event, at: str) -> None:
    """Says when a fact was recorded."""
    event["recordedtime"] = at


@pytest.fixture(scope="module")
def log(town: Ledger) -> Log:
    """October: a charge on the 10th, a payment on the 16th, closed on 5 November; a late correction on the 7th."""
    log = Log(ACCOUNT)
    recorded(log.open(), "2026-08-01T00:00:00Z")
    recorded(log.charge("heating", 10_000), "2026-10-10T00:00:00Z")
    recorded(log.pay(4_000), "2026-10-16T05:00:01Z")
    recorded(log.say("account.residents-changed", residents=5, effective_from="2026-10-01"), "2026-11-01T00:00:00Z")
    town.hear([*log.events, *barriers("2026-10")])
    town.closed("2026-10")
    late = {"period": "2026-10", "late_for": "2026-10", "posting_period": "2026-11"}
    recorded(log.charge("heating", 500, "2026-11", **late), "2026-11-07T00:00:00Z")
    said: dict[str, Any] = {
        "period": "2026-10",
        "version": 2,
        "corrects": "residents",
        "reason": "late",
        "requested_by": "op",
    }
    recorded(log.say("statement.reissue-requested", provider="centre", **said), "2026-11-09T00:00:00Z")
    town.hear(log.events[4:])
    town.applied(log)
    town.link(ACCOUNT)
    until(lambda: town.query("SELECT user_id FROM links") == [(USER,)], "the account is linked")
    return log


def test_a_month_is_shown_as_it_stood_then(log: Log, ask_town: Ask) -> None:
    """Open before its close, with what was known by then; issued after it; its second version from then on."""

    def at(moment: str, period: str = "2026-10") -> dict[str, Any]:
        answer = ask_town(f"/v1/accounts/{ACCOUNT}/statement?period={period}&as-of={moment}")
        assert answer[0] == 200, answer[1]
        body: dict[str, Any] = answer[1]
        return body

    before, paid = at("2026-10-12T00:00:00Z"), at("2026-10-20T00:00:00%2B05:00")
    assert (before["state"], before["totals"]["charged"], before["totals"]["paid"]) == ("open", "100.00", "0.00")
    assert (before["due_now"]["total"], before["position"], before["base"]["residents"]) == ("100.00", 2, 3)
    assert before["cut_off"] == "2026-10-12T00:00:00Z"
    assert (paid["totals"]["paid"], paid["due_now"]["total"], paid["base"]["residents"]) == ("40.00", "60.00", 3)
    assert at("2026-11-02T00:00:00Z")["base"]["residents"] == 5
    issued, later = at("2026-11-06T00:00:00Z"), at("2026-11-08T00:00:00Z")
    assert (issued["state"], issued["version"], issued["since"]["adjusted"]) == ("issued", 1, "0.00")
    assert (later["version"], later["since"]["adjusted"], later["due_now"]["total"]) == (1, "5.00", "65.00")
    assert at("2026-11-10T00:00:00Z")["version"] == 2
    november = at("2026-11-08T00:00:00Z", "2026-11")
    assert (november["totals"]["opening"], november["totals"]["adjusted"]) == ("60.00", "5.00")


def test_an_open_month_says_why_it_differed_then(log: Log, ask_town: Ask) -> None:
    """In the statement and when it is asked: against October as it was issued, with what was known of November."""
    path, then = f"/v1/accounts/{ACCOUNT}/statement", "period=2026-11&as-of=2026-11-08T00:00:00Z"
    told = ask_town(f"{path}?{then}")[1]["explanation"]
    assert (told["before"], told["now"], told["against"]) == ("100.00", "5.00", "2026-10")
    status, asked, _ = ask_town(f"{path}/explanation?{then}")
    assert (status, asked["difference"]) == (200, "-95.00")
    sooner = ask_town(f"{path}/explanation?period=2026-11&as-of=2026-11-06T00:00:00Z")[1]
    assert (sooner["now"], sooner["difference"]) == ("0.00", "-100.00")
    assert ask_town(f"{path}/explanation?period=2026-10&as-of=2026-07-01T00:00:00Z")[0] == 404


def test_a_version_can_be_asked_for(log: Log, ask_town: Ask) -> None:
    """The newest by itself, an older one by its number."""
    path = f"/v1/accounts/{ACCOUNT}/statement?period=2026-10"
    assert [ask_town(f"{path}{more}")[1]["version"] for more in ("", "&version=1", "&version=2")] == [2, 1, 2]
    assert ask_town(f"{path}&version=3")[1]["code"] == "period-not-found"


def test_a_moment_before_the_account_or_no_moment_at_all(log: Log, ask_town: Ask) -> None:
    """404 for the one, 422 for the other."""
    path = f"/v1/accounts/{ACCOUNT}/statement?period=2026-10&as-of="
    assert ask_town(f"{path}2026-07-01T00:00:00Z")[0] == 404
    for text in ("yesterday", "2026-10-12", "2026-10-12T00:00:00", "2026-13-01T00:00:00Z", ""):
        assert ask_town(f"{path}{text}")[0] == 422, text


def test_a_month_can_be_read_while_it_closes(ledger: Ledger, ask: Ask, monkeypatch: pytest.MonkeyPatch) -> None:
    """With half of the accounts closed every account answers, the closed as issued, the others as open."""
    logs = [Log(f"10000012{n}") for n in range(8)]
    held, go_on = threading.Event(), threading.Event()
    whole = close.close_chunk
    steps: list[int] = []

    def slow(conn: Connection, record: Record, *args: Any, **kwargs: Any) -> bool:
        steps.append(1)
        if len(ledger.query("SELECT FROM statements")) >= 4:
            held.set()
            go_on.wait(20)
        return whole(conn, record, *args, **kwargs)

    monkeypatch.setattr(close, "close_chunk", slow)
    with running(ledger.projection()):
        ledger.publish_key()
        for log in logs:
            log.open()
            log.charge("heating", 1000)
            ledger.link(log.account)
        ledger.hear([event for log in logs for event in log.events])
        for log in logs:
            ledger.applied(log)
        until(lambda: len(ledger.query("SELECT FROM links")) == 8, "all are linked")
        until(lambda: len(ledger.query("SELECT FROM signing_keys")) == 1, "the key is known")
        ledger.hear(barriers("2026-10"))
        try:
            assert held.wait(30)
            answers = [ask(f"/v1/accounts/{log.account}/statement?period=2026-10") for log in logs]
        finally:
            go_on.set()
        states = [body["state"] for _, body, _ in answers]
        assert sorted(set(states)) == ["issued", "open"]
        assert {body["totals"]["closing"] for _, body, _ in answers} == {"10.00"}
        ledger.closed("2026-10")
