"""deploy/kafka/topics.yaml."""

from typing import Any

import pytest
import yaml

from common.topics import grants
from identity.events import ACCOUNTS, STATEMENTS
from ledger import consumer as ledger
from ledger.config import Config as LedgerConfig
from native.paths import ROOT
from provider_sync import consumer as provider_sync
from provider_sync.config import INBOX_TOPICS
from provider_sync.config import Config as ProviderSyncConfig
from receipts import consumer as receipts
from receipts.store.says import Says

TOPICS: dict[str, dict[str, Any]] = yaml.safe_load((ROOT / "deploy" / "kafka" / "topics.yaml").read_text())["topics"]
COMPACTED = {"provider-sync.holders.v1", "provider-sync.directory.v1", "identity.keys.v1"}


@pytest.mark.parametrize("name", TOPICS)
def test_a_topic_belongs_to_the_service_in_its_name(name: str) -> None:
    """Nobody else writes to it."""
    assert name.split(".")[0] == TOPICS[name]["owner"]


def test_the_readers_are_those_who_subscribe() -> None:
    """One too many could read names; one too few would stand still on a broker that knows its clients."""
    read = {
        "ledger": {s.topic for s in ledger.subscriptions(LedgerConfig(""))},
        "receipts": {s.topic for s in receipts.subscriptions(Says(""), "")},
        "provider-sync": {s.topic for s in provider_sync.subscriptions(ProviderSyncConfig(""))},
        "identity": {ACCOUNTS, STATEMENTS},
    }
    for service, topics in read.items():
        assert {name for name, topic in TOPICS.items() if service in topic.get("readers", ())} == topics, service


def test_only_the_owner_is_granted_writing() -> None:
    """The inboxes of senders aside, which provider-sync writes the answers to."""
    writers = {(grant.name, grant.user) for grant in grants(TOPICS) if "WRITE" in grant.operations}
    assert writers == {(name, topic["owner"]) for name, topic in TOPICS.items()} | {("providers.", "provider-sync")}


@pytest.mark.parametrize("name", TOPICS)
def test_a_topic_has_the_partitions_that_keys_are_computed_for(name: str) -> None:
    """The partition of a key is computed on both sides with the same number."""
    assert TOPICS[name]["partitions"] == 12


def test_only_topics_of_present_states_are_compacted() -> None:
    """A log of facts that is compacted has lost facts."""
    assert {name for name, topic in TOPICS.items() if topic["config"]["cleanup.policy"] == "compact"} == COMPACTED


def test_facts_are_kept_for_ever() -> None:
    """Only drafts, which answer one request, may go."""
    facts = [t["config"] for name, t in TOPICS.items() if name not in COMPACTED and name != "ledger.drafts.v1"]
    assert all(config["retention.ms"] == -1 and config["retention.bytes"] == -1 for config in facts)


def test_erased_personal_data_goes_within_the_hour() -> None:
    """A segment that is never rolled is never compacted."""
    for name in COMPACTED:
        assert TOPICS[name]["config"]["max.compaction.lag.ms"] == 3_600_000


def test_the_rule_for_inboxes_is_the_one_in_the_code() -> None:
    """The command that makes them cannot read this file."""
    stated = yaml.safe_load((ROOT / "deploy" / "kafka" / "topics.yaml").read_text())["x-inboxes"]
    assert {name: topic | {"owner": None} for name, topic in INBOX_TOPICS.items()} == {
        name: topic | {"owner": None} for name, topic in stated.items()
    }
