"""A hardened set: TLS to every server, an account for each service, and no right too many."""

import secrets
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
import redis
import yaml
from kafka import KafkaConsumer, TopicPartition
from kafka.errors import KafkaError, TopicAuthorizationFailedError

from common import brokers, kafka
from common.migrations import migrate
from common.partitions import partition_of
from common.period import Period
from common.relay import Relay
from common.topics import create, grants
from native.credentials import Credentials
from native.databases import SERVICES, role_of
from native.paths import ROOT, RUN, forget_home
from native.servers import Servers, free_ports, serving
from receipts.gateways.queue import RENDER, make_celery
from tests.integration.provider_sync.town import Town, charge, founded, payment
from tests.support import databases, stores
from tests.support.waiting import until

TOPICS = yaml.safe_load((ROOT / "deploy" / "kafka" / "topics.yaml").read_text())["topics"]
ACCOUNTS = "provider-sync.accounts.v1"
pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]


@pytest.fixture(scope="module")
def servers() -> Iterator[Servers]:
    """Servers of their own, with owners, roles, topics and grants."""
    folder = RUN / f"hardened-{secrets.token_hex(4)}"
    credentials = Credentials(folder / "secrets")
    credentials.make()
    made = Servers.within(folder, free_ports(), durable=False, shared_buffers="64MB", credentials=credentials)
    try:
        with serving(made):
            admin = made.kafka.address_of("admin")
            create(admin, TOPICS)
            kafka.allow(admin, grants(TOPICS))
            until(lambda: len(kafka.topic_ids(made.kafka.address_of("ledger"), TOPICS)) > 1, "the grants", 60)
            yield made
    finally:
        forget_home(folder / "postgres")
        forget_home(folder)


def migrated(servers: Servers, package: str) -> str:
    """The running role's address of a database that its owner migrated."""
    owner = servers.postgres.address_of(f"{package}_owner", package)
    migrate(owner, package, databases.shared_tables(package), package)
    return servers.postgres.address_of(package, package)


def test_the_work_is_done_without_owning_anything_and_no_history_is_edited(servers: Servers, tmp_path: Path) -> None:
    """Keys, facts, a close and the relay over TLS; then each thing that only an owner or nobody may do is refused."""
    app = migrated(servers, "provider_sync")
    with founded(app, tmp_path / "spool", "", ["100"]) as town:
        work(town)
        broker = servers.kafka.address_of("provider-sync")
        with stores.running(Relay(app, broker, "test-relay", event_store=True)):
            until(lambda: town.one("SELECT count(*) FROM outbox") == 0, "everything is sent", 60)
    for statement in (
        "UPDATE facts SET data = '{}'",
        "DELETE FROM shapes",
        "TRUNCATE facts",
        "ALTER TABLE facts DISABLE TRIGGER ALL",
        "DELETE FROM audit",
        "DELETE FROM schema_migrations",
        "DROP TABLE said",
        "CREATE TABLE mine (a int)",
    ):
        with psycopg.connect(app) as conn, pytest.raises(psycopg.errors.InsufficientPrivilege):
            conn.execute(statement.encode())
    assert read(servers, "ledger", ACCOUNTS), "a reader that the file names reads what was sent"


def work(town: Town) -> None:
    """What provider-sync does all day."""
    assert [o.status for o in town.say("almaty-heat", charge("c1"))] == ["accepted"]
    assert [o.status for o in town.say("halyk-bank", payment("p1"), payment("p2", "999"))] == ["accepted", "unmatched"]
    town.close(Period("2026-10"))


@pytest.mark.parametrize("package", [role_of(service) for service in SERVICES])
def test_every_service_migrates_under_its_owner_and_enters_no_other_database(servers: Servers, package: str) -> None:
    """Neither role reaches another's table; the running one reads its own and changes no schema."""
    app = migrated(servers, package)
    with psycopg.connect(app) as conn:
        assert conn.execute("SELECT count(*) FROM schema_migrations").fetchone() != (0,)
        assert conn.execute("SELECT count(*) FROM pg_tables WHERE tableowner = current_user").fetchone() == (0,)
    for other in {role_of(service) for service in SERVICES} - {package}:
        for role in (package, f"{package}_owner"):
            with pytest.raises(psycopg.OperationalError, match="permission denied"):
                psycopg.connect(servers.postgres.address_of(role, other))


