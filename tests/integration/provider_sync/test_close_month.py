"""Closing a month: in order, not while a file is half in, one barrier per partition, late facts behind it."""

import json
import time
from concurrent.futures import ThreadPoolExecutor
from threading import Event

import psycopg
import pytest

from common.period import Period
from provider_sync import errors
from provider_sync.handlers import periods
from tests.integration.provider_sync.town import Town, charge, fresh, ndjson, payment

OCTOBER, NOVEMBER = Period("2026-10"), Period("2026-11")


def test_a_close_writes_one_barrier_per_partition_behind_all_facts(town: Town) -> None:
    """No sequence, a key of its own, the cut-off of the close."""
    town.say("almaty-heat", charge("a"))
    closed = town.close(OCTOBER)
    rows = town.rows("SELECT partition, key, version, body, position FROM outbox WHERE barrier ORDER BY partition")
    assert [(partition, key) for partition, key, *_ in rows] == [(n, f"period/2026-10/{n}") for n in range(12)]
    before = town.one("SELECT max(position) FROM outbox WHERE NOT barrier")
    for partition, key, version, body, position in rows:
        value = json.loads(body)
        assert version is None
        assert "sequence" not in value
        assert (value["subject"], value["type"]) == (key, "kz.settlement.provider-sync.period.closed.v1")
        assert value["data"]["partition"] == partition
        assert value["data"]["cut_off"] == closed.cut_off.isoformat().replace("+00:00", "Z")
        assert position > before


def test_facts_of_a_closed_month_are_late(town: Town) -> None:
    """Accepted, in the first open month."""
    town.close(OCTOBER)
    town.say("almaty-heat", charge("a"))
    town.say("halyk-bank", payment("p"))
    found = town.rows("SELECT data::json ->> 'posting_period', data::json ->> 'late_for' FROM events WHERE version > 1")
    assert found == [("2026-11", "2026-10")] * 2


def test_a_close_waits_for_a_file_that_is_being_appended(town: Town) -> None:
    """Else its facts fall on both sides."""
    ident = town.send("almaty-heat", ndjson(*(charge(f"c{n}") for n in range(120))))
    stop = Event()
    stop.set()
    town.loader().next(stop)
    with pytest.raises(errors.UploadAppending) as refused:
        town.close(OCTOBER)
    assert str(ident) in str(refused.value)
    assert periods.status(town.base).appending == [ident]
    with town.base.pool.connection() as conn:
        conn.execute("UPDATE uploads SET lease_until = now()")
    town.loader().next(Event())
    assert town.close(OCTOBER).period == OCTOBER


def test_months_close_in_order_and_once(town: Town) -> None:
    """The earliest month with facts first."""
    town.say("almaty-heat", charge("a", period="2026-09"), charge("b"))
    with pytest.raises(errors.CloseOutOfOrder) as refused:
        town.close(OCTOBER)
    assert refused.value.params["expected"] == "2026-09"
    town.close(Period("2026-09"))
    town.close(OCTOBER)
    with pytest.raises(errors.AlreadyClosed):
        town.close(OCTOBER)
    months = periods.status(town.base)
    assert ([c.period for c in months.closed], months.first_open) == (["2026-09", "2026-10"], "2026-11")


def test_a_month_that_has_not_begun_does_not_close(town: Town) -> None:
    """Whatever was posted in it."""
    with pytest.raises(errors.CloseTooEarly):
        town.close(Period("2099-01"))


def test_intake_never_queues_long_behind_a_close(town: Town) -> None:
    """The close asks in short turns while a long transaction holds the calendar, and gets its turn after it."""
    with psycopg.connect(town.url) as holder, ThreadPoolExecutor(1) as pool:
        holder.execute("SELECT pg_advisory_xact_lock_shared(7206001)")
        closing = pool.submit(town.close, OCTOBER)
        waits = []
        for n in range(10):
            begun = time.monotonic()
            assert town.say("almaty-heat", charge(f"c{n}"))[0].status == "accepted"
            waits.append(time.monotonic() - begun)
        assert not closing.done()
        holder.rollback()
        assert closing.result(30).period == OCTOBER
    assert max(waits) < 2.0


def test_no_fact_enters_a_month_after_its_barrier(town: Town) -> None:
    """Many push while months close: in each partition, nothing of a month stands behind the month's barrier."""
    with ThreadPoolExecutor(5) as pool:
        pushes = [pool.submit(push_many, town, n) for n in range(4)]
        for month in ("2026-09", "2026-10"):
            pool.submit(town.close, Period(month)).result(60)
        for done in pushes:
            done.result(60)
    passed = town.rows(
        "SELECT o.position FROM outbox o JOIN events e ON e.stream_id = o.key AND e.version = o.version"
        " JOIN outbox b ON b.barrier AND b.partition = o.partition AND b.position < o.position"
        " AND b.body::json -> 'data' ->> 'period' >= e.data::json ->> 'posting_period'"
    )
    assert passed == []


def push_many(town: Town, number: int) -> None:
    """Charges for September and October, one after the other."""
    for n in range(25):
        month = "2026-09" if n % 2 else "2026-10"
        town.say("almaty-heat", charge(fresh("c"), str(100 + (number * 5 + n) % 20), period=month))
