"""What stands ready is answered exactly as it would be computed: documents, what came since, what is due, the tag."""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from common.reading import Reading
from ledger.api import render
from ledger.handlers import read
from tests.integration.ledger.conftest import USER, Ask, Ledger
from tests.integration.ledger.test_reissue import reissue
from tests.support.facts import Log, barriers
from tests.support.waiting import until

PERIOD = "2026-10"


def quiet(log: Log) -> None:
    """Nothing comes after the close."""


def paid(log: Log) -> None:
    """A payment covers part of what is due."""
    log.pay(4_000, "2026-11")


def charged(log: Log) -> None:
    """The next month's charges are there already."""
    log.charge("heating", 9_900, "2026-11")
    log.charge("water", 100, "2026-11")


def overpaid(log: Log) -> None:
    """More than is due is paid, then charged: the advance is counted."""
    log.pay(90_000, "2026-11")
    log.charge("lift", 5_000, "2026-11")


def taken_back(log: Log) -> None:
    """A payment of the closed month is taken back."""
    log.take_back(next(e for e in log.events if "payment.received" in e["type"]), "2026-11")


def oddly_named(log: Log) -> None:
    """References hold whatever can be printed, and a payment has several shares."""
    log.charge("water", 100, "2026-11", reference='№ 1, "a\\b": [%s] {Ұ}')
    log.pay(300, "2026-11", reference="'P' \\x1f %d \" №", split={"water": 100, "heating": 200})


def shown_anew(log: Log) -> None:
    """A second version is issued."""
    log.say("account.residents-changed", residents=5, effective_from="2026-10-01")
    reissue(log)


AFTERWARDS = (quiet, paid, charged, overpaid, taken_back, oddly_named, shown_anew)


@pytest.fixture
def closed(running_ledger: Ledger) -> Iterator[tuple[Reading, dict[str, Log]]]:
    """An account for each of AFTERWARDS, closed through PERIOD, and what came afterwards."""
    logs = {after.__name__: running_ledger.new()[0] for after in AFTERWARDS}
    for number, log in enumerate(logs.values()):
        log.open()
        log.pay(300 * number + 100)
        log.charge("heating", 10_000)
        log.charge("water", 2_050)
        running_ledger.link(log.account)
    early = [event for log in logs.values() for event in log.events]
    running_ledger.hear([*early, *barriers(PERIOD)])
    running_ledger.closed(PERIOD)
    for after in AFTERWARDS:
        log = logs[after.__name__]
        before = len(log.events)
        after(log)
        running_ledger.hear(log.events[before:])
        running_ledger.applied(log)
    until(lambda: running_ledger.query("SELECT count(*) FROM links") == [(len(logs),)], "the accounts are linked")
    reading = Reading(running_ledger.config.database_url, "test")
    yield reading, logs
    reading.close()


def test_ready_and_computed_are_the_same(
    closed: tuple[Reading, dict[str, Log]], running_ledger: Ledger, ask: Ask
) -> None:
    """For every account; what was issued before documents were kept is computed still, and answered alike."""
    reading, logs = closed
    config = running_ledger.config
    for name, log in logs.items():
        ready = read.issued(reading, USER, log.account, PERIOD, config)
        computed = read.statement(reading, USER, log.account, PERIOD, config)
        assert ready, name
        assert json.loads(render.issued(ready)) == json.loads(render.statement(computed)), name
        assert ready.tag == computed.tag, name
    due = {mine["account"]: mine["due_now"] for mine in ask("/v1/accounts")[1]["accounts"]}
    answers = {log.account: ask(path(log)) for log in logs.values()}
    assert due == {account: body["due_now"]["total"] for account, (_, body, _) in answers.items()}
    running_ledger.execute("UPDATE statements SET document = NULL, due_at_close = NULL")
    running_ledger.execute("UPDATE accounts SET due_at_close = NULL")
    assert due == {mine["account"]: mine["due_now"] for mine in ask("/v1/accounts")[1]["accounts"]}
    for log in logs.values():
        status, body, headers = ask(path(log))
        assert (status, body, headers["ETag"]) == (
            200,
            *(answers[log.account][1:][:1]),
            answers[log.account][2]["ETag"],
        )


