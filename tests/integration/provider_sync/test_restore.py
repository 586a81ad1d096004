"""A restored store: shut until it was held against its readers, and what it lost comes back from the topic whole."""

import io
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import psycopg
import pytest
from flask.testing import FlaskClient
from psycopg import sql

from common import restore
from common.period import Period
from common.postgres import open_pool
from common.restore import Part
from provider_sync.commands.restoring import HEADS
from provider_sync.handlers.base import Base
from provider_sync.handlers.bring_back import bring_back
from provider_sync.handlers.republish import everything
from tests.conftest import MakeDatabase, MakeTopics
from tests.integration.provider_sync.town import ASEL, Town, charge, founded, opened, payment, published
from tests.support.servers import Addresses

ACCOUNTS = "provider-sync.accounts.v1"
TOPICS = (ACCOUNTS, "provider-sync.holders.v1", "provider-sync.directory.v1")
# What must be as it was; a digest of what the sender wrote is the one thing that no topic knows.
_TABLES = {
    "events": "*",
    "said": "provider, reference, account, version",
    "numbers": "number, account, alias, partition, version, standing",
    "connections": "*",
    "meters": "*",
    "undone": "*",
    "homes": "*",
    "history": "*",
    "tallies": "*",
    "journal": "batch, recorded_at, provider, events, digest",
    "unmatched": "number, provider, reference, content, matched_at",
    "posted_from": "*",
    "closed_periods": "period, cut_off",
}


def part(town: Town, bootstrap: str = "") -> Part:
    """The store of a town as the commands see it."""
    return Part("provider-sync", town.url, bootstrap, HEADS, town.base.topic(ACCOUNTS))


def said(town: Town) -> dict[str, list[Any]]:
    """Everything that intake has written."""
    return {table: sorted(town.rows(f"SELECT {columns} FROM {table}"), key=str) for table, columns in _TABLES.items()}


def test_nothing_is_appended_before_somebody_opens(town: Town, http: FlaskClient) -> None:
    """As after a restore, whose timeline nobody opened: 503 with a reason, no event; then all is as before."""
    restore.shut(part(town))
    headers = {"Authorization": f"Bearer {town.keys['almaty-heat'].bearer}"}
    asked = {"mode": "continue", "facts": [charge("a")]}
    answer = http.post("/v1/facts", json=asked, headers=headers)
    assert (answer.status_code, answer.json and answer.json["code"]) == (503, "not-open-yet")
    assert answer.headers["Retry-After"] == "30"
    assert town.one("SELECT count(*) FROM said WHERE reference = 'a'") == 0
    restore.put_open(part(town), "operator/asel", "compared")
    assert http.post("/v1/facts", json=asked, headers=headers).status_code == 200


def test_a_reader_that_knows_more_or_other_things_is_named(town: Town) -> None:
    """Its own heads are no objection; a higher one and one with another event are; a file about nothing is none."""
    own = io.BytesIO()
    restore.heads(replace(part(town), heads=HEADS.replace(ACCOUNTS, town.base.topic(ACCOUNTS))), own)
    assert restore.behind(part(town), [io.BytesIO(own.getvalue())]) == []
    more = f"topic,key,version,id\n{town.base.topic(ACCOUNTS)},100,2,\n"
    more += f"{town.base.topic(ACCOUNTS)},101,1,0198e5d2-0000-7000-8000-000000000000\n"
    found = restore.behind(part(town), [io.BytesIO(more.encode())])
    assert [(one.key, one.reader, one.store, one.differs) for one in found] == [
        ("100", 2, 1, False),
        ("101", 1, 1, True),
    ]
    with pytest.raises(restore.NoHeads):
        restore.behind(part(town), [io.BytesIO(b"topic,key,version,id\nidentity.users.v1,u,1,\n")])


@contextmanager
def another(town: Town, superuser: str, name: str) -> Iterator[Town]:
    """The town on a copy of its database; nobody else may be connected to it."""
    source = town.url.rsplit("/", 1)[1]
    with psycopg.connect(superuser, autocommit=True) as conn:
        create = "CREATE DATABASE {} TEMPLATE {} OWNER provider_sync"
        conn.execute(sql.SQL(create).format(sql.Identifier(name), sql.Identifier(source)))
        try:
            with on(town, town.url.replace(source, name)) as copy:
                yield copy
        finally:
            conn.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))


@contextmanager
def on(town: Town, url: str) -> Iterator[Town]:
    """The town with a pool of its own."""
    with open_pool(url, "test", size=4, statement_s=60) as pool:
        yield replace(town, url=url, base=Base(pool, town.base.topic_prefix))


