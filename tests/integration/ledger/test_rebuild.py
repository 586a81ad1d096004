"""The log folded anew beside the live ledger: the same however it is batched, switched without a stop, and back."""

import dataclasses
import json
import subprocess
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import psycopg
import pytest

from common.postgres import in_schema
from ledger import rebuild
from ledger.config import Config
from ledger.handlers import audit, repair
from ledger.rebuild import Differs, Outcome, Wish
from ledger.store.shadow import SHADOW, UnknownTables
from tests.conftest import MakeDatabase
from tests.integration.ledger.conftest import Ask, Ledger
from tests.integration.ledger.test_commands import run
from tests.integration.ledger.test_once_and_in_order import city, expected, read_to_the_end
from tests.support.facts import Log, barriers
from tests.support.waiting import until


@pytest.fixture
def closed_city(running_ledger: Ledger) -> tuple[Ledger, list[Log]]:
    """A running ledger with a closed month."""
    logs = city(11)[:8]
    running_ledger.hear([event for log in logs for event in log.events])
    running_ledger.hear(barriers("2026-10"))
    running_ledger.closed("2026-10")
    return running_ledger, logs


def rebuilt(ledger: Ledger, wish: Wish | None = None, *, back: bool = False) -> Outcome:
    """A rebuild or a return, in this process."""
    work = rebuild.go_back if back else rebuild.rebuild
    return work(ledger.config, wish or Wish(), lambda _: None, threading.Event())


def outbox(ledger: Ledger) -> list[tuple[Any, ...]]:
    """What is to be published, in order."""
    return ledger.query("SELECT position, key, body FROM outbox ORDER BY position")


def six_digests(ledger: Ledger, logs: list[Log], runs: Sequence[tuple[int, int]]) -> None:
    """Each (batch, workers) gives the live digest, which is that of the independent fold."""
    wanted = expected(logs, "2026-10")
    assert ledger.digest() == wanted
    shadow = looking_into(ledger, SHADOW)
    for batch, workers in runs:
        outcome = rebuilt(ledger, Wish(batch, workers, switch=False))
        assert outcome.facts == sum(len(log.events) for log in logs) + 12
        assert (outcome.accounts, outcome.different, outcome.switched) == (len(logs), {}, False)
        assert (batch, workers, audit.digest(shadow)["digest"]) == (batch, workers, wanted)


def test_any_batch_and_any_number_of_workers_give_the_same_books(closed_city: tuple[Ledger, list[Log]]) -> None:
    """P4, short: every batch size and one or two workers."""
    six_digests(*closed_city, [(1, 2), (25, 1), (500, 2)])


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_twice_each_batch_and_number_of_workers_give_the_same_books(closed_city: tuple[Ledger, list[Log]]) -> None:
    """P4, whole: batches of 1, 25 and 500, one worker and two, twice each."""
    six_digests(*closed_city, [(batch, workers) for batch in (1, 25, 500) for workers in (1, 2)] * 2)


def looking_into(ledger: Ledger, schema: str) -> Config:
    """The configuration of the same ledger with another set of tables."""
    return dataclasses.replace(ledger.config, database_url=in_schema(ledger.config.database_url, schema))


@contextmanager
def reading(ask: Ask, path: str) -> Iterator[list[int]]:
    """Reads without a pause while the block runs; the statuses it was answered."""
    statuses: list[int] = []
    stop = threading.Event()

    def read() -> None:
        while not stop.is_set():
            statuses.append(ask(path)[0])

    reader = threading.Thread(target=read)
    reader.start()
    try:
        yield statuses
    finally:
        stop.set()
        reader.join()


