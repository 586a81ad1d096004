"""What the ledger says is heard once, told to the provider it concerns, and repaired when it could not be heard."""

import json
import secrets
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Any

import psycopg
import pytest
import yaml
from flask.testing import FlaskClient

from common import kafka
from common.envelope import full_type, render
from common.ids import uuid7
from common.topics import create
from native.paths import ROOT
from provider_sync import api, consumer
from provider_sync.config import Config
from provider_sync.events.heard import ALLOCATIONS
from provider_sync.handlers import access
from tests.integration.provider_sync.test_operate import read, run
from tests.integration.provider_sync.town import ASEL, Town, charge, founded, fresh, payment
from tests.support import databases
from tests.support.servers import Addresses
from tests.support.stores import running
from tests.support.waiting import until

Said = tuple[str, str, dict[str, Any]]


@dataclass
class Listening:
    """A town whose projection runs."""

    town: Town
    http: FlaskClient
    kafka: str

    @property
    def topic(self) -> str:
        """The ledger's topic of this test."""
        return self.town.base.topic(ALLOCATIONS)

    def put(self, *records: tuple[str, str, bytes]) -> None:
        """Puts records on the ledger's topic: key, name of the type, value."""
        producer = kafka.producer(self.kafka, "test")
        outgoing = [
            kafka.Outgoing(self.topic, kafka.partition_of(key), key, full_type("ledger", name), value)
            for key, name, value in records
        ]
        assert all(kafka.send_all(producer, outgoing, 20))
        kafka.drop(producer)

    def get(self, sender: str, path: str, **headers: str) -> Any:
        """A sender's question."""
        key = {"Authorization": f"Bearer {self.town.keys[sender].bearer}"}
        return self.http.get(path, headers=key | headers)


@pytest.fixture(scope="module")
def listening(servers: Addresses, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Listening]:
    """One town for the whole file: starting a projection takes seconds."""
    prefix = f"t{secrets.token_hex(4)}."
    known = yaml.safe_load((ROOT / "deploy" / "kafka" / "topics.yaml").read_text())["topics"]
    create(servers.kafka, {ALLOCATIONS: known[ALLOCATIONS]}, prefix)
    package = "provider_sync"
    template = databases.template_of(servers.postgres, package, databases.shared_tables(package))
    with ExitStack() as stack:
        url = stack.enter_context(databases.copy_of(servers.postgres, template, package))
        folder = tmp_path_factory.mktemp("heard")
        town = stack.enter_context(founded(url, folder, prefix, ["100", "101", "102"]))
        # The gate holds charges of accounts that a service it knows of is not connected to.
        connected = {"kind": "service.connected", "service": "heating", "effective_from": "2026-08-01"}
        town.say("almaty-heat", *(connected | {"reference": f"c-{a}", "account": a} for a in ("100", "101", "102")))
        config = Config(url, topic_prefix=prefix, kafka_bootstrap_servers=servers.kafka)
        stack.enter_context(running(consumer.projection(config)))
        yield Listening(town, api.create(town.base, town.spool, config).test_client(), servers.kafka)
    client = kafka.admin(servers.kafka)
    client.delete_topics([prefix + ALLOCATIONS])
    client.close()


def said(key: str, name: str, data: dict[str, Any], ident: str | None = None) -> tuple[str, str, bytes]:
    """A record of the ledger."""
    at = "2026-10-12T06:00:00Z"
    body = render(
        ident=ident or str(uuid7()), source="/ledger", type=full_type("ledger", name), key=key, time=at, recorded=at,
        data=json.dumps(data), sequence=None,
    )  # fmt: skip
    return key, name, body


def allocated(account: str, day: str, **amounts: int) -> tuple[str, str, bytes]:
    """Money of a payment that went to heating and lift."""
    owners = {"heating": "almaty-heat", "lift": "almaty-lift"}
    split = [{"service": s, "amount": amount, "provider": owners[s]} for s, amount in amounts.items()]
    paid = {"provider": "halyk-bank", "reference": fresh("p")}
    return said(
        account, "payment.allocated", {"payment": paid, "account": account, "split": split, "day": day, "rule": 1}
    )


