"""Each alert by the fault it is there for: a real Prometheus sees it fire once for a process, and clear."""

import os
import shutil
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import psycopg
import pytest
import yaml

from common import kafka
from native.bringup import run_once
from tests.faults import audit, city, run
from tests.faults.centre import Centre, number, rows, running
from tests.faults.city import BANK, UTILITY, Fact
from tests.faults.keeper import kill, poll_until
from tests.faults.run import Plan, Run
from tests.support.prometheus import RULES, Prometheus, asking

PLAN = Plan(seed=15, facts=0, kills=0, accounts=20)
SERVICES = ("topics", "mail", "provider-sync-", "ledger-", "identity-")
# It hears a topic that is removed here, and would rightly not go on with another one of the same name.
DEAF = "provider-sync-project"
ALLOCATIONS = "ledger.allocations.v1"
UPLOADS = 505
CLEAR_S = 330.0
PASSWORD = "Қысқы-кеш-2026-терезе"


def watched_ports(centre: Centre) -> dict[str, int]:
    """The admin ports of our processes."""
    ours = [p for p in centre.plan.lasting() if p.name not in (DEAF, "mail")]
    return {p.name: int(p.environment["ADMIN_PORT"]) for p in ours}


def fires(prometheus: Prometheus, *alerts: str, seconds: float = 240) -> None:
    """Returns when all of them fire."""
    for _ in poll_until(seconds, 0.5):
        if prometheus.firing() >= set(alerts):
            return
    raise AssertionError(f"{set(alerts) - prometheus.firing()} did not fire")


def charge(account: int, reference: str) -> Fact:
    """A fact like many."""
    return {
        "kind": "charge.posted", "reference": reference, "account": city.number(account), "service": "water",
        "period": city.OPEN, "basis": "norm", "amount": "10.00",
    }  # fmt: skip


@contextmanager
def frozen_broker(centre: Centre) -> Iterator[None]:
    """Kafka stands still, its connections open."""
    pid = centre.servers.kafka.child.pid()
    assert pid
    os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        os.kill(pid, signal.SIGCONT)


@contextmanager
def postgres_away(current: Run) -> Iterator[None]:
    """PostgreSQL is killed; senders go on meanwhile."""
    stop = threading.Event()

    def push() -> None:
        with current.client(UTILITY) as sender:
            for turn in range(10_000):
                if stop.wait(0.2):
                    return
                sender.push([charge(turn % PLAN.accounts, f"away-{turn}")])

    server = current.centre.servers.postgres.child.pid()
    assert server
    kill(server)
    sender = threading.Thread(target=push)
    sender.start()
    try:
        yield
    finally:
        current.centre.revive("postgres")
        stop.set()
        sender.join()


def lose_a_record(current: Run) -> tuple[str, int]:
    """A row of the outbox goes without being sent, which nothing of ours does; the account and the fact's sequence."""
    account = city.number(3)
    with current.client(UTILITY) as sender:
        sender.push([charge(3, "lost"), charge(3, "behind it")])
    query = "SELECT version FROM events WHERE stream_id = %s ORDER BY version DESC OFFSET 1 LIMIT 1"
    version = number(current.intake, query, (account,))
    with psycopg.connect(current.intake) as conn:
        gone = conn.execute("DELETE FROM outbox WHERE key = %s AND version = %s", (account, version)).rowcount
    assert gone == 1
    return account, version


def many_uploads(current: Run) -> None:
    """More files than the alert is for, while nobody loads."""
    headers = {"Authorization": f"Bearer {current.keys[UTILITY]}", "Content-Type": "application/x-ndjson"}
    with httpx.Client(base_url=current.centre.url("provider-sync-web"), headers=headers, timeout=30) as http:
        for turn in range(UPLOADS):
            row = str(charge(turn % PLAN.accounts, f"upload-{turn}")).replace("'", '"')
            assert http.post("/v1/uploads?format=ndjson", content=row.encode()).status_code == 202


def guess(centre: Centre) -> None:
    """Somebody tries amounts on accounts of others until the breaker opens."""
    for turn in range(5):
        name = f"guesser-{turn}"
        form = {
            "user_name": name, "email": f"{name}@example.kz", "password": PASSWORD, "password_again": PASSWORD,
            "language": "kk", "account": city.number(turn), "last_payment_amount": f"{1000 + turn},00",
        }  # fmt: skip
        answer = httpx.post(f"{centre.url('identity-web')}/v1/registrations", json=form, timeout=30)
        assert 400 <= answer.status_code < 500, answer.text


@contextmanager
def topic_gone(current: Run) -> Iterator[None]:
    """A topic is deleted that the ledger says something on; afterwards it is made again."""
    client = kafka.admin(current.centre.kafka)
    client.delete_topics([ALLOCATIONS])
    client.close()
    paid = {"kind": "payment.received", "account": city.number(1), "channel": "bank", "amount": "700.00"}
    with current.client(BANK) as bank:
        bank.push([{**paid, "reference": "paid-1", "paid_at": "2026-11-12T05:00:00Z"}])
    try:
        yield
    finally:
        run_once(current.centre.plan.named("topics"))


