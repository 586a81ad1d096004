"""The whole of receipts on real servers: its processes, the topics of the others, a resident who signs in."""

import contextlib
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, TypeVar

import httpx
import jwt
import msgspec
import psycopg
import redis
from cryptography.hazmat.primitives.asymmetric import ec
from werkzeug.serving import make_server

from common import kafka
from common.auth import AUDIENCE, ISSUER, TOKEN_TYPE
from common.clock import now, to_wire
from common.envelope import decode, full_type, render
from common.ids import uuid7
from common.packs import TYPE_HEADER
from common.postgres import open_pool
from receipts.app.streams import projection, relay
from receipts.app.sweep import sweeper
from receipts.app.web import web_app
from receipts.config import Config

T = TypeVar("T")
TIMEOUT_S = 90.0


def eventually(look: Callable[[], T | None], timeout_s: float = TIMEOUT_S) -> T:
    """What `look` answers as soon as it is something; an error when it stays nothing."""
    until = time.monotonic() + timeout_s
    while time.monotonic() < until:
        found = look()
        if found:
            return found
        time.sleep(0.05)
    raise AssertionError(f"not within {timeout_s} s: {look.__qualname__}")


class House:
    """Runs project, relay, sweep and web in threads and the Celery worker as the process it is."""

    def __init__(self, config: Config) -> None:
        self.config = config
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._producer = kafka.producer(config.kafka_bootstrap_servers, "receipts-tests")
        self._stop = threading.Event()
        self._sequences: dict[str, int] = {}
        self._threads: list[threading.Thread] = []
        self.worker: subprocess.Popen[bytes] | None = None

    @contextlib.contextmanager
    def open(self) -> Iterator["House"]:
        """Starts everything, and stops it again."""
        self.pool = open_pool(self.config.database_url, "receipts-tests", size=12)
        server = make_server("127.0.0.1", 0, web_app(self.config, self.pool), threaded=True)
        self.http = httpx.Client(base_url=f"http://127.0.0.1:{server.port}", timeout=20)
        runs = [server.serve_forever, self._run(projection), self._run(relay), self._sweep]
        self._threads = [threading.Thread(target=run, daemon=True) for run in runs]
        for thread in self._threads:
            thread.start()
        self.start_worker()
        self._publish_key()
        try:
            yield self
        finally:
            self._stop.set()
            server.shutdown()
            self.kill_worker()
            for thread in self._threads:
                thread.join(20)
            self._producer.close(timeout=5)
            self.http.close()
            server.server_close()
            self.pool.close()

    def _run(self, make: Callable[[Config], Any]) -> Callable[[], None]:
        return lambda: make(self.config).run(self._stop)

    def _sweep(self) -> None:
        sweeper(self.config, self.pool).run(self._stop)

    def start_worker(self) -> None:
        """A worker as `make run` starts it."""
        c = self.config
        settings = {
            "DATABASE_URL": c.database_url,
            "KAFKA_BOOTSTRAP_SERVERS": c.kafka_bootstrap_servers,
            "REDIS_URL": c.redis_url,
            "FILES_DIR": c.files_dir,
            "TOPIC_PREFIX": c.topic_prefix,
            "RENDER_LIMIT_S": str(c.render_limit_s),
            "RENDER_PROCESSES": str(c.render_processes),
            "LOG_LEVEL": "WARNING",
        }
        command = [sys.executable, "-m", "receipts", "worker"]
        with (Path(c.files_dir) / "worker.log").open("ab") as log:
            self.worker = subprocess.Popen(
                command, env=os.environ | settings, start_new_session=True, stdout=log, stderr=log
            )

    def kill_worker(self) -> None:
        """Ends the worker and its children by -9, all at once."""
        if self.worker is not None:
            os.killpg(self.worker.pid, signal.SIGKILL)
            self.worker.wait(30)
            self.worker = None

    @contextlib.contextmanager
    def frozen_worker(self) -> Iterator[None]:
        """The worker and its children stand still."""
        group = self.worker.pid if self.worker else 0
        os.killpg(group, signal.SIGSTOP)
        try:
            yield
        finally:
            os.killpg(group, signal.SIGCONT)

    def flush_redis(self) -> None:
        """Everything Redis holds is gone."""
        with redis.Redis.from_url(self.config.redis_url) as client:
            client.flushdb()

    def say(self, topic: str, key: str, type_: str, data: Any, sequence: int | None = None) -> None:
        """A record as another service publishes it."""
        at = to_wire(now())
        text = msgspec.json.encode(data).decode()
        value = (
            None
            if data is None
            else render(
                ident=str(uuid7()),
                source="/test",
                type=type_,
                key=key,
                time=at,
                recorded=at,
                data=text,
                sequence=sequence,
            )
        )
        self._producer.send(
            self.config.topic_prefix + topic,
            key=key.encode(),
            value=value,
            partition=kafka.partition_of(key),
            headers=[(TYPE_HEADER, type_.encode())],
        ).get(timeout=20)

    def link(self, user: str, account: str, what: str = "account.linked", **more: Any) -> str:
        """identity says something of a user and an account; answers the position."""
        self._sequences[user] = number = self._sequences.get(user, 0) + 1
        data = {"user": user, "account": account, "proof": "last-payment", "reason": "sold"} | more
        self.say("identity.users.v1", user, full_type("identity", what), data, number)
        return f"user/{user}@{number}"

    def issue(self, statement: dict[str, Any]) -> None:
        """The ledger issues a statement."""
        self.say("ledger.statements.v1", statement["account"], full_type("ledger", "statement.issued"), statement)

    def name(self, account: str, version: int = 1, name: str = "Әбділдаұлы Ғани") -> None:
        """provider-sync states the holder."""
        data = {"account": account, "version": version, "name": name}
        data |= {"address_ru": "ул. Абая, 10, кв. 5", "address_kk": "Абай көшесі, 10-үй, 5-пәтер", "phone": "+7"}
        self.say("provider-sync.holders.v1", account, full_type("provider-sync", "holder.stated"), data)

    def sell(self, account: str, reason: str = "sold") -> None:
        """provider-sync says that the account is in another name."""
        type_ = full_type("provider-sync", "account.holder-changed")
        self.say("provider-sync.accounts.v1", account, type_, {"holder": "h-1", "reason": reason}, 2)

    def renumber(self, account: str, number: str) -> None:
        """provider-sync says one more number of the account."""
        type_ = full_type("provider-sync", "account.renumbered")
        self.say("provider-sync.accounts.v1", account, type_, {"number": number}, 2)

    def build(self, ident: str, address: str) -> None:
        """provider-sync states a building."""
        type_ = full_type("provider-sync", "directory.stated")
        data = {"version": 1, "id": ident, "address_ru": address, "address_kk": address}
        self.say("provider-sync.directory.v1", f"building/{ident}", type_, data)

    def answer_draft(self, request: str, draft: dict[str, Any]) -> None:
        """The ledger answers a question with a draft."""
        type_ = full_type("ledger", "statement.drafted")
        self.say("ledger.drafts.v1", draft["account"], type_, draft | {"request": request})

    def refuse_draft(self, request: str, account: str, period: str, reason: str) -> None:
        """The ledger refuses a draft."""
        data = {"request": request, "account": account, "period": period, "reason": reason}
        self.say("ledger.drafts.v1", account, full_type("ledger", "statement.draft-refused"), data)

    def token(self, user: str, **claims: Any) -> str:
        """An access token as identity signs it, made by another library."""
        at = int(time.time())
        given = {"iss": ISSUER, "aud": AUDIENCE, "sub": user, "sid": "s", "iat": at, "nbf": at, "exp": at + 600}
        headers = {"kid": "k1", "typ": TOKEN_TYPE}
        return jwt.encode(given | {"jti": "j", "lang": "ru"} | claims, self._key, "ES256", headers)

    def signed_in(self, user: str, **headers: str) -> dict[str, str]:
        """Headers of a signed-in resident."""
        return {"Authorization": f"Bearer {self.token(user)}"} | headers

    def ask(self, user: str, account: str, period: str = "2026-10", language: str = "ru", **headers: str) -> Any:
        """POST for a receipt; a key of its own unless one is given."""
        sent = self.signed_in(user, **({"Idempotency-Key": str(uuid7())} | headers))
        body = {"period": period, "language": language}
        return self.http.post(f"/v1/accounts/{account}/receipts", json=body, headers=sent)

    def ended(self, user: str, ident: str) -> dict[str, Any]:
        """The receipt once it is ready or failed."""

        def look() -> dict[str, Any] | None:
            found = self.http.get(f"/v1/receipts/{ident}", headers=self.signed_in(user, Prefer="wait=5"))
            view: dict[str, Any] = found.raise_for_status().json()
            return view if view["state"] in ("ready", "failed") else None

        return eventually(look)

    def document(self, user: str, ident: str, **headers: str) -> httpx.Response:
        """The PDF's answer."""
        return self.http.get(f"/v1/receipts/{ident}/document", headers=self.signed_in(user, **headers))

    def said(self, name: str, receipt: str, version: int = 1) -> list[dict[str, Any]]:
        """What receipts published of a receipt under this event name."""
        return [data for data in self.spoken(name, version) if data["receipt"] == receipt]

    def spoken(self, name: str, version: int = 1) -> list[dict[str, Any]]:
        """What receipts published of all receipts under this event name."""
        wanted = full_type("receipts", name, version)
        consumer = kafka.consumer(self.config.kafka_bootstrap_servers, f"{self.config.topic_prefix}look{uuid7()}")
        topic = self.config.topic_prefix + "receipts.receipts.v1"
        places = [kafka.Partition(topic, number) for number in range(kafka.PARTITIONS)]
        consumer.assign(places)
        ends = consumer.end_offsets(places)
        for place in places:
            consumer.seek(place, 0)
        found: list[dict[str, Any]] = []
        while any(consumer.position(place) < ends[place] for place in places):
            for messages in consumer.poll(timeout_ms=500).values():
                found += [_data(m.value) for m in messages if decode(m.value).type == wanted]
        consumer.close(autocommit=False)
        return found

    def question(self, receipt: str, number: int) -> dict[str, Any]:
        """The receipt's question to the ledger with this number, once it is on the topic."""

        def look() -> dict[str, Any] | None:
            asked = [q["draft"] for q in self.said("receipt.requested", receipt, 2) if q["draft"]]
            asked = [wanted for wanted in asked if wanted["request"] == f"{receipt}.{number}"]
            return asked[0] if asked else None

        return eventually(look)

    def let_lease_run_out(self, account: str) -> None:
        """As if half a minute had passed since the worker died."""
        self.sql("UPDATE documents SET lease_until = now() WHERE account = %s RETURNING 1", account)

    def let_deadline_pass(self, receipt: str) -> None:
        """As if a minute had passed since the ledger was asked."""
        self.sql("UPDATE receipts SET deadline = now() WHERE id = %s RETURNING 1", receipt)

    def sql(self, query: str, *values: Any) -> list[tuple[Any, ...]]:
        """Looks into the service's database."""
        with psycopg.connect(self.config.database_url) as conn:
            return conn.execute(query, values).fetchall()

    def _publish_key(self) -> None:
        jwk = msgspec.json.decode(jwt.algorithms.ECAlgorithm.to_jwk(self._key.public_key()))
        data = {"version": 1, "kid": "k1", "state": "active", "jwk": jwk}
        self.say("identity.keys.v1", "k1", full_type("identity", "key.published"), data)
        eventually(lambda: self.sql("SELECT 1 FROM signing_keys"))


def _data(value: bytes) -> dict[str, Any]:
    data: dict[str, Any] = msgspec.json.decode(decode(value).data)
    return data
