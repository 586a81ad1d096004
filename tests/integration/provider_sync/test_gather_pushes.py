"""Pushes that arrive together share a transaction, and none of them notices the others."""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from threading import Barrier

import psycopg
import pytest
from psycopg_pool import PoolTimeout

from common import clock
from common.ids import uuid7
from common.postgres import open_pool
from provider_sync.domain.decided import Outcome
from provider_sync.domain.sender import Sender
from provider_sync.formats.ndjson import fact_of
from provider_sync.handlers import gathered
from provider_sync.handlers.gathered import Gathering
from provider_sync.handlers.intake import Batch
from provider_sync.store.pushes import Push
from tests.integration.provider_sync.town import SCOPES, Row, Town, charge, ndjson
from tests.support.waiting import until

CROWD = 40


def pushed(gathering: Gathering, row: Row) -> list[Outcome]:
    """One fact of the heat utility."""
    ident = uuid7()
    batch = Batch(Sender.of("almaty-heat", SCOPES["almaty-heat"]), [fact_of(ndjson(row).strip())], str(ident))
    return gathering.take(batch, Push(ident, "almaty-heat", "k", "r", clock.now()))


def at_once(town: Town, rows: Sequence[Row]) -> list[Outcome]:
    """All rows at the same moment, one push each."""
    gathering, start = Gathering(town.base), Barrier(len(rows))

    def push(row: Row) -> Outcome:
        start.wait()
        return pushed(gathering, row)[0]

    with ThreadPoolExecutor(len(rows)) as pool:
        return list(pool.map(push, rows))


def test_each_push_is_a_batch_of_its_own(town: Town) -> None:
    """Fewer transactions than pushes, and yet a journal entry and a note for each."""
    outcomes = at_once(town, [charge(f"c-{n}", str(100 + n % 20)) for n in range(CROWD)])
    assert {o.status for o in outcomes} == {"accepted"}
    journal = "SELECT count(DISTINCT batch), count(DISTINCT recorded_at) FROM journal AS j WHERE EXISTS"
    (entries, instants), *_ = town.rows(f"{journal} (SELECT FROM pushes AS p WHERE p.id::text = j.batch)")
    assert entries == town.one("SELECT count(*) FROM pushes WHERE accepted = 1") == CROWD
    assert instants < CROWD


def test_what_a_fact_says_is_stored_as_it_was_said(town: Town) -> None:
    """Whichever way the rows travel to PostgreSQL; N, t and n behind a backslash are letters."""
    said = 'a\\b \\N \\t "quoted" \\\\n, 5 % {x}'
    at_once(town, [charge("gathered", formula_ru=said)])
    town.say("almaty-heat", charge("copied", formula_ru=said))
    stored = town.rows("SELECT data::json ->> 'formula_ru' FROM events WHERE type LIKE '%%charge.posted%%'")
    assert stored == [(said,), (said,)]


def test_the_same_fact_at_once_is_one_event(town: Town) -> None:
    """P8, within one transaction as well."""
    outcomes = at_once(town, [charge("same")] * CROWD)
    assert sorted(o.status for o in outcomes) == ["accepted"] + ["duplicate"] * (CROWD - 1)
    assert {o.position for o in outcomes} == {outcomes[0].position}


def test_a_push_that_cannot_be_stored_fails_alone(town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever stops the shared transaction, each push then meets its own fate."""

    def spoiled(*_: object) -> None:
        raise psycopg.DataError("one of them")

    monkeypatch.setattr(gathered, "_shared", spoiled)
    outcomes = at_once(town, [charge(f"c-{n}", str(100 + n)) for n in range(10)])
    assert {o.status for o in outcomes} == {"accepted"}
    assert town.one("SELECT count(*) FROM pushes WHERE accepted = 1") == 10


def test_a_locked_account_keeps_only_its_own_push_waiting(town: Town) -> None:
    """The others are answered while somebody holds one of the accounts."""
    with psycopg.connect(town.url) as holder:
        holder.execute("SELECT FROM numbers WHERE number = '100' FOR UPDATE")
        outcomes = at_once(town, [charge(f"c-{n}", str(100 + n)) for n in range(10)])
    assert [o.status for o in outcomes] == ["retry"] + ["accepted"] * 9


def test_who_stands_in_line_does_not_ask_for_a_connection_that_could_not_be_had(town: Town) -> None:
    """Else an answer without PostgreSQL would take as long as the line and the pool together."""
    with open_pool(town.url, "no-connections", size=1, acquire_s=2.0) as pool, pool.connection():
        gathering, sender = Gathering(replace(town.base, pool=pool)), Sender.of("almaty-heat", SCOPES["almaty-heat"])
        with ThreadPoolExecutor(3) as threads:
            told = [threads.submit(pushed, gathering, charge("c-0", "100"))]
            until(lambda: pool.get_stats().get("requests_waiting", 0) > 0, "the first one asks for a connection")
            told += [threads.submit(pushed, gathering, charge(f"c-{n}", f"10{n}")) for n in (1, 2)]
            until(lambda: len(gathering._lines[sender]) == 2, "the others stand in line")
            assert [type(one.exception()) for one in told] == [PoolTimeout] * 3
        assert pool.get_stats()["requests_errors"] == 1