@pytest.mark.slow
@pytest.mark.timeout(1_500)
def test_each_alert_fires_by_its_fault_and_clears(tmp_path: Path) -> None:
    """One fault after the other; the two that take longest last over the others."""
    centre = Centre(run.folder_of(PLAN.seed), SERVICES, {"LEASE_S": "5", "PROOF_FAILURES_IN_CITY": "3"})
    with running(centre):
        centre.keeper.stop(DEAF)
        current = Run(centre, PLAN)
        current.prepare()
        with asking(tmp_path / "prometheus", watched_ports(centre)) as prometheus:
            provoke(current, prometheus)
            for _ in poll_until(CLEAR_S, 1):
                if not prometheus.firing():
                    break
            assert prometheus.firing() == set()
            fired = prometheus.fired()
    print(fired)
    alerts = {rule["alert"] for group in yaml.safe_load(RULES.read_text())["groups"] for rule in group["rules"]}
    assert set(fired) == alerts
    assert {name: rises for name, rises in fired.items() if set(rises) != {1}} == {}
    shutil.rmtree(centre.folder, ignore_errors=True)


@contextmanager
def offset_held(current: Run, partition: int) -> Iterator[None]:
    """Somebody's forgotten session holds what a projector must take before it applies anything of a partition."""
    held = "SELECT FROM consumer_offsets WHERE topic = %s AND partition = %s FOR UPDATE"
    with psycopg.connect(current.ledger) as conn:
        assert conn.execute(held, (audit.ACCOUNTS, partition)).rowcount == 1
        yield
        conn.rollback()


def applied(current: Run) -> dict[str, int]:
    """How far the ledger is with each account."""
    query = "SELECT key, version FROM stream_heads WHERE topic = %s"
    return {str(key): int(str(version)) for key, version in rows(current.ledger, query, (audit.ACCOUNTS,))}


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_a_partition_that_stands_behind_a_lock_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its projector tries again and again, which is no stall; the other one's accounts go on, and when the session
    ends so does the alarm."""
    monkeypatch.setenv("LEDGER_PROJECTORS", "2")
    centre = Centre(run.folder_of(PLAN.seed))
    with running(centre):
        current = Run(centre, PLAN)
        current.prepare()
        current.calm()
        before, held = applied(current), kafka.partition_of(city.number(0))
        with asking(tmp_path / "prometheus", watched_ports(centre)) as prometheus:
            with offset_held(current, held):
                with current.client(UTILITY) as sender:
                    sender.push([charge(account, f"held-{account}") for account in range(PLAN.accounts)])
                fires(prometheus, "ReaderBehind")
                moved = {key for key, version in applied(current).items() if version > before[key]}
            standing = {city.number(n) for n in range(PLAN.accounts)} - moved
            for _ in poll_until(CLEAR_S, 1):
                if not prometheus.firing():
                    break
            fired = prometheus.fired()
        current.calm()
        assert {key for key, version in applied(current).items() if version > before[key]} == moved | standing
    print(f"{len(moved)} accounts went on, {len(standing)} waited; {fired}")
    assert moved
    assert standing >= {city.number(n) for n in range(PLAN.accounts) if kafka.partition_of(city.number(n)) == held}
    assert (set(fired), {rise for rises in fired.values() for rise in rises}) == ({"ReaderBehind"}, {1})
    shutil.rmtree(centre.folder, ignore_errors=True)


def provoke(current: Run, prometheus: Prometheus) -> None:
    """Every fault, each ended once its alerts fired."""
    centre = current.centre
    loader = centre.keeper.kept["provider-sync-load"]
    kill(loader.pids()[0])
    centre.keeper.stop("provider-sync-load")
    many_uploads(current)
    guess(centre)
    with frozen_broker(centre):
        with current.client(UTILITY) as sender:
            sender.push([charge(2, "in flight")])
        threading.Event().wait(1)  # the relay has it in hand
        account, version = lose_a_record(current)
        fires(prometheus, "OutboxOld", "ReaderBehind", "Stalled", "ProcessDown", "BreakerOpen")
    with topic_gone(current):
        fires(prometheus, "TopicMissing", "StreamsStand")
    current.operator("republish", "account", account, "--from", str(version), "--reason", "a test")
    fires(prometheus, "Waits")
    with postgres_away(current):
        fires(prometheus, "BacklogNotMeasured", "Errors5xx")
    with psycopg.connect(centre.database("identity-web")) as conn:  # a day later
        conn.execute("UPDATE city_proofs SET minute = minute - interval '25 hours'")
    centre.keep(loader.name, tuple(loader.command), loader.environment)
