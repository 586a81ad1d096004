"""Facts on the topic become a statement over HTTP."""

from typing import Any

import pytest

from tests.integration.ledger.conftest import STRANGER, USER, Ask, Ledger
from tests.support.facts import Log, barriers
from tests.support.waiting import until

ACCOUNT = "100000123"


@pytest.fixture(scope="module")
def flat(town: Ledger) -> Log:
    """The account for tests that only read."""
    return stands(town)


@pytest.fixture
def own(running_ledger: Ledger) -> Log:
    """The same account in a ledger of the test's own."""
    return stands(running_ledger)


def stands(ledger: Ledger) -> Log:
    """A linked account with services, a meter, charges of October and payments, all applied."""
    log = Log(ACCOUNT)
    log.open()
    log.say("service.connected", service="heating", tariff_group="flat", effective_from="2026-08-01")
    installed: dict[str, Any] = {"meter": "M-1", "service": "water", "digits": 5, "replacement_planned": "2028-05-01"}
    log.say("meter.installed", effective_from="2026-08-01", **installed)
    log.say("meter.read", meter="M-1", value="10", taken_on="2026-09-20", source="measured")
    log.say("meter.read", meter="M-1", value="12", taken_on="2026-10-20", source="by-resident")
    log.charge("heating", 784086, volume="1.204000", unit="Gcal", tariff="6512.34", basis="area")
    log.charge("water", 150000, volume="2", reading_previous="10", reading_current="12", basis="meter")
    log.pay(500000)
    log.pay(100000, split={"water": 100000})
    ledger.hear(log.events)
    ledger.link(ACCOUNT)
    ledger.applied(log)
    until(lambda: ledger.query("SELECT user_id FROM links") == [(USER,)], "the account is linked")
    return log


def test_an_open_month_can_be_read_as_it_stands(flat: Log, ask_town: Ask) -> None:
    """Rows, totals and what is due now, before any close."""
    status, body, headers = ask_town(f"/v1/accounts/{ACCOUNT}/statement?period=2026-10")
    assert (status, body["state"], body["version"]) == (200, "open", 0)
    heating, water = body["rows"]
    assert (heating["charged"], heating["paid"], heating["closing"]) == ("7840.86", "5000.00", "2840.86")
    assert (water["charged"], water["paid"], water["closing"]) == ("1500.00", "1000.00", "500.00")
    assert body["totals"]["to_pay"] == body["due_now"]["total"] == "3340.86"
    assert headers["ETag"]


def test_a_closed_month_is_issued_once_and_stays(own: Log, running_ledger: Ledger, ask: Ask) -> None:
    """The statement has its id, cut-off and hash; facts that come later do not change it."""
    running_ledger.hear(barriers("2026-10"))
    running_ledger.closed("2026-10")
    _, before, _ = ask(f"/v1/accounts/{ACCOUNT}/statement?period=2026-10")
    assert (before["state"], before["version"], before["cut_off"]) == ("issued", 1, "2026-11-05T13:00:00Z")
    assert before["due_date"] == "2026-11-25"
    (issued,) = running_ledger.said("statement.issued")
    assert (issued["statement"], issued["hash"]) == (before["statement"], before["hash"])
    own.pay(100, "2026-11")
    running_ledger.hear(own.events[-1:])
    running_ledger.applied(own)
    _, after, _ = ask(f"/v1/accounts/{ACCOUNT}/statement?period=2026-10")
    assert after["rows"] == before["rows"]
    assert (after["since"]["paid"], after["due_now"]["total"]) == ("1.00", "3339.86")