def test_a_provider_sees_what_was_paid_to_it_that_day(listening: Listening) -> None:
    """Per account and in total, as JSON in pages and as CSV; what comes again counts once, others see their own."""
    first = allocated("100", "2026-10-12", heating=10000, lift=500)
    listening.put(
        first, allocated("100", "2026-10-12", heating=-2500), allocated("101", "2026-10-12", heating=700),
        allocated("101", "2026-10-13", heating=1), first,
    )  # fmt: skip
    listening.put(allocated("102", "2026-10-14", lift=1))
    heard = "SELECT count(*) FROM allocations WHERE day BETWEEN '2026-10-12' AND '2026-10-14'"
    until(lambda: listening.town.one(heard) == 6, "all heard")
    day = listening.get("almaty-heat", "/v1/allocations?date=2026-10-12&limit=1").get_json()
    assert (day["total"], day["services"]) == ("82.00", [{"service": "heating", "amount": "82.00", "parts": 3}])
    assert day["accounts"] == [{"account": "100", "service": "heating", "amount": "75.00", "parts": 2}]
    rest = listening.get("almaty-heat", f"/v1/allocations?date=2026-10-12&after={day['next']}").get_json()
    assert ([line["account"] for line in rest["accounts"]], rest["next"]) == (["101"], None)
    for path, accept in (("&format=csv", "*/*"), ("", "text/csv")):
        table = listening.get("almaty-heat", f"/v1/allocations?date=2026-10-12{path}", Accept=accept)
        assert table.content_type == "text/csv; charset=utf-8"
        assert table.text.splitlines() == [
            "date,account,service,amount", "2026-10-12,100,heating,75.00", "2026-10-12,101,heating,7.00",
        ]  # fmt: skip
    lift = listening.get("almaty-lift", "/v1/allocations?date=2026-10-12").get_json()
    assert [(a["account"], a["amount"]) for a in lift["accounts"]] == [("100", "5.00")]
    assert listening.get("halyk-bank", "/v1/allocations?date=2026-10-12").get_json()["accounts"] == []
    assert listening.get("almaty-heat", "/v1/allocations?date=2026-02-30").status_code == 422


def test_a_key_for_one_service_sees_the_money_of_that_service_only(listening: Listening) -> None:
    """Though the sender has more."""
    listening.put(allocated("101", "2026-10-20", heating=900))
    until(
        lambda: listening.get("almaty-heat", "/v1/allocations?date=2026-10-20").get_json()["total"] == "9.00", "heard"
    )
    narrow = access.issue(listening.town.base, ASEL, "almaty-heat", ["charges", "services:other"], "narrow", None)
    answer = listening.http.get("/v1/allocations?date=2026-10-20", headers={"Authorization": f"Bearer {narrow.bearer}"})
    assert (answer.get_json()["total"], answer.get_json()["accounts"]) == ("0.00", [])


def test_a_fact_is_accepted_then_published_then_parked_with_its_account(listening: Listening) -> None:
    """And goes on when the account does; what stood before the poison is not parked."""
    town = listening.town
    town.say("almaty-heat", charge("f1", "102"), charge("f2", "102"))

    def status(reference: str) -> str:
        return str(listening.get("almaty-heat", f"/v1/facts/{reference}").get_json()["status"])

    assert status("f1") == "accepted"
    with psycopg.connect(town.url) as conn:
        conn.execute("DELETE FROM outbox WHERE key = '102'")
    assert status("f1") == "published"
    since = "2026-10-12T06:00:01Z"
    position = int(listening.get("almaty-heat", "/v1/facts/f1").get_json()["position"].partition("@")[2])
    parked = {"account": "102", "since": since, "reason": "unappliable", "position": position}
    listening.put(said("102", "account.parked", parked))
    until(lambda: status("f2") == "parked", "the parking heard")
    told = listening.get("almaty-heat", "/v1/facts/f2").get_json()
    assert (told["reason"], told["parked_since"], status("f1")) == ("unappliable", "2026-10-12T06:00:01Z", "published")
    listening.put(said("102", "account.resumed", {"account": "102", "since": since, "position": 3}))
    until(lambda: status("f2") == "published", "the resuming heard")


def test_the_accounts_of_ones_own_services_are_listed(listening: Listening) -> None:
    """In pages, with their further numbers; no name, no address; a foreign service is refused."""
    town = listening.town
    town.say("centre", {"kind": "account.renumbered", "reference": "n", "account": "100", "number": "900"})
    page = listening.get("almaty-heat", "/v1/accounts?service=heating&limit=1").get_json()
    assert page["accounts"] == [
        {"account": "100", "other_numbers": ["900"], "closed": False, "connected_since": "2026-08-01"}
    ]
    rest = listening.get("almaty-heat", f"/v1/accounts?service=heating&after={page['next']}").get_json()
    assert ([a["account"] for a in rest["accounts"]], rest["next"]) == (["101", "102"], None)
    refused = listening.get("almaty-lift", "/v1/accounts?service=heating")
    assert (refused.status_code, refused.get_json()["code"]) == (403, "foreign-service")
    assert listening.get("almaty-heat", "/v1/accounts?service=no").status_code == 422
    assert listening.get("almaty-heat", "/v1/accounts?service=heating&limit=1000000000").status_code == 422


