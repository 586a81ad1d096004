"""A broker that lost everything: its topics are new ones, and what is said once more counts nothing twice."""

from dataclasses import replace
from threading import Event

import pytest

from common import kafka, restore
from common.consumer import TopicMadeAnew
from common.restore import SEQUENCED_HEADS, Part
from common.topics import create
from ledger import rebuild
from ledger.handlers import repair
from ledger.handlers import republish as saying
from ledger.store.repair import MOVE_PASSED_OVER
from tests.integration.ledger.conftest import Ledger, at_work
from tests.support.facts import barriers
from tests.support.waiting import until

ACCOUNTS, USERS = "provider-sync.accounts.v1", "identity.users.v1"


def part(ledger: Ledger) -> Part:
    """The ledger as the commands see it."""
    address = (ledger.config.database_url, ledger.config.kafka_bootstrap_servers)
    return Part("ledger", *address, SEQUENCED_HEADS, reread=(MOVE_PASSED_OVER,))


def make_anew(ledger: Ledger, *names: str) -> None:
    """Deletes topics and makes them again."""
    topics = [ledger.topic(name) for name in names]
    client = kafka.admin(ledger.config.kafka_bootstrap_servers)
    client.delete_topics(topics)
    until(lambda: not set(topics) & set(client.list_topics()), "the topics are gone")
    client.close()
    create(ledger.config.kafka_bootstrap_servers, {topic: {} for topic in topics})


def test_what_is_said_once_more_is_known_by_its_sequence(ledger: Ledger) -> None:
    """Refused until it is adopted; then the digest is the same, a dismissal still holds, and a rebuild agrees."""
    with at_work(ledger):
        log, user = ledger.new()
        log.open()
        log.charge("heating", 1000)
        log.say("charge.posted", posting_period="2026-10", period="2026-10", service="water", amount="x", reference="H")
        log.charge("water", 7)
        ledger.hear(log.events)
        ledger.link(log.account, user)
        query = "SELECT count(*) FROM parked_records WHERE key = %s"
        until(lambda: ledger.query(query, log.account) == [(1,)], "the poison parks the account")
        assert repair.dismiss(ledger.config, log.account, "operator/aigul", "a test").version == 4
    digest = ledger.digest()
    make_anew(ledger, ACCOUNTS, USERS)
    with pytest.raises(TopicMadeAnew):
        ledger.projection().run(Event())
    assert restore.adopt(part(ledger)) == sorted(map(ledger.topic, (ACCOUNTS, USERS)))
    assert restore.adopt(part(ledger)) == []
    log.charge("lift", 5)
    with at_work(ledger):
        ledger.hear(log.events)
        until(
            lambda: ledger.query("SELECT version FROM stream_heads WHERE key = %s", log.account) == [(5,)],
            "all is heard",
        )
        assert ledger.query("SELECT sequence FROM entries ORDER BY sequence") == [(2,), (4,), (5,)]
        assert ledger.query("SELECT reason FROM stream_heads WHERE parked_at IS NOT NULL") == []
        outcome = rebuild.rebuild(ledger.config, rebuild.Wish(switch=False), lambda _: None, Event())
        assert (outcome.different, outcome.facts) == ({}, 5)
    ledger.execute("DELETE FROM postings WHERE sequence = 5")
    assert ledger.digest() == digest


def test_statements_and_splits_are_said_under_their_old_ids(running_ledger: Ledger) -> None:
    """Once more is the same event: readers know it, and it is as old as it was."""
    ledger = running_ledger
    log, _ = ledger.new()
    log.open()
    log.charge("heating", 1000)
    log.pay(400)
    ledger.hear(log.events)
    ledger.applied(log)
    ledger.hear(barriers("2026-10"))
    ledger.closed("2026-10")
    query = "SELECT topic, key, body::json ->> 'id', body::json -> 'data' ->> 'split' FROM outbox ORDER BY position"
    first = ledger.query(query)
    recorded = "SELECT body::json ->> 'recordedtime' FROM outbox WHERE topic = %s ORDER BY position"
    ledger.execute("TRUNCATE outbox")
    assert saying.everything(ledger.config, lambda *_: None) == (1, 1)
    assert sorted(ledger.query(query), key=str) == sorted(first, key=str)
    cut_off = ledger.query("SELECT to_char(cut_off, 'YYYY-MM-DD\"T\"HH24:MI') FROM statements")[0][0]
    assert ledger.query(recorded, ledger.topic("ledger.statements.v1"))[0][0].startswith(cut_off)


def test_a_topic_that_lost_its_end_is_read_again_when_told(running_ledger: Ledger) -> None:
    """The same topic with fewer records: `--reread` forgets the place in it."""
    topic = running_ledger.topic(ACCOUNTS)
    assert restore.adopt(replace(part(running_ledger)), [topic]) == [topic]