def test_postgresql_takes_nobody_without_tls_or_with_a_wrong_password(servers: Servers) -> None:
    """And a client that checks does not speak to a server whose certificate it cannot know."""
    good = servers.postgres.address_of("ledger", "ledger")
    with pytest.raises(psycopg.OperationalError, match="no pg_hba"):
        psycopg.connect(good.replace("verify-full", "disable"))
    with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
        psycopg.connect(good, password="ledger")
    with pytest.raises(psycopg.OperationalError, match="certificate"):
        psycopg.connect(good.partition("sslrootcert")[0] + "sslrootcert=system")


def read(servers: Servers, service: str, topic: str) -> list[object]:
    """What a service finds on a topic, or the broker's refusal."""
    places = [TopicPartition(topic, partition) for partition in range(kafka.PARTITIONS)]
    address = servers.kafka.address_of(service)
    client = KafkaConsumer(**brokers.settings(address), auto_offset_reset="earliest", group_id=None)
    try:
        client.assign(places)
        found: list[object] = []

        def some() -> bool:
            found.extend(record for records in client.poll(500).values() for record in records)
            return bool(found)

        until(some, "records", 30)
        return found
    finally:
        client.close()


@pytest.mark.parametrize(
    ("service", "topic"),
    [
        ("receipts", "ledger.allocations.v1"),
        ("identity", "provider-sync.holders.v1"),
        ("ledger", "identity.dead-letters.v1"),
    ],
)
def test_a_topic_that_does_not_name_a_service_is_not_read_by_it(servers: Servers, service: str, topic: str) -> None:
    """Names and addresses reach those who print them; others do not even learn where the topic ends."""
    address = servers.kafka.address_of(service)
    admin, asking = kafka.admin(address), kafka.Ends(address, [topic], 3_000)
    try:
        assert [one["error_code"] for one in admin.describe_topics([topic])] == [TopicAuthorizationFailedError.errno]
        with pytest.raises(KafkaError):
            asking.ask()
    finally:
        asking.close()
        admin.close()


def test_only_the_owner_writes_to_a_topic(servers: Servers) -> None:
    """A reader cannot say a fact in another's name: nothing of it is acknowledged."""
    record = [kafka.Outgoing(ACCOUNTS, partition_of("100"), "100", stores.TYPE, b"{}")]
    for service, allowed in (("ledger", False), ("provider-sync", True)):
        producer = kafka.producer(servers.kafka.address_of(service), service)
        try:
            assert kafka.send_all(producer, record, 20) == [allowed], service
        finally:
            kafka.drop(producer)


def test_a_service_makes_and_deletes_no_topic(servers: Servers) -> None:
    """That is the operator's account, but for the inboxes of senders, which provider-sync makes."""
    with pytest.raises(KafkaError):
        create(servers.kafka.address_of("ledger"), {"ledger.more.v1": {"partitions": 1}})
    made = create(servers.kafka.address_of("provider-sync"), {"providers.almaty-heat.inbox.v1": {"partitions": 1}})
    assert made == ["providers.almaty-heat.inbox.v1"]


def test_kafka_takes_nobody_without_tls_or_with_a_wrong_password(servers: Servers) -> None:
    """The plain address of the same port answers nobody."""
    good = servers.kafka.address_of("ledger")
    wrong = good.replace(good.partition("ledger:")[2].partition("@")[0], "wrong")
    for address in (servers.kafka.address, wrong):
        with pytest.raises(KafkaError):
            kafka.topic_ids(address, [ACCOUNTS])


def test_redis_takes_nobody_without_tls_or_password_and_lets_nobody_near_itself(servers: Servers) -> None:
    """Celery's messages go through; settings, scripts of others and the whole data do not."""
    app = make_celery(servers.redis.url, 30)
    app.send_task(RENDER, args=["code"], queue="interactive")
    with redis.Redis.from_url(servers.redis.url) as client:
        assert client.llen("interactive") == 1
        for command in ("CONFIG GET dir", "FLUSHALL", "SHUTDOWN NOSAVE"):
            with pytest.raises(redis.exceptions.NoPermissionError):
                client.execute_command(command)
    strangers = (
        f"redis://127.0.0.1:{servers.redis.port}/0",
        servers.redis.url.replace("receipts:", "default:"),
        servers.redis.url.partition("&ssl_ca_certs")[0],
    )
    for stranger in strangers:
        with redis.Redis.from_url(stranger) as client, pytest.raises(redis.ConnectionError):
            client.ping()


def test_secrets_are_readable_by_their_owner_only(servers: Servers) -> None:
    """Certificates aside, which anybody may know, no file of the set shows a password to others."""
    folder = servers.postgres.folder
    files = [
        *(folder / "secrets").iterdir(),
        folder / "kafka.properties",
        folder / "kafka-keystore.pem",
        folder / "redis.conf",
    ]
    assert all(file.stat().st_mode & 0o077 == 0 for file in files)
