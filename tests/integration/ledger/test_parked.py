"""An account that stands still is never silent: it is said to be parked, shown, mended, and said to go on."""

import hashlib
import json
from collections.abc import Iterator
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from ledger import fold
from ledger.__main__ import cli
from ledger.projections import PROJECT
from tests.integration.ledger.conftest import Ask, Ledger
from tests.support import facts
from tests.support.facts import Log, barriers
from tests.support.stores import running
from tests.support.waiting import until

CHARGED = facts.PREFIX + "charge.posted.v1"
BROKEN: dict[str, Any] = {"posting_period": "2026-10", "period": "2026-10", "service": "water", "amount": "12.50"}


@pytest.fixture(scope="module")
def operated(town: Ledger) -> Ledger:
    """The file's ledger with an operator's key stated."""
    state_operator(town)
    return town


def command(ledger: Ledger, *words: str, key: str = "k1.secret") -> Result:
    """`ledger parked …` as an operator runs it."""
    given = {"DATABASE_URL": ledger.config.database_url, "TOPIC_PREFIX": ledger.config.topic_prefix}
    return CliRunner(env=given | {"OPERATOR_KEY": key}).invoke(cli, ["parked", *words])


def said(ledger: Ledger, kind: str, account: str) -> list[dict[str, Any]]:
    """What was said of one account."""
    return [one for one in ledger.said(kind) if one["account"] == account]


def parked(ledger: Ledger, log: Log, reason: str = "unappliable") -> None:
    """Waits until an account stands still."""
    query = "SELECT reason FROM stream_heads WHERE key = %s"
    until(lambda: ledger.query(query, log.account) == [(reason,)], f"{log.account} is parked")


def kept(ledger: Ledger, log: Log, records: int) -> None:
    """Waits until so many records are kept behind what parked an account."""
    query = "SELECT count(*) FROM parked_records WHERE key = %s"
    until(lambda: ledger.query(query, log.account) == [(records,)], f"{records} wait")


def test_a_parked_account_is_said_once_and_a_dismissal_lets_it_go_on(operated: Ledger, ask_town: Ask) -> None:
    """account.parked names the fact; the operator sees the bytes and passes it over; account.resumed ends it."""
    log, user = operated.new()
    log.open()
    log.charge("heating", 1000)
    log.say("charge.posted", **BROKEN, reference="H-9")
    log.charge("water", 7)
    operated.hear(log.events)
    operated.link(log.account, user)
    until(lambda: len(said(operated, "account.parked", log.account)) == 1, "the account is said to be parked")
    (one,) = said(operated, "account.parked", log.account)
    assert (one["reason"], one["position"]) == ("unappliable", 2)
    assert (one["fact"]["sequence"], one["fact"]["type"], one["fact"]["reference"]) == (3, CHARGED, "H-9")
    kept(operated, log, 1)
    until(lambda: ask_town("/v1/accounts", user=user)[1]["accounts"] != [], "the account is linked")
    assert ask_town(f"/v1/accounts/{log.account}", user=user)[1]["stale_since"]
    assert f"{log.account:38}" in command(operated, "list").output
    shown = json.loads(command(operated, "show", log.account).output)
    assert (shown["version"], shown["waiting"], "H-9" in shown["dead_letters"][0]["value"]) == (2, 1, True)
    again = command(operated, "retry", log.account, "--reason", "perhaps")
    assert (again.exit_code, "still parked" in again.output) == (5, True)
    done = command(operated, "dismiss", log.account, "--reason", "sent again as H-10")
    assert (done.exit_code, done.output) == (0, "1 applied, stands at 4\n")
    until(lambda: said(operated, "account.resumed", log.account) != [], "the account is said to go on")
    (over,) = said(operated, "account.resumed", log.account)
    assert (over["position"], over["dismissed"], len(said(operated, "account.parked", log.account))) == (4, [3], 1)
    decided = operated.query("SELECT sequence, who, why FROM passed_over WHERE key = %s", log.account)
    assert decided == [(3, "operator/aigul", "sent again as H-10")]
    assert "stale_since" not in ask_town(f"/v1/accounts/{log.account}", user=user)[1]
    log.charge("lift", 5)
    operated.hear(log.events[-1:])
    operated.applied(log)


def test_a_change_needs_an_operators_key_and_something_that_stands_still(operated: Ledger) -> None:
    """Neither a wrong key nor a healthy account gets anywhere."""
    for key in ("k1.wrong", "k2.secret", "k1", ""):
        assert command(operated, "retry", "1", "--reason", "x", key=key).exit_code == 1, key
    refused = command(operated, "dismiss", "399999999", "--reason", "x")
    assert (refused.exit_code, "not-parked" in refused.output) == (1, True)


def test_a_gap_cannot_be_passed_over(operated: Ledger) -> None:
    """What is missing must be published; then the account goes on by itself and its end is said."""
    log, _ = operated.new()
    log.open()
    log.charge("heating", 1000)
    log.charge("water", 7)
    operated.hear([log.events[0], log.events[2]])
    parked(operated, log, "gap")
    assert said(operated, "account.parked", log.account) == []
    refused = command(operated, "dismiss", log.account, "--reason", "x")
    assert (refused.exit_code, "gap-is-no-fact" in refused.output) == (1, True)
    older = "UPDATE stream_heads SET parked_at = now() - interval '2 minutes' WHERE reason = 'gap'"
    operated.execute(older)
    until(lambda: len(said(operated, "account.parked", log.account)) == 1, "a gap that stays is said")
    operated.hear([log.events[1]])
    until(lambda: len(said(operated, "account.resumed", log.account)) == 1, "its end is said")
    assert said(operated, "account.resumed", log.account)[0]["position"] == 3