def test_what_is_asked_for_most_is_the_same_before_flask_and_by_it(
    own: Log, running_ledger: Ledger, ask: Ask, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Body and headers of accounts, an account, an issued month; a condition leads the whole way."""
    running_ledger.hear(barriers("2026-10"))
    running_ledger.closed("2026-10")
    paths = ("/v1/accounts", f"/v1/accounts/{ACCOUNT}/statement?period=2026-10", f"/v1/accounts/{ACCOUNT}")
    whole = {path: ask(path, If_None_Match='"another"', X_Request_Id="mine-1234") for path in paths}
    # Whoever comes to Flask's hooks fails from here on.
    monkeypatch.setattr("common.web.flask.g", None)
    for path in paths:
        status, body, headers = ask(path, X_Request_Id="mine-1234")
        # Of two moments; whoever asks with a condition is told one.
        whole[path][2].pop("Date", None)
        assert (status, body, set(headers)) == (200, whole[path][1], set(whole[path][2]))
    monkeypatch.undo()
    tag = whole[paths[1]][2]["ETag"]
    assert ask(paths[1], If_None_Match=tag)[0] == 304
    assert ask(paths[1], user=STRANGER)[0] == 404
    assert ask(paths[1], Authorization="Bearer nobody")[0] == 401


def test_the_months_are_listed_newest_first(own: Log, running_ledger: Ledger, ask: Ask) -> None:
    """A closed month and the open one, each with totals that connect."""
    running_ledger.hear(barriers("2026-10"))
    own.charge("heating", 1000, "2026-11")
    running_ledger.hear(own.events[-1:])
    running_ledger.closed("2026-10")
    running_ledger.applied(own)
    _, body, _ = ask(f"/v1/accounts/{ACCOUNT}/periods")
    november, october = body["periods"]
    assert (november["period"], november["state"], october["state"]) == ("2026-11", "open", "issued")
    assert november["opening"] == october["closing"] == "3340.86"


def test_the_account_shows_what_it_is_and_whom_to_ask(flat: Log, town: Ledger, ask_town: Ask) -> None:
    """Holder, residents, services, meters with the last reading; each with who said it and when."""
    holder = {
        "account": ACCOUNT,
        "version": 2,
        "name": "Әлия Қожа",
        "address_ru": "ул. Абая, 1",
        "address_kk": "Абай, 1",
    }
    stated = "kz.settlement.provider-sync.holder.stated.v1"
    town.state("provider-sync.holders.v1", ACCOUNT, holder, stated)
    town.state("provider-sync.holders.v1", ACCOUNT, holder | {"version": 1, "name": "older"}, stated)
    until(lambda: "holder" in ask_town(f"/v1/accounts/{ACCOUNT}")[1], "the holder is stated")
    _, body, _ = ask_town(f"/v1/accounts/{ACCOUNT}")
    assert (body["holder"], body["residents"], body["area_total"]) == ("Әлия Қожа", 3, "54.10")
    assert [s["service"] for s in body["services"]] == ["heating"]
    (meter,) = body["meters"]
    assert (meter["replacement_planned"], meter["last_reading"]["value"]) == ("2028-05-01", "12")
    assert body["stated"]["residents"]["provider"] == "almaty-heat"
    town.state("provider-sync.holders.v1", ACCOUNT, None, stated)
    until(lambda: "holder" not in ask_town(f"/v1/accounts/{ACCOUNT}")[1], "the holder is erased")


def test_entries_payments_readings_and_changes_come_in_pages(flat: Log, ask_town: Ask) -> None:
    """Filters and cursors; a payment shows its split."""
    _, first, _ = ask_town(f"/v1/accounts/{ACCOUNT}/entries?limit=3")
    _, second, _ = ask_town(f"/v1/accounts/{ACCOUNT}/entries?limit=3&after={first['next']}")
    kinds = [entry["kind"] for entry in first["entries"] + second["entries"]]
    assert kinds == ["payment.received", "payment.received", "charge.posted", "charge.posted"]
    assert "next" not in second
    _, water, _ = ask_town(f"/v1/accounts/{ACCOUNT}/entries?service=water&kind=charge.posted")
    assert [entry["amount"] for entry in water["entries"]] == ["1500.00"]
    _, payments, _ = ask_town(f"/v1/accounts/{ACCOUNT}/payments")
    assert [p["split"] for p in payments["entries"]] == [
        [{"service": "water", "amount": "1000.00"}],
        [{"service": "heating", "amount": "5000.00"}],
    ]
    assert [named["service"] for named in payments["services"]] == ["heating", "water"]
    assert [named["service"] for named in water["services"]] == ["water"]
    _, readings, _ = ask_town(f"/v1/accounts/{ACCOUNT}/meters/M-1/readings?limit=1")
    assert [r["value"] for r in readings["readings"]] == ["10"]
    _, more, _ = ask_town(f"/v1/accounts/{ACCOUNT}/meters/M-1/readings?after={readings['next']}")
    assert [r["value"] for r in more["readings"]] == ["12"]
    _, changes, _ = ask_town(f"/v1/accounts/{ACCOUNT}/changes")
    assert [c["kind"] for c in changes["changes"]] == ["meter.installed", "service.connected", "account.opened"]
    assert [named["service"] for named in changes["services"]] == ["heating", "water"]


PATHS = ("", "/periods", "/statement?period=2026-10", "/entries", "/payments", "/meters/M-1/readings", "/changes")


def test_a_foreign_account_answers_like_a_missing_one(flat: Log, ask_town: Ask) -> None:
    """Same status, same body but for the request id, with Read-After and on every route."""
    for path in PATHS:
        foreign = ask_town(f"/v1/accounts/{ACCOUNT}{path}", user=STRANGER, Read_After=f"account/{ACCOUNT}@999")
        missing = ask_town(f"/v1/accounts/999{path}", user=STRANGER, Read_After="account/999@999")
        assert foreign[0] == missing[0] == 404, path
        for answer in (foreign[1], missing[1]):
            answer.pop("instance")
        assert foreign[1] == missing[1], path


def test_an_account_answers_to_its_later_numbers(own: Log, running_ledger: Ledger, ask: Ask) -> None:
    """As by its first one; a number of nobody is unknown."""
    known = len(own.events)
    own.say("account.renumbered", number="777")
    running_ledger.hear(own.events[known:])
    running_ledger.applied(own)
    for path in ("", "/entries?limit=2", "/entries?kind=payment.received", "/periods"):
        (status, first, _), (_, later, _) = (ask(f"/v1/accounts/{number}{path}") for number in (ACCOUNT, "777"))
        assert status == 200
        assert first == later
    months = [ask(f"/v1/accounts/{number}/statement?period=2026-10")[1] for number in (ACCOUNT, "777")]
    assert months[0]["rows"] == months[1]["rows"]
    assert ask("/v1/accounts/778/entries")[0] == 404


def test_an_unlinked_account_is_gone(own: Log, running_ledger: Ledger, ask: Ask) -> None:
    """The access projection is the access."""
    assert [a["due_now"] for a in ask("/v1/accounts")[1]["accounts"]] == ["3340.86"]
    said = {"user": USER, "account": ACCOUNT}
    running_ledger.state("identity.users.v1", USER, said, "kz.settlement.identity.account.unlinked.v1")
    until(lambda: ask(f"/v1/accounts/{ACCOUNT}")[0] == 404, "the account is gone")
    assert ask("/v1/accounts")[1] == {"accounts": []}


def test_read_after_waits_and_then_says_not_yet(flat: Log, town: Ledger, ask_town: Ask) -> None:
    """A position that has not come: 503 with Retry-After; one that has: the answer."""
    have, wanted = len(flat.events), len(flat.events) + 1
    assert ask_town(f"/v1/accounts/{ACCOUNT}", Read_After=f"account/{ACCOUNT}@{have}, user/{USER}@1")[0] == 200
    status, body, headers = ask_town(f"/v1/accounts/{ACCOUNT}", Read_After=f"account/{ACCOUNT}@{wanted}")
    assert (status, body["code"], headers["Retry-After"]) == (503, "not-yet-visible", "1")


def test_an_etag_saves_the_body(flat: Log, ask_town: Ask) -> None:
    """The same tag is answered by 304, and a new fact gives another tag."""
    _, _, headers = ask_town(f"/v1/accounts/{ACCOUNT}")
    assert ask_town(f"/v1/accounts/{ACCOUNT}", If_None_Match=headers["ETag"])[0] == 304


def test_a_broken_cursor_is_refused(flat: Log, ask_town: Ask) -> None:
    """422 with a code, never 500."""
    for after in ("x", "W10", "WyIyMDI2LTEwIl0", "WyJcdTAwMDAiLDFd", "%00"):
        status, body, _ = ask_town(f"/v1/accounts/{ACCOUNT}/entries?after={after}")
        assert (status, body["code"]) == (422, "broken-cursor"), after


def test_without_a_token_nothing_is_said(town: Ledger, ask_town: Ask) -> None:
    """401 on every route."""
    for path in ("", *(f"/1{path}" for path in PATHS)):
        assert ask_town(f"/v1/accounts{path}", Authorization="Bearer none")[0] == 401, path
