"""What a service finds out about itself: nothing when all is well, and each trouble by its name with what to type."""

from typing import Any, LiteralString

import pytest

from common import doctor, eventstore, heads, kafka
from common.doctor import Patient, Question, examine
from common.postgres import connect
from common.relay import Relay
from common.topics import differences
from receipts.migrations import SHARED
from receipts.store.doctor import QUESTIONS
from tests.conftest import MakeDatabase, MakeTopics
from tests.support import stores
from tests.support.waiting import until

TOPIC = "identity.keys.v1"
ACCOUNTS = "provider-sync.accounts.v1"
_READ = "INSERT INTO consumer_offsets (topic, topic_id, partition, next_offset) VALUES (%s, %s, 0, %s)"


@pytest.fixture
def patient(database: MakeDatabase, kafka_address: str, monkeypatch: pytest.MonkeyPatch) -> Patient:
    """Receipts, and a doctor who does not wait long."""
    monkeypatch.setattr(doctor, "_PATIENCE_S", 0.2)
    monkeypatch.setattr(doctor, "_STEP_S", 0.1)
    return Patient("receipts", SHARED, database("receipts"), kafka_address, QUESTIONS)


def did(patient: Patient, statement: LiteralString, *values: object) -> None:
    """Something happened to the database."""
    with connect(patient.database_url, "tests", autocommit=True) as conn:
        conn.execute(statement, values)


def troubles(patient: Patient) -> dict[str, tuple[str, str]]:
    """State and words of whatever is not well."""
    return {finding.check: (finding.state, finding.says) for finding in examine(patient) if finding.state != "well"}


def test_a_healthy_service_has_nothing_to_complain_of(patient: Patient) -> None:
    """Every look answers, and each says that all is well."""
    checks = {finding.check for finding in examine(patient)}
    assert {"versions", "clock", "migrations", "outbox", "dead letters", "parked", "waiting", "failed"} <= checks
    assert troubles(patient) == {}


@pytest.mark.parametrize(
    ("statement", "check", "says"),
    [
        ("DELETE FROM schema_migrations WHERE name LIKE '%%month_runs%%'", "migrations", "python -m receipts migrate"),
        ("UPDATE schema_migrations SET sha256 = 'x' WHERE name LIKE '%%month_runs%%'", "migrations", "another content"),
        (
            "INSERT INTO outbox (topic, partition, key, type, body) VALUES ('t', 0, 'k', 'x', '{}')",
            "outbox",
            "is the relay running",
        ),
        (
            "INSERT INTO dead_letters VALUES ('t', 0, 1, NULL, '', NULL, 'r', '', 1)",
            "dead letters",
            "1 records could not be heard",
        ),
        (
            "INSERT INTO stream_heads (topic, key, version, last_id, parked_at) VALUES ('t', 'k', 1, 'x', now())",
            "parked",
            "1 streams stand still",
        ),
    ],
)
def test_a_trouble_is_named_with_what_to_do(patient: Patient, statement: LiteralString, check: str, says: str) -> None:
    """Ill, by its own name, and nothing else is."""
    did(patient, statement)
    found = troubles(patient)
    assert found.keys() == {check}
    assert found[check][0] == "ill"
    assert says in found[check][1]


def test_a_projection_that_stands_still_is_told_from_one_that_has_read_all(
    patient: Patient, topics: MakeTopics
) -> None:
    """By the offsets of the database and the ends that the broker tells."""
    topic = topics(TOPIC) + TOPIC
    ids = kafka.topic_ids(patient.kafka, [topic])
    did(patient, _READ, topic, ids[topic], 0)
    assert troubles(patient) == {}
    producer = kafka.producer(patient.kafka, "tests")
    producer.send(topic, b"{}", key=b"k", partition=0).get(10)
    producer.close()
    state, says = troubles(patient)["lag"]
    assert (state, says.startswith("1 records")) == ("ill", True)
    did(patient, "UPDATE consumer_offsets SET next_offset = 1")
    assert troubles(patient) == {}


def test_records_that_the_broker_lost_are_named(
    patient: Patient, empty_database: str, kafka_address: str, topics: MakeTopics
) -> None:
    """The topic ends before the store does, and nothing waits in the outbox."""
    topic = topics(ACCOUNTS) + ACCOUNTS
    store = stores.tables(empty_database, "outbox", "events")
    with connect(store, "tests", autocommit=True) as conn:
        eventstore.append(conn, topic, stores.events("acc-1", [1, 2, 3]) + stores.events("acc-2", [1]))
        assert heads.compare(conn, kafka_address, topic) == (0, {}, True)
        conn.execute("DELETE FROM outbox WHERE version = 3")
        with stores.running(Relay(store, kafka_address, "heads", event_store=True)):
            until(lambda: stores.count(store, "outbox") == 0, "everything is sent")
        assert heads.compare(conn, kafka_address, topic) == (2, {"acc-1": 3}, True)


@pytest.mark.parametrize(
    ("query", "state"),
    [("SELECT 2, now() - interval '1 minute'", "watch"), ("SELECT 2, now() - interval '1 hour'", "ill")],
)
def test_what_is_old_enough_is_ill(patient: Patient, query: LiteralString, state: str) -> None:
    """Before that it is only to be watched."""
    found = troubles(patient._replace(questions=(Question("letters", query, "{count} since {since}", 600),)))
    assert found["letters"][0] == state
    assert found["letters"][1].startswith("2 since 20")


def test_servers_that_do_not_answer_are_findings_too(patient: Patient) -> None:
    """No traceback at three in the morning."""
    nowhere = "postgresql://nobody@127.0.0.1:1/nothing"
    assert troubles(patient._replace(database_url=nowhere)).keys() == {"database"}
    did(patient, _READ, "some.topic", "id", 0)
    assert troubles(patient._replace(kafka="127.0.0.1:1"))["kafka"][0] == "ill"


def test_topics_are_held_against_their_file(kafka_address: str, topic_prefix: str, topics: MakeTopics) -> None:
    """Missing, other partitions, other settings."""
    topics(TOPIC)
    wanted: dict[str, dict[str, Any]] = {
        TOPIC: {"partitions": 13, "config": {"cleanup.policy": "delete"}},
        "nobody.made.this": {"partitions": 1},
    }
    found = differences(kafka_address, wanted, topic_prefix)
    assert found == [
        f"{topic_prefix}{TOPIC} has 12 partitions instead of 13",
        f"{topic_prefix}{TOPIC}: cleanup.policy is compact instead of delete",
        f"{topic_prefix}nobody.made.this is missing",
    ]