def test_poison_is_kept_with_its_reason_and_stops_nobody(listening: Listening) -> None:
    """P10: the money behind it is heard; repaired by replay, or dismissed with a reason, and both are recorded."""
    town = listening.town
    good = {"payment": {"provider": "b", "reference": "r"}, "account": "100", "day": "2026-11-01", "rule": 1}
    poison = [
        b"no json", b"{}", b"\xff\xfe",
        said("100", "payment.allocated", good | {"split": [{"service": "heating", "amount": "1"}]})[2],
        said("100", "payment.allocated", good | {"split": [], "day": "yesterday"})[2],
        said("100", "payment.allocated", good | {"split": [{"service": "h", "amount": 2**70}]})[2],
        said("100", "payment.invented", good | {"split": []})[2],
        said("100", "account.parked", {"account": "100"})[2],
        said("100", "payment.allocated", good | {"split": [{"service": "h", "amount": 1}]}, "no-uuid")[2],
    ]  # fmt: skip
    listening.put(*(("100", "payment.allocated", value) for value in poison))
    listening.put(allocated("100", "2026-11-02", heating=4200))
    until(
        lambda: listening.get("almaty-heat", "/v1/allocations?date=2026-11-02").get_json()["total"] == "42.00", "heard"
    )
    letters = read(town, "dead-letters", "list")
    assert len(letters) == len(poison)
    assert {letter["reason"] for letter in letters} == {"undecodable", "unappliable"}
    assert "no json" in read(town, "dead-letters", "show", letters[0]["place"])["value"]
    status, output = run(town, "dead-letters", "replay", "--all")
    assert (status, "0 heard" in output) == (5, True)
    repaired = letters[-1]["place"]
    with psycopg.connect(town.url) as conn:
        conn.execute("UPDATE dead_letters SET value = %s WHERE detail LIKE '%%no-uuid%%'", (
            allocated("100", "2026-11-03", heating=100)[2],))  # fmt: skip
    assert run(town, "dead-letters", "replay", repaired, "--reason", "new code")[0] == 0
    assert listening.get("almaty-heat", "/v1/allocations?date=2026-11-03").get_json()["total"] == "1.00"
    assert "reason-missing" in run(town, "dead-letters", "dismiss", "--all")[1]
    assert read(town, "dead-letters", "dismiss", "--all", "--reason", "a test")["dismissed"] == len(poison) - 1
    assert read(town, "dead-letters", "list") == []
    assert "dead-letter-closed" in run(town, "dead-letters", "replay", repaired)[1]
    assert "not-found" in run(town, "dead-letters", "show", "nothing/0/0")[1]
    acts = read(town, "audit", "list", "--act", "dead-letters", "--limit", "100")
    assert {(a["who"], a["act"]) for a in acts} == {
        ("operator/asel", "dead-letters.replay"), ("operator/asel", "dead-letters.dismiss"),
    }  # fmt: skip


def test_stored_events_are_sent_once_more(listening: Listening) -> None:
    """A range of an account by any of its numbers, or a partition's accounts; in the order of each account."""
    town = listening.town
    town.say("almaty-heat", charge(fresh("r"), "101"), charge(fresh("r"), "101"))
    town.say("halyk-bank", payment(fresh("r"), "101"))
    with psycopg.connect(town.url) as conn:
        conn.execute("DELETE FROM outbox")
    head = town.one("SELECT version FROM numbers WHERE number = '101'")
    assert read(town, "republish", "account", "101", "--from", "2", "--reason", "lost")["events"] == head - 1
    queued = "SELECT version FROM outbox WHERE key = '101' ORDER BY position"
    assert [version for (version,) in town.rows(queued)] == list(range(2, head + 1))
    place = town.one("SELECT partition FROM numbers WHERE number = '101'")
    assert read(town, "republish", "partition", str(place))["events"] >= head
    assert read(town, "republish", "partition", str(place), "--after", "zzz")["events"] == 0
    assert "unknown-account" in run(town, "republish", "account", "nobody")[1]
    assert "invalid-parameter" in run(town, "republish", "partition", "12")[1]