def test_lost_facts_come_back_with_all_that_followed_from_them(
    database: MakeDatabase, topics: MakeTopics, servers: Addresses, tmp_path: Path
) -> None:
    """Of every kind, by several senders, with a month closed among them; the tables are those that were lost."""
    prefix = topics(*TOPICS)
    with founded(database("provider_sync"), tmp_path / "spool", prefix, ["100", "101"]) as town:
        town.say("halyk-bank", payment("early", "200"))
        town.say("almaty-heat", charge("kept"))
    with another(town, servers.postgres, f"{prefix.strip('.')}_restored") as restored, on(town, town.url) as lost:
        speak(lost)
        published(lost, servers.kafka)
        restore.shut(part(restored))
        found = restore.lost(part(restored, servers.kafka))
        brought = bring_back(restored.base, ASEL, found, lambda *_: None)
        assert brought == lost.one("SELECT count(*) FROM events") - 3
        assert said(restored) == said(lost)
        assert restore.lost(replace(part(restored, servers.kafka), barriers=_KNOWN)) == []
        assert bring_back(restored.base, ASEL, found, lambda *_: None) == 0
        restore.put_open(part(restored), "operator/asel", "brought back")
        assert [o.status for o in restored.say("almaty-heat", charge("c1", amount="70.00"))] == ["duplicate"]
        assert [o.status for o in restored.say("almaty-heat", charge("new"))] == ["accepted"]


_KNOWN = "SELECT 'period/' || period || '/' || n FROM closed_periods CROSS JOIN generate_series(0, 11) AS n"


def speak(town: Town) -> None:
    """What will be lost."""
    meter = {"account": "100", "meter": "H1"}
    named = {"reference": "c1"}
    for sender, *rows in (
        ("almaty-heat", charge("c1", amount="70.00"), charge("c2", "101", amount="8.00")),
        ("halyk-bank", payment("p1"), payment("p2", "101")),
        ("centre", opened("200")),
        ("almaty-heat", {"kind": "charge.adjusted", "reference": "a1", "account": "100", "corrects": named,
                         "amount": "-5.00", "reason_code": "recount"}),
        ("almaty-heat", {"kind": "service.connected", "reference": "s1", "account": "100", "service": "heating",
                         "effective_from": "2026-10-01"},
         {"kind": "meter.installed", "reference": "m1", "service": "heating", "effective_from": "2026-10-01"} | meter,
         {"kind": "meter.read", "reference": "r1", "value": "12.5", "taken_on": "2026-10-20", "source": "measured"}
         | meter),
    ):  # fmt: skip
        outcomes = town.say(sender, *rows)
        assert {outcome.status for outcome in outcomes} == {"accepted"}, outcomes
    town.close(Period("2026-10"))
    late = {"kind": "charge.reversed", "reference": "v1", "account": "101", "reverses": {"reference": "c2"}}
    assert [o.status for o in town.say("almaty-heat", late, charge("late"))] == ["accepted", "accepted"]


def test_all_is_said_once_more_in_an_order_that_a_new_reader_can_close_by(town: Town) -> None:
    """Facts of before a close stand before its markers; refused while the store is open."""
    town.say("almaty-heat", charge("before"))
    town.close(Period("2026-10"))
    town.say("almaty-heat", charge("after"))
    with pytest.raises(Exception, match="still-open"):
        everything(town.base, ASEL, lambda *_: None)
    restore.shut(part(town))
    highest = town.one("SELECT max(position) FROM outbox")
    assert everything(town.base, ASEL, lambda *_: None) == town.one("SELECT count(*) FROM events")
    query = "SELECT key, version, barrier FROM outbox WHERE position > %s AND topic = %s ORDER BY position"
    again = town.rows(query, highest, town.base.topic(ACCOUNTS))
    barriers = [index for index, (_, _, barrier) in enumerate(again) if barrier]
    assert again.index(("100", 2, False)) < barriers[0]
    assert barriers[-1] < again.index(("100", 3, False))
    assert len(again) == town.one("SELECT count(*) FROM events") + 12
    for topic, table in (("provider-sync.directory.v1", "directory"), ("provider-sync.holders.v1", "holders")):
        query = "SELECT count(*) FROM outbox WHERE position > %s AND topic = %s"
        assert town.one(query, highest, town.base.topic(topic)) == town.one(f"SELECT count(*) FROM {table}")
