"""The commands an operator types, run as they are."""

import dataclasses
import json
import subprocess
import sys

import psycopg

from ledger import second_books
from ledger.config import Config
from tests.conftest import MakeDatabase
from tests.integration.ledger.conftest import Ledger
from tests.integration.ledger.test_once_and_in_order import city, expected
from tests.support.facts import Log, barriers
from tests.support.waiting import until


def run(config: Config, *words: str) -> subprocess.CompletedProcess[str]:
    """`python -m ledger …` with this configuration."""
    names = ("database_url", "kafka_bootstrap_servers", "topic_prefix")
    environment = {name.upper(): getattr(config, name) for name in names}
    environment |= {"PATH": "/usr/bin:/bin", "DEMO": "yes"}
    command = [sys.executable, "-m", "ledger", *words]
    return subprocess.run(command, env=environment, capture_output=True, text=True, timeout=120)


def test_a_replay_into_an_empty_database_gives_the_same_books_and_says_nothing(
    running_ledger: Ledger, database: MakeDatabase
) -> None:
    """P4: equal digests; the outbox of the copy stays empty."""
    logs = city(3)
    running_ledger.hear([event for log in logs for event in log.events])
    running_ledger.hear(barriers("2026-10"))
    running_ledger.closed("2026-10")
    copy = dataclasses.replace(running_ledger.config, database_url=database("ledger"))
    answered = run(copy, "replay")
    assert answered.returncode == 0, answered.stderr
    assert json.loads(answered.stdout.splitlines()[-1])["records"] >= sum(len(log.events) for log in logs)
    found = json.loads(run(copy, "digest").stdout)
    assert found["digest"] == running_ledger.digest() == expected(logs, "2026-10")
    with psycopg.connect(copy.database_url) as conn:
        assert conn.execute("SELECT count(*) FROM outbox").fetchone() == (0,)


def test_verify_and_trace_answer_for_an_account(running_ledger: Ledger) -> None:
    """Books that agree: exit 0; the way of an account from offset to statement; an unknown number: exit 3."""
    logs = city(4)
    running_ledger.hear([event for log in logs for event in log.events])
    running_ledger.hear(barriers("2026-10"))
    running_ledger.closed("2026-10")
    verified = run(running_ledger.config, "verify")
    assert (verified.returncode, json.loads(verified.stdout)["agrees"]) == (0, True)
    traced = json.loads(run(running_ledger.config, "trace", logs[0].account).stdout)
    assert traced["log"][0]["version"] == len(logs[0].events)
    assert [s["period"] for s in traced["statements"]] == ["2026-10"]
    assert run(running_ledger.config, "trace", "999").returncode == 3


def test_migrate_is_quick_when_repeated(ledger: Ledger) -> None:
    """Nothing is applied twice."""
    assert run(ledger.config, "migrate").stdout.strip() == "nothing to apply"


def test_settings_that_are_missing_are_all_named() -> None:
    """One error for the operator."""
    answered = subprocess.run(
        [sys.executable, "-m", "ledger", "digest"], env={"PATH": "/usr/bin"}, capture_output=True, text=True
    )
    assert answered.returncode != 0
    assert "DATABASE_URL" in answered.stderr


def test_storage_tells_the_bytes_of_each_kind_of_row(running_ledger: Ledger) -> None:
    """Sixteen parts count as one kind; a kind with rows says what a row takes, one without says nothing."""
    logs = city(6)
    running_ledger.hear([event for log in logs for event in log.events])
    for log in logs:
        running_ledger.applied(log)
    found = json.loads(run(running_ledger.config, "storage", "--json").stdout)
    postings = running_ledger.query("SELECT count(*) FROM postings")[0][0]
    assert (found["postings"]["parts"], found["postings"]["rows"]) == (16, postings)
    taken = found["postings"]["table_bytes"] + found["postings"]["index_bytes"]
    assert found["postings"]["bytes_per_row"] == round(taken / postings) > 100
    assert found["statements"]["bytes_per_row"] is None


def test_verify_folds_the_log_by_other_code(running_ledger: Ledger) -> None:
    """P3: what stands still is left out, an account that was edited by hand is named, exit 4."""
    logs = city(8)[:6]
    broken = Log("100099999")
    broken.open()
    broken.say("charge.posted", posting_period="2026-10", service="water", amount="12.50")
    shuffled = [event for log in (*reversed(logs), broken) for event in (*log.events, *log.events[:2])]
    running_ledger.hear(shuffled)
    running_ledger.hear(barriers("2026-10"))
    running_ledger.closed("2026-10")
    until(lambda: len(running_ledger.query("SELECT FROM dead_letters")) == 1, "the account is parked")
    agreed = run(running_ledger.config, "verify", "--log")
    assert agreed.returncode == 0, agreed.stdout + agreed.stderr
    account = logs[2].account
    running_ledger.execute(f"UPDATE postings SET shown = NULL, detail = '{{}}' WHERE account = '{account}'")
    found = second_books.check(running_ledger.config)
    assert (found.accounts, found.different, found.parked) == (len(logs), {account: ["entry"]}, 1)
    assert run(running_ledger.config, "verify", "--log").returncode == 4
