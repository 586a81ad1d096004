"""P12: servers away under load; ridden out, and the books are whole. OUTAGE_SCALE shortens the outages."""

import os
import signal
import threading
import time
from contextlib import suppress

import httpx
import pytest

from common.ids import uuid7
from receipts.examples.statements import full_statement
from tests.faults.centre import number
from tests.faults.keeper import kill
from tests.faults.outage import DRAINED_S, SCALE, asking, drained, lasting, length_of, under_load
from tests.faults.run import Run
from tests.faults.test_receipts import receipts
from tests.integration.receipts.house import eventually

pytestmark = [pytest.mark.faults, pytest.mark.timeout(1_800)]


def pid_of(current: Run, server: str) -> int:
    """The process of PostgreSQL or Kafka."""
    found = getattr(current.centre.servers, server).child.pid()
    assert found
    return int(found)


def taken_and_sent(current: Run, back: float, what: str) -> None:
    """Every push was answered clearly while the broker was away, and what waited went out in time."""
    took = drained(current, back)
    print(f"{what}: drained {took:.1f} s after its return")
    assert took < DRAINED_S / min(1.0, SCALE * 10)


def test_without_kafka_everything_is_taken_and_goes_out_afterwards() -> None:
    """Ten minutes down: every push is answered as ever, the outbox grows and drains within a minute."""
    with under_load("kafka") as (current, end):
        kill(pid_of(current, "kafka"))
        lasting(600)
        assert not current.history.told("unknown")
        waiting = number(current.intake, "SELECT count(*) FROM outbox")
        current.centre.revive("kafka")
        back = time.monotonic()
        end()
        print(f"{waiting} rows waited {length_of(600):.0f} s")
        assert waiting > 0
        taken_and_sent(current, back, "Kafka away")


def test_a_frozen_broker_is_ridden_out() -> None:
    """A minute of silence on connections that stand: as without Kafka."""
    with under_load("frozen") as (current, end):
        broker = pid_of(current, "kafka")
        os.kill(broker, signal.SIGSTOP)
        try:
            found = asking(current, "frozen", 60)
            assert not current.history.told("unknown")
            waiting = number(current.intake, "SELECT count(*) FROM outbox")
        finally:
            os.kill(broker, signal.SIGCONT)
        back = time.monotonic()
        end()
        print(f"{waiting} rows waited {length_of(60):.0f} s; {found.line()}")
        assert (set(found.statuses), waiting > 0) == ({200}, True)
        taken_and_sent(current, back, "Kafka frozen")


def test_without_postgresql_callers_are_told_at_once() -> None:
    """A minute down: 503 in less than three seconds, nobody hangs, and everything goes on by itself afterwards."""
    with under_load("postgresql") as (current, end):
        kill(pid_of(current, "postgres"))
        found = asking(current, "postgresql", 60)
        current.centre.revive("postgres")
        back = time.monotonic()
        end()
        print(
            f"PostgreSQL away for {length_of(60):.0f} s: {found.line()}; drained {drained(current, back):.1f} s after"
        )
        assert set(found.statuses) == {503}
        assert found.slowest_s < 3


def test_without_redis_only_documents_wait() -> None:
    """Five minutes down: receipts are asked for as ever, each ends as a PDF afterwards."""
    with receipts(limit_s=30) as (centre, outside):  # as in service: nothing is killed here that would be waited for
        users = {f"8{turn:08d}": str(uuid7()) for turn in range(30)}
        for account, user in users.items():
            outside.issue(full_statement(account=account))
            outside.link(user, account)
        eventually(lambda: outside.sql("SELECT count(*) FROM statements")[0][0] == len(users))
        redis = centre.servers.redis.child.pid()
        assert redis
        kill(redis)
        begun, slowest, asked = time.monotonic(), 0.0, {}
        for account, user in users.items():
            sent = time.monotonic()
            with suppress(httpx.HTTPError):
                asked[account] = outside.ask(user, account).json()["id"]
            slowest = max(slowest, time.monotonic() - sent)
        threading.Event().wait(max(0.0, length_of(300) - (time.monotonic() - begun)))
        assert outside.sql("SELECT count(*) FROM documents WHERE state <> 'queued'")[0][0] == 0
        centre.revive("redis")
        back = time.monotonic()
        ended = [outside.ended(users[account], ident)["state"] for account, ident in asked.items()]
        print(
            f"Redis away for {length_of(300):.0f} s: {len(asked)} asked, the slowest answer after {slowest:.2f} s, "
            f"all ready {time.monotonic() - back:.1f} s after its return"
        )
        assert ended == ["ready"] * len(users)