@pytest.mark.parametrize(
    ("bytes_", "number"), [(b"no json", 2), (b'{"sequence": 2}', None), (b"", 2)], ids=["text", "half", "empty"]
)
def test_what_cannot_be_read_is_passed_over_by_its_place(operated: Ledger, bytes_: bytes, number: int | None) -> None:
    """The number it had is read from it, or found by what waits behind it."""
    log, _ = operated.new()
    log.open()
    log.charge("heating", 1000)
    log.charge("water", 7)
    rows = [facts.record(event) for event in log.events]
    values = [rows[0].value, bytes_, rows[2].value]
    topic = operated.topic("provider-sync.accounts.v1")
    sent = [(log.account, value, rows[0].type, rows[0].partition) for value in values]
    facts.send(operated.config.kafka_bootstrap_servers, topic, sent)
    kept(operated, log, 1)
    assert command(operated, "dismiss", log.account, "--reason", "broken on the way").exit_code == 0
    operated.applied(log)
    assert operated.query("SELECT sequence FROM passed_over WHERE key = %s", log.account) == [(2,)]


@pytest.fixture
def bug() -> Iterator[set[str]]:
    """A bug in the code: charges with these references cannot be applied, until the set is emptied."""
    references: set[str] = set()
    whole = PROJECT[CHARGED]

    def project(record: Any, out: Any) -> None:
        if json.loads(record.value)["data"]["reference"] in references:
            raise ZeroDivisionError("a bug")
        whole(record, out)

    PROJECT[CHARGED] = project
    yield references
    PROJECT[CHARGED] = whole


def test_after_new_code_the_books_are_as_if_nothing_had_been(ledger: Ledger, bug: set[str]) -> None:
    """P10: three facts of one account fail, a month closes meanwhile; retry gives the digest of the fold."""
    bad, good = Log("100000001"), Log("100000002")
    for log in (bad, good):
        log.open()
        log.charge("water", 7)
        log.pay(100)
        log.charge("heating", 50)
    bug |= {event["data"]["reference"] for event in (bad.events[1], bad.events[3])}
    with running(ledger.projection()):
        for name, order in facts.ORDER.items():
            ledger.service(name, order)
        until(lambda: len(ledger.query("SELECT FROM split_orders")) == 3, "services have their order")
        state_operator(ledger)
        ledger.hear([*bad.events, *good.events, *barriers("2026-10")])
        ledger.closed("2026-10")
        bad.charge("lift", 5, "2026-11")
        ledger.hear(bad.events[-1:])
        kept(ledger, bad, 3)
        bug.discard(bad.events[1]["data"]["reference"])
        again = command(ledger, "retry", bad.account, "--reason", "half a fix")
        assert (again.exit_code, "2 applied, stands at 3" in again.output, "a bug" in again.output) == (5, True, True)
        bug.clear()
        assert command(ledger, "retry", bad.account, "--reason", "fixed").exit_code == 0
        ledger.applied(bad)
    assert ledger.query("SELECT count(*) FROM statements") == [(2,)]
    assert ledger.query("SELECT count(*) FROM retries") == [(2,)]
    # The last fact of the first account came after the close.
    events = [*bad.events[:-1], *good.events, *barriers("2026-10"), bad.events[-1]]
    assert ledger.digest() == fold.digest(fold.fold(events, facts.ORDER))


def state_operator(ledger: Ledger) -> None:
    """States the operator's key of `command`."""
    secret = hashlib.sha256(b"secret").hexdigest()
    key = {"version": 1, "owner": "operator/aigul", "hash": secret, "scopes": ["operator"], "revoked": False}
    stated = "kz.settlement.provider-sync.directory.stated.v1"
    ledger.state("provider-sync.directory.v1", "operator-key/k1", key | {"key_id": "k1", "expires_at": None}, stated)
    until(lambda: ledger.query("SELECT FROM directory WHERE kind = 'operator-key'") != [], "the key is stated")


def test_a_rebuild_passes_over_the_same(ledger: Ledger) -> None:
    """With the decisions copied before the log is read, nothing parks, whether the record can be read or not."""
    log = Log("100000001")
    log.open()
    log.say("charge.posted", **BROKEN)
    log.charge("water", 7)
    rows = [facts.record(event) for event in log.events]
    where = rows[0].partition
    topic = ledger.topic("provider-sync.accounts.v1")
    for offset, sequence in ((1, "2"), (2, "NULL")):
        row = f"'{topic}', '{log.account}', {where}, {offset}, {sequence}, 'operator', 'why'"
        ledger.execute(f'INSERT INTO passed_over (topic, key, partition, "offset", sequence, who, why) VALUES ({row})')
    values = [rows[0].value, rows[1].value, b"junk", rows[2].value]
    sent = [(log.account, value, rows[0].type, where) for value in values]
    facts.send(ledger.config.kafka_bootstrap_servers, topic, sent)
    with running(ledger.projection()):
        ledger.applied(log)
    assert ledger.query("SELECT count(*) FROM dead_letters") == [(0,)]
    assert ledger.query("SELECT count(*) FROM entries") == [(1,)]