def test_it_is_switched_without_a_stop_and_back(closed_city: tuple[Ledger, list[Log]], ask: Ask) -> None:
    """Readers are answered throughout, the consumer goes on by itself, nothing is published twice, nothing is lost."""
    ledger, logs = closed_city
    poisoned, mended = Log("100099999"), Log("100099998")
    for log in (poisoned, mended):
        log.open()
        log.say("charge.posted", posting_period="2026-11", service="water", amount="12.50")
        log.charge("lift", 500, "2026-11")
    ledger.link(logs[0].account)
    ledger.hear([*poisoned.events, *mended.events])
    until(lambda: len(ledger.query("SELECT FROM dead_letters")) == 2, "both accounts are parked")
    until(lambda: len(ledger.query("SELECT FROM parked_records")) == 2, "what follows is kept")
    repair.dismiss(ledger.config, mended.account, "operator", "money as text")
    ledger.applied(mended)
    until(lambda: len(ledger.query("SELECT FROM links")) == 1, "the account is linked")
    said = outbox(ledger)
    path = f"/v1/accounts/{logs[0].account}/statement?period=2026-11"
    with reading(ask, path) as statuses:
        for back in (False, True):
            late = logs[1].pay(100, "2026-11")
            ledger.hear([late])
            outcome = rebuilt(ledger, back=back)
            assert (outcome.switched, outcome.different, outcome.published) == (True, {}, 0)
            logs[0].charge("lift", 500, "2026-11")
            ledger.hear(logs[0].events[-1:])
            ledger.applied(logs[0])
    assert set(statuses) == {200}
    ledger.applied(logs[1])
    until(lambda: read_to_the_end(ledger), "everything is read")
    assert outbox(ledger)[: len(said)] == said
    bodies = [json.loads(body) for *_, body in outbox(ledger)]
    assert len({body["id"] for body in bodies}) == len(bodies)
    assert [b["subject"] for b in bodies[len(said) :] if "allocated" in b["type"]] == [logs[1].account] * 2
    parked = "SELECT key, version FROM stream_heads WHERE parked_at IS NOT NULL"
    assert ledger.query(parked) == [(poisoned.account, 1)]
    letters = "SELECT key, dismissed_at IS NOT NULL FROM dead_letters ORDER BY key"
    assert ledger.query(letters) == [(mended.account, True), (poisoned.account, False)]
    assert ledger.query("SELECT key, version FROM parked_records") == [(poisoned.account, 3)]
    ledger.applied(mended)
    assert [kind for (kind,) in ledger.query("SELECT kind FROM rebuilds WHERE switched ORDER BY id")] == [
        "rebuild",
        "return",
    ]


def test_a_difference_stops_it_until_it_is_accepted_by_name(closed_city: tuple[Ledger, list[Log]]) -> None:
    """The account is named; accepted, the books are the log's, and what was issued stays as it was issued."""
    ledger, logs = closed_city
    account = logs[3].account
    ledger.execute(
        f"UPDATE postings SET amount = amount + 7 WHERE account = '{account}' AND part = 'charged' AND line = 0"
    )
    issued = ledger.query("SELECT account, hash, data FROM statements ORDER BY account")
    with pytest.raises(Differs, match=account):
        rebuilt(ledger)
    answered: subprocess.CompletedProcess[str] = run(ledger.config, "rebuild", "--accept", "seven-tiyn")
    assert answered.returncode == 2
    answered = run(ledger.config, "rebuild", "--accept", "seven-tiyn", "--why", "an entry was edited by hand")
    assert answered.returncode == 0, answered.stderr
    outcome = json.loads(answered.stdout)
    assert (outcome["different"], outcome["switched"]) == ({account: ["entry"]}, True)
    assert ledger.digest() == expected(logs, "2026-10")
    assert ledger.query("SELECT account, hash, data FROM statements ORDER BY account") == issued
    assert ledger.query("SELECT accepted_as, accepted_why FROM rebuilds") == [
        ("seven-tiyn", "an entry was edited by hand")
    ]


def test_a_statement_that_is_missing_is_published_at_the_switch(closed_city: tuple[Ledger, list[Log]]) -> None:
    """Once, under its own id; the others are not said again."""
    ledger, logs = closed_city
    account = logs[5].account
    before = [s["statement"] for s in ledger.said("statement.issued") if s["account"] == account]
    ledger.execute(f"DELETE FROM statements WHERE account = '{account}'")
    ledger.execute("DELETE FROM outbox")
    assert rebuilt(ledger).published == 1
    assert [(s["account"], s["statement"]) for s in ledger.said("statement.issued")] == [(account, *before)]
    assert ledger.digest() == expected(logs, "2026-10")


def test_a_table_nobody_thought_of_stops_it_before_it_begins(database: MakeDatabase) -> None:
    """A new table must be sorted into filled or brought over."""
    config = Config(database("ledger"))
    with psycopg.connect(config.database_url) as conn:
        conn.execute("CREATE TABLE notes (account text)")
    with pytest.raises(UnknownTables, match="notes"):
        rebuild.rebuild(config, Wish(), lambda _: None, threading.Event())