def test_an_open_month_in_one_statement_is_the_same(
    closed: tuple[Reading, dict[str, Log]], running_ledger: Ledger
) -> None:
    """With a month before it and without, with meters; only the moment of asking differs. A masked one is not ready."""
    reading, logs = closed
    config, unclosed = running_ledger.config, running_ledger.new()[0]
    unclosed.open()
    unclosed.charge("water", 2_050, "2026-11")
    unclosed.say(
        "meter.installed", meter="M-1", service="water", service_provider="almaty-heat", effective_from="2026-10-01"
    )
    for day, value in (("2026-10-20", "10"), ("2026-11-19", "12.5"), ("2026-11-20", "13")):
        unclosed.say("meter.read", meter="M-1", taken_on=day, value=value, source="measured")
    running_ledger.link(unclosed.account)
    running_ledger.hear(unclosed.events)
    running_ledger.applied(unclosed)
    linked = (len(logs) + 1,)
    until(lambda: running_ledger.query("SELECT count(*) FROM links") == [linked], "the account is linked")
    for name, log in {**logs, "unclosed": unclosed}.items():
        ready = read.standing_bill(reading, USER, log.account, "2026-11", config)
        computed = read.statement(reading, USER, log.account, "2026-11", config)
        assert ready, name
        assert timeless(render.standing(ready)) == timeless(render.statement(computed)), name
        assert ready.tag == computed.tag, name
    assert ready
    assert len(timeless(render.standing(ready))["meters"][0]) > 2
    assert read.standing_bill(reading, USER, logs["quiet"].account, PERIOD, config) is None
    assert read.standing_bill(reading, "nobody", unclosed.account, "2026-11", config) is None
    running_ledger.execute(f"UPDATE links SET masked_until = 'infinity' WHERE account = '{unclosed.account}'")
    assert read.standing_bill(reading, USER, unclosed.account, "2026-11", config) is None


def timeless(body: bytes) -> dict[str, Any]:
    """A statement without when it was asked for."""
    shown: dict[str, Any] = json.loads(body)
    return {name: value for name, value in shown.items() if name not in ("cut_off", "hash")}


def test_a_reader_who_has_it_is_told_so(
    closed: tuple[Reading, dict[str, Log]], running_ledger: Ledger, ask: Ask
) -> None:
    """304 until a fact comes; an account that stands still says since when."""
    log = closed[1]["paid"]
    _, body, headers = ask(path(log))
    assert [row["paid"] for row in body["since"]["rows"]] == ["40.00"]
    assert ask(path(log), If_None_Match=headers["ETag"])[0] == 304
    running_ledger.execute(
        f"UPDATE stream_heads SET parked_at = now(), reason = 'unappliable' WHERE key = '{log.account}'"
    )
    status, stale, changed = ask(path(log), If_None_Match=headers["ETag"])
    assert (status, changed["ETag"] != headers["ETag"]) == (200, True)
    assert stale.pop("stale_since")
    assert stale == body


def test_a_masked_reader_is_not_given_the_flat(
    closed: tuple[Reading, dict[str, Log]], running_ledger: Ledger, ask: Ask
) -> None:
    """What stands ready has the flat's number in it, so it is not for those who are masked."""
    log = closed[1]["quiet"]
    assert ask(path(log))[1]["base"]["flat"] == "7"
    running_ledger.execute("UPDATE links SET masked_until = now() + interval '1 day'")
    status, body, _ = ask(path(log))
    assert (status, "flat" in body["base"]) == (200, False)


def path(log: Log) -> str:
    """The month that was closed."""
    return f"/v1/accounts/{log.account}/statement?period={PERIOD}"
