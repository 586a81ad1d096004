"""A ledger of the test's own: database, topics, a running projection, a signed-in resident."""

import json
import secrets
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from typing import Any

import psycopg
import pytest
import yaml
from joserfc import jwt
from joserfc.jwk import ECKey

from common import kafka
from common.auth import TOKEN_TYPE
from common.consumer import Projection, Safeguards
from common.topics import create
from ledger import app, consumer
from ledger.config import Config
from ledger.handlers import audit
from native.paths import ROOT
from tests.support import databases, facts
from tests.support.facts import Event
from tests.support.servers import Addresses
from tests.support.stores import running
from tests.support.waiting import until

TOPICS = (
    "provider-sync.accounts.v1",
    "provider-sync.holders.v1",
    "provider-sync.directory.v1",
    "identity.users.v1",
    "identity.keys.v1",
    "receipts.receipts.v1",
)
USER = "0192f0c1-7a2b-7c3d-8e4f-5a6b7c8d9e0f"
STRANGER = "0192f0c1-7a2b-7c3d-8e4f-000000000000"


@dataclass
class Ledger:
    """What a test says to the ledger and asks of it."""

    config: Config
    key: ECKey = field(default_factory=lambda: ECKey.generate_key("P-256", {"kid": "k1"}))
    users: dict[str, int] = field(default_factory=dict)
    made: int = 0

    def new(self) -> tuple[facts.Log, str]:
        """An account's log and a user that no other test of this ledger has."""
        self.made += 1
        return facts.Log(f"3{self.made:08d}"), f"0192f0c1-7a2b-7c3d-8e4f-{self.made:012x}"

    def hear(self, events: Sequence[Event]) -> None:
        """Puts facts on the accounts topic."""
        facts.publish(self.config.kafka_bootstrap_servers, self.topic("provider-sync.accounts.v1"), events)

    def state(self, topic: str, key: str, value: dict[str, Any] | None, type_: str) -> None:
        """Puts a record on a topic; holders, directory and keys carry an envelope like everything else."""
        body = None if value is None else json.dumps(self.wrapped(key, value, type_)).encode()
        where = kafka.partition_of(key)
        facts.send(self.config.kafka_bootstrap_servers, self.topic(topic), [(key, body, type_, where)])

    def wrapped(self, key: str, value: dict[str, Any], type_: str) -> Event:
        """The record's CloudEvent; users' events are numbered."""
        event = facts.envelope(key, "", value, None, "2026-10-15T06:00:00Z") | {"type": type_}
        if ".identity." in type_ and "key.published" not in type_:
            self.users[key] = self.users.get(key, 0) + 1
            event |= {"sequence": self.users[key], "id": f"{key}-{self.users[key]}"}
        return event

    def service(self, name: str, order: int, provider: str = "almaty-heat", version: int = 1) -> None:
        """States a service in the directory."""
        value = {"version": version, "provider": provider, "name_ru": name, "name_kk": name, "order": order}
        self.state(
            "provider-sync.directory.v1",
            f"service/{name}",
            value,
            "kz.settlement.provider-sync.directory.stated.v1",
        )

    def link(self, account: str, user: str = USER) -> None:
        """Lets a user see an account."""
        said = {"user": user, "account": account, "proof": "last-payment", "masked_until": None}
        self.state("identity.users.v1", user, said, "kz.settlement.identity.account.linked.v1")

    def publish_key(self) -> None:
        """Makes the tokens of `ask` valid."""
        jwk = self.key.as_dict(private=False)
        value = {"version": 1, "kid": "k1", "state": "active", "jwk": jwk}
        self.state("identity.keys.v1", "k1", value, "kz.settlement.identity.key.published.v1")

    def token(self, user: str = USER) -> str:
        """An access token of identity."""
        now = int(time.time())
        claims = {"iss": "settlement-identity", "aud": "settlement", "sub": user, "sid": "s", "jti": "j"}
        times = {"iat": now, "nbf": now, "exp": now + 600}
        return jwt.encode({"alg": "ES256", "typ": TOKEN_TYPE, "kid": "k1"}, claims | times, self.key)

    def topic(self, name: str) -> str:
        """The topic under the test's prefix."""
        return self.config.topic(name)

    def query(self, sql: str, *values: Any) -> list[tuple[Any, ...]]:
        """Rows of the ledger's database."""
        with psycopg.connect(self.config.database_url) as conn:
            return conn.execute(sql.encode(), values).fetchall()

    def execute(self, sql: str) -> None:
        """Changes the ledger's database behind its back."""
        with psycopg.connect(self.config.database_url) as conn:
            conn.execute(sql.encode())

    def applied(self, log: facts.Log) -> None:
        """Waits until the account's log is applied to its end."""
        want = [(len(log.events), None)]
        query = "SELECT version, reason FROM stream_heads WHERE key = %s"
        until(lambda: self.query(query, log.account) == want, f"{log.account} is applied")

    def closed(self, period: str) -> None:
        """Waits until the month is closed in every partition."""
        query = "SELECT count(*) FROM closings WHERE period = %s AND done_at IS NOT NULL"
        until(lambda: self.query(query, period) == [(kafka.PARTITIONS,)], f"{period} is closed")

    def said(self, type_: str) -> list[dict[str, Any]]:
        """The data of what waits in the outbox."""
        rows = self.query(
            "SELECT body FROM outbox WHERE type = %s ORDER BY position", f"kz.settlement.ledger.{type_}.v1"
        )
        return [json.loads(body)["data"] for (body,) in rows]

    def digest(self) -> str:
        """The projection's digest."""
        found: str = audit.digest(self.config)["digest"]
        return found

    def projection(self, safeguards: Safeguards | None = None) -> Projection:
        """A consuming process."""
        return consumer.projection(self.config, safeguards)


