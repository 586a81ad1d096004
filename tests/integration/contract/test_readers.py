"""Every reader against every golden sample it may hear: nobody meets a fact for the first time in production."""

from collections.abc import Sequence

import msgspec
import psycopg
import pytest

from common.consumer import Subscription
from common.envelope import decode
from common.eventtypes import EventType
from common.streams import Record
from identity import consumer as identity_consumer
from identity.app.desk import build_desk
from identity.config import Config as IdentityConfig
from ledger import consumer as ledger_consumer
from ledger.config import Config as LedgerConfig
from provider_sync import consumer as provider_sync_consumer
from provider_sync.config import Config as ProviderSyncConfig
from receipts import consumer as receipts_consumer
from receipts.store.says import Says
from tests.conftest import MakeDatabase
from tests.contract.catalogue import key_of, sample, services

KINDS = [kind for service in services() for kind in service.register().types.values()]


def ledger(url: str) -> Sequence[Subscription]:
    """What the ledger hears."""
    return ledger_consumer.subscriptions(LedgerConfig(url))


def receipts(url: str) -> Sequence[Subscription]:
    """What receipts hears."""
    return receipts_consumer.subscriptions(Says(""))


def identity(url: str) -> Sequence[Subscription]:
    """What identity hears."""
    desk = build_desk(IdentityConfig(url, "127.0.0.1:1", "a-secret-for-one-test-and-nothing-else"), "contract")
    desk.pool.close()
    return identity_consumer.projection(desk).subscriptions


def provider_sync(url: str) -> Sequence[Subscription]:
    """What provider-sync hears."""
    return provider_sync_consumer.subscriptions(ProviderSyncConfig(url))


READERS = {"ledger": ledger, "receipts": receipts, "identity": identity, "provider_sync": provider_sync}


def record(kind: EventType, sequence: int) -> Record:
    """The sample as a record of its topic, `sequence` in its stream."""
    value = sample(kind)
    envelope = msgspec.structs.replace(decode(value), sequence=sequence)
    return Record(kind.topic, 0, sequence, key_of(kind), kind.full, value, envelope)


@pytest.mark.parametrize("service", READERS)
def test_a_service_knows_and_applies_everything_on_its_topics(service: str, database: MakeDatabase) -> None:
    """A type on a topic is applied without error, or stands in the list of what is skipped on purpose."""
    url = database(service)
    heard = 0
    with psycopg.connect(url) as conn:
        for subscription in READERS[service](url):
            for sequence, kind in enumerate((k for k in KINDS if k.topic == subscription.topic), 1):
                assert kind.full in subscription.applies | subscription.skips | subscription.barriers
                if kind.full in subscription.applies:
                    subscription.apply(conn, [record(kind, sequence)])
                    heard += 1
            conn.rollback()
    assert heard > 0
