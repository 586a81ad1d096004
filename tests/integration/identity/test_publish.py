"""What identity says, as others hear it on the real topics."""

from typing import Any

import msgspec
import pytest

from common import kafka
from common.clock import now
from common.envelope import Envelope, decode
from identity.handlers import keyring
from identity.store.acts import By
from tests.conftest import MakeTopics
from tests.integration.identity.conftest import MakeTown
from tests.integration.identity.processes import running, until
from tests.integration.identity.test_close_cabinet import CANARIES, close, full_life
from tests.integration.identity.town import Town
from tests.support.canaries import hidden_in

BY = "--operator Dana --reason monthly"
USERS, KEYS = "identity.users.v1", "identity.keys.v1"


@pytest.fixture
def town(towns: MakeTown, topics: MakeTopics, kafka_address: str) -> Town:
    """A town that publishes to its own topics."""
    prefix = topics(USERS, KEYS)
    return towns(topic_prefix=prefix, kafka_bootstrap_servers=kafka_address)


def records(town: Town, topic: str) -> list[kafka.Raw]:
    """Everything on a topic, as it is."""
    consumer = kafka.consumer(town.desk.config.kafka_bootstrap_servers, "reader")
    found = []
    try:
        places = [kafka.Partition(town.desk.config.topic_prefix + topic, n) for n in range(kafka.PARTITIONS)]
        consumer.assign(places)
        consumer.seek_to_beginning(*places)
        ends = consumer.end_offsets(places)
        while any(consumer.position(place) < end for place, end in ends.items()):
            for records in consumer.poll(timeout_ms=200).values():
                found += [kafka.raw(record) for record in records]
    finally:
        consumer.close()
    return found


def heard(town: Town, topic: str) -> list[tuple[str, str, Envelope | None]]:
    """The same, read: key, type header, envelope."""
    found = records(town, topic)
    return [(raw.key or "", raw.type, decode(raw.value) if raw.value is not None else None) for raw in found]


def test_a_users_events_are_published_in_order(town: Town) -> None:
    """Keyed by the user, numbered from one without gaps, ids only."""
    town.account("100")
    aigul = town.resident("aigul", "100")
    town.call("DELETE", "/v1/me/accounts/100", **aigul)
    with running("relay", town.desk.config):
        until(lambda: town.rows("SELECT count(*) FROM outbox") == [(0,)], "an empty outbox")
    said = heard(town, USERS)
    assert {key for key, _, _ in said} == {town.rows("SELECT id FROM users")[0][0]}
    envelopes = [envelope for _, _, envelope in said if envelope]
    assert [envelope.sequence for envelope in envelopes] == [1, 2, 3, 4]
    assert [kind for _, kind, _ in said] == [envelope.type for envelope in envelopes]
    last: Any = msgspec.json.decode(envelopes[-1].data)
    assert (last["account"], envelopes[-1].type) == ("100", "kz.settlement.identity.account.unlinked.v1")


def test_no_topic_ever_held_anything_of_a_person(town: Town) -> None:
    """P19: so a closed cabinet leaves nothing that compaction or retention would have to remove."""
    who = full_life(town)
    assert close(town, who).status_code == 200
    with running("relay", town.desk.config):
        until(lambda: town.rows("SELECT count(*) FROM outbox") == [(0,)], "an empty outbox")
    said = records(town, USERS) + records(town, KEYS)
    assert {raw.type.removeprefix("kz.settlement.identity.") for raw in said} >= {
        "user.registered.v1",
        "user.closed.v1",
    }
    everything = b"\0".join(raw.value or b"" for raw in said)
    assert hidden_in(everything, CANARIES) == set()


def test_keys_are_published_with_their_states_and_forgotten(town: Town) -> None:
    """The newest record of each key tells its state; a key no token needs any more ends in a tombstone."""
    first = {key.state: key.kid for key in keyring.published(town.desk)}
    keyring.rotate(town.desk, By("Dana", "a test"), at_once=True)
    with town.desk.pool.connection() as conn, conn.transaction():
        conn.execute("UPDATE signing_keys SET changed_at = changed_at - interval '1 hour' WHERE state = 'retired'")
        keyring.forget_retired(town.desk, conn, now())
    with running("relay", town.desk.config):
        until(lambda: town.rows("SELECT count(*) FROM outbox") == [(0,)], "an empty outbox")
    newest: dict[str, Any] = {}
    for key, kind, envelope in heard(town, KEYS):
        assert kind == "kz.settlement.identity.key.published.v1"
        newest[key] = msgspec.json.decode(envelope.data) if envelope else None
    states = {kid: told and told["state"] for kid, told in newest.items()}
    assert states[first["active"]] is None
    assert states[first["next"]] == "active"
    assert sorted(state for state in states.values() if state) == ["active", "next"]
    assert all(set(told["jwk"]) == {"kty", "crv", "x", "y"} for told in newest.values() if told)


def test_the_command_rotates_keys(town: Town) -> None:
    """`keys rotate` waits until every service may know the next key, unless told otherwise."""
    before = {key.state: key.kid for key in keyring.published(town.desk)}
    with running(f"keys rotate {BY}", town.desk.config) as early:
        assert early.wait(30) == 1
    with running(f"keys rotate --now --json {BY}", town.desk.config) as forced:
        assert forced.wait(30) == 0
    assert {key.state: key.kid for key in keyring.published(town.desk)}["active"] == before["next"]