@contextmanager
def made(servers: Addresses) -> Iterator[Ledger]:
    """A migrated ledger with empty topics; nothing runs yet."""
    prefix = f"t{secrets.token_hex(4)}."
    known = yaml.safe_load((ROOT / "deploy" / "kafka" / "topics.yaml").read_text())["topics"]
    template = databases.template_of(servers.postgres, "ledger", databases.shared_tables("ledger"))
    with databases.copy_of(servers.postgres, template, "ledger") as url:
        topics = create(servers.kafka, {name: known[name] for name in TOPICS}, prefix)
        yield Ledger(Config(url, servers.kafka, topic_prefix=prefix, close_chunk=2))
        client = kafka.admin(servers.kafka)
        client.delete_topics(topics)
        client.close()


@contextmanager
def at_work(ledger: Ledger) -> Iterator[Ledger]:
    """The same with its projection running, the services' order stated and the users' key published."""
    with running(ledger.projection()):
        for name, order in facts.ORDER.items():
            ledger.service(name, order)
        ledger.publish_key()
        until(lambda: len(ledger.query("SELECT FROM split_orders")) == len(facts.ORDER), "services have their order")
        until(lambda: len(ledger.query("SELECT FROM signing_keys")) == 1, "the key is known")
        yield ledger


@pytest.fixture
def ledger(servers: Addresses) -> Iterator[Ledger]:
    """A ledger of one test's own."""
    with made(servers) as ledger:
        yield ledger


@pytest.fixture
def running_ledger(ledger: Ledger) -> Iterator[Ledger]:
    """The same at work."""
    with at_work(ledger):
        yield ledger


@pytest.fixture(scope="module")
def town(servers: Addresses) -> Iterator[Ledger]:
    """A ledger at work for all tests of a file, each with accounts and users of its own; no month closes here."""
    with made(servers) as ledger, at_work(ledger):
        yield ledger


Ask = Callable[..., tuple[int, Any, Any]]


@pytest.fixture
def ask(ledger: Ledger) -> Iterator[Ask]:
    """GET as a user: `ask("/v1/accounts", user=…, read_after=…)` → status, body, headers."""
    with asking(ledger) as get:
        yield get


@pytest.fixture(scope="module")
def ask_town(town: Ledger) -> Iterator[Ask]:
    """The same of the file's ledger."""
    with asking(town) as get:
        yield get


@contextmanager
def asking(ledger: Ledger) -> Iterator[Ask]:
    """The web app over the ledger's database, without a socket."""
    with ExitStack() as opened:
        flask = app.flask_app(ledger.config)
        for name in ("reading", "arrivals"):
            opened.callback(flask.extensions[name].close)
        client = flask.test_client()

        def get(path: str, user: str = USER, **headers: str) -> tuple[int, Any, Any]:
            given = {name.replace("_", "-"): value for name, value in headers.items()}
            sent = {"Authorization": f"Bearer {ledger.token(user)}"} | given
            answer = client.get(path, headers=sent)
            is_json = "json" in (answer.content_type or "json")
            return answer.status_code, json.loads(answer.data or b"{}") if is_json else answer.text, answer.headers

        yield get
