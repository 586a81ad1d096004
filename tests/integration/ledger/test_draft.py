"""A receipt of an open month is asked over the topic and answered over the topic."""

import pytest

from common import kafka
from tests.integration.ledger.conftest import Ledger
from tests.support.facts import Log, barriers
from tests.support.waiting import until

ACCOUNT = "100000123"
REQUESTED = "kz.settlement.receipts.receipt.requested.v2"
REQUESTED_V1 = "kz.settlement.receipts.receipt.requested.v1"


def request(ledger: Ledger, period: str, *, account: str = ACCOUNT, after: int = 0, draft: bool = True) -> None:
    """Says receipt.requested."""
    wanted = {"request": "q-1", "after": [f"account/{account}@{after}"] if after else []}
    said = {
        "receipt": "r-1",
        "account": account,
        "period": period,
        "language": "kk",
        "draft": wanted if draft else None,
    }
    ledger.state("receipts.receipts.v1", account, said, REQUESTED)


@pytest.fixture
def log(running_ledger: Ledger) -> Log:
    """An account whose October is closed and whose November has begun."""
    log = Log(ACCOUNT)
    log.open()
    log.charge("heating", 10_000)
    log.pay(4_000)
    running_ledger.hear([*log.events, *barriers("2026-10")])
    running_ledger.closed("2026-10")
    log.charge("heating", 12_000, "2026-11")
    log.pay(1_000, "2026-11")
    running_ledger.hear(log.events[3:])
    running_ledger.applied(log)
    return log


def test_an_open_month_is_drafted(running_ledger: Ledger, log: Log) -> None:
    """Rows, what came since the last close, what is due now, the position, and no statement id."""
    request(running_ledger, "2026-11", after=5)
    until(lambda: len(running_ledger.said("statement.drafted")) == 1, "the draft is said")
    (draft,) = running_ledger.said("statement.drafted")
    assert (draft["state"], draft["version"], draft["statement"], draft["request"]) == ("open", 0, None, "q-1")
    assert (draft["position"], draft["totals"]["opening"], draft["totals"]["closing"]) == (5, 6_000, 17_000)
    assert draft["due_now"] == {"total": 17_000, "rows": [{"service": "heating", "amount": 17_000}]}
    assert (draft["since"]["paid"], draft["since"]["charged"]) == (1_000, 12_000)
    assert draft["since"]["cut_off"] == "2026-11-05T13:00:00.000000Z"
    assert running_ledger.query("SELECT FROM statements WHERE period = '2026-11'") == []


def test_a_draft_waits_for_the_position_it_names(running_ledger: Ledger, log: Log) -> None:
    """The request is kept; the fact it names brings the answer."""
    request(running_ledger, "2026-11", after=6)
    until(lambda: len(running_ledger.query("SELECT FROM draft_requests")) == 1, "the request is kept")
    log.charge("water", 500, "2026-11")
    running_ledger.hear(log.events[-1:])
    until(lambda: len(running_ledger.said("statement.drafted")) == 1, "the draft is said")
    assert running_ledger.said("statement.drafted")[0]["position"] == 6


def test_questions_of_both_versions_are_answered_side_by_side(running_ledger: Ledger, log: Log) -> None:
    """Beside receipts of the release before, and for ever in a replay; what asked for nothing stays unanswered."""
    old = {"receipt": "r-1", "account": ACCOUNT, "period": "2026-11", "language": "kk"}
    for more in ({"draft": True, "request": "old"}, {"draft": False, "request": ""}, {"draft": True, "request": ""}):
        said = old | more | {"after": [f"account/{ACCOUNT}@5"]}
        running_ledger.state("receipts.receipts.v1", ACCOUNT, said, REQUESTED_V1)
    request(running_ledger, "2026-11", after=5)
    until(lambda: len(running_ledger.said("statement.drafted")) == 2, "both drafts are said")
    answers = {draft["request"]: draft["hash"] for draft in running_ledger.said("statement.drafted")}
    assert set(answers) == {"old", "q-1"}
    assert running_ledger.query("SELECT FROM draft_requests") == []
    assert running_ledger.query("SELECT FROM dead_letters") == []


REFUSED = (
    ("999", "2026-11", "unknown-account"),
    (ACCOUNT, "2026-10", "period-closed"),
    (ACCOUNT, "2031-01", "period-not-open"),
    (ACCOUNT, "next", "period-not-open"),
)


def test_what_cannot_be_drafted_is_refused(running_ledger: Ledger, log: Log) -> None:
    """Receipts gets the reason, each request in its turn."""
    for account, period, _ in REFUSED:
        request(running_ledger, period, account=account)
        until(lambda: all_answered(running_ledger), "the request is answered")
    refusals = running_ledger.said("statement.draft-refused")
    assert [(r["account"], r["period"], r["reason"]) for r in refusals] == list(REFUSED)


def all_answered(ledger: Ledger) -> bool:
    """Whether the receipts topic is read to its end; a request is answered in the transaction that reads it."""
    topic = ledger.topic("receipts.receipts.v1")
    ends = kafka.end_offsets(ledger.config.kafka_bootstrap_servers, [topic])
    stored = ledger.query("SELECT sum(next_offset)::bigint FROM consumer_offsets WHERE topic = %s", topic)
    return stored == [(sum(ends.values()),)]


def test_a_request_without_draft_is_not_the_ledgers(running_ledger: Ledger, log: Log) -> None:
    """Closed months are rendered from issued statements; the ledger says nothing."""
    request(running_ledger, "2026-10", draft=False)
    request(running_ledger, "2026-11")
    until(lambda: len(running_ledger.said("statement.drafted")) == 1, "the later request is answered")
    assert running_ledger.said("statement.draft-refused") == []
