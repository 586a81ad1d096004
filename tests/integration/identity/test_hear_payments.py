"""Facts from the real topic, through the real process."""

import random
from collections.abc import Sequence
from datetime import timedelta

import msgspec
import pytest

from common import kafka
from common.clock import now, to_wire
from common.envelope import full_type, render
from common.packs import TYPE_HEADER
from identity.events import AccountOpened, HolderChanged, PaymentReversed, Reference
from tests.conftest import MakeTopics
from tests.integration.identity.conftest import MakeTown
from tests.integration.identity.processes import kill, running, start, until
from tests.integration.identity.town import Town, code_of, payment

ACCOUNTS = "provider-sync.accounts.v1"
STATEMENTS = "ledger.statements.v1"
Record = tuple[str, str, bytes]


@pytest.fixture
def town(towns: MakeTown, topics: MakeTopics, kafka_address: str) -> Town:
    """A town that listens to its own topics."""
    prefix = topics(ACCOUNTS, STATEMENTS)
    return towns(topic_prefix=prefix, kafka_bootstrap_servers=kafka_address)


def record(account: str, sequence: int, name: str, data: object) -> Record:
    """A fact as provider-sync says it, recorded ten days ago."""
    at = to_wire(now() - timedelta(days=10))
    kind = full_type("provider-sync", name)
    value = render(
        ident=f"{account}-{sequence}",
        source="/provider-sync/bank",
        type=kind,
        key=account,
        time=at,
        recorded=at,
        data=msgspec.json.encode(data).decode(),
        sequence=sequence,
    )
    return account, kind, value


def statement(account: str) -> Record:
    """October's statement, issued just now, with fields that identity does not read."""
    at, kind = to_wire(now()), full_type("ledger", "statement.issued")
    data = {"account": account, "period": "2026-10", "version": 1, "due_date": "2026-11-25", "to_pay": 1}
    value = render(
        ident=f"statement-{account}",
        source="/ledger",
        type=kind,
        key=account,
        time=at,
        recorded=at,
        data=msgspec.json.encode(data).decode(),
        sequence=None,
    )
    return account, kind, value


def say(town: Town, records: Sequence[Record], topic: str = ACCOUNTS) -> None:
    """Puts records on the topic in this order."""
    topic = town.desk.config.topic_prefix + topic
    producer = kafka.producer(town.desk.config.kafka_bootstrap_servers, "test")
    sent = [
        producer.send(
            topic,
            key=key.encode(),
            value=value,
            partition=kafka.partition_of(key),
            headers=[(TYPE_HEADER, kind.encode())],
        )
        for key, kind, value in records
    ]
    producer.flush(20)
    assert all(future.succeeded() for future in sent)
    producer.close()


def history(account: str) -> list[Record]:
    """Opening, three payments of which the last is undone, a charge nobody here needs."""
    return [
        record(account, 1, "account.opened", AccountOpened()),
        record(account, 2, "payment.received", payment("P-1", 4_000, "2026-09-09")),
        record(account, 3, "charge.posted", {"service": "heating", "amount": 1}),
        record(account, 4, "payment.received", payment("P-2", 5_000, "2026-10-09")),
        record(account, 5, "payment.received", payment("P-3", 6_000, "2026-11-09")),
        record(account, 6, "payment.reversed", PaymentReversed(Reference("bank", "P-3"))),
    ]


def test_shuffled_and_repeated_facts_do_no_harm(town: Town) -> None:
    """Every order and any repetition lead to the same proof; types that are known and not needed are passed over."""
    records = [fact for n in range(10) for fact in history(f"10{n}")]
    seeded = random.Random(11)
    shuffled = seeded.sample(records + seeded.choices(records, k=30), len(records) + 30)
    with running("project", town.desk.config):
        say(town, shuffled)
        until(lambda: town.rows("SELECT count(*) FROM payments") == [(30,)], "30 payments")
        until(lambda: town.rows("SELECT count(*) FROM payment_reversals") == [(10,)], "10 reversals")
    assert town.rows("SELECT count(*) FROM dead_letters") == [(0,)]
    answers = {
        amount: town.registers(f"aigul{amount[0]}", "103", amount) for amount in ("6000,00", "4000,00", "5000,00")
    }
    assert {amount: answer.status_code for amount, answer in answers.items()} == {
        "6000,00": 422,
        "4000,00": 422,
        "5000,00": 202,
    }


def test_what_cannot_be_understood_stops_nothing(town: Town) -> None:
    """It becomes a dead letter with its reason; the other facts go on, of the same account too."""
    unknown = full_type("provider-sync", "charge.imagined")
    bad: list[Record] = [
        ("100", full_type("provider-sync", "payment.received"), b"no json"),
        record("100", 3, "payment.received", {"amount": "much"}),
        record("100", 0, "payment.received", payment("P-0", 9_000, "2026-11-10")),
        ("100", unknown, record("100", 4, "charge.imagined", {})[2]),
    ]
    with running("project", town.desk.config):
        say(town, [*bad, record("100", 5, "payment.received", payment("P-5", 7_000, "2026-11-08"))])
        until(lambda: town.rows("SELECT count(*) FROM payments") == [(1,)], "the good payment")
        until(lambda: town.rows("SELECT count(*) FROM dead_letters") == [(4,)], "four dead letters")
    assert all(detail for (detail,) in town.rows("SELECT detail FROM dead_letters"))
    assert town.registers("aigul", "100", "7000,00").status_code == 202


def test_a_sale_heard_on_the_topic_ends_access(town: Town) -> None:
    """The same process revokes; a repeat of the sale from the topic says nothing more."""
    with running("project", town.desk.config):
        say(town, history("100"))
        until(lambda: town.rows("SELECT count(*) FROM payment_reversals") == [(1,)], "the history")
        aigul = town.resident("aigul", "100", last_payment_amount="5000,00")
        town.call("PATCH", "/v1/me", {"notices": {"receipt_ready": True}}, **aigul)
        say(town, [statement("100")] * 2, STATEMENTS)
        until(lambda: len(town.letters("aigul@example.kz")) == 2, "the letter that the receipt is ready")
        sale = record("100", 7, "account.holder-changed", HolderChanged(now().date(), "sold"))
        say(town, [sale, sale])
        until(lambda: town.accounts(aigul) == [], "access revoked")
        say(town, [sale, record("100", 8, "payment.received", payment("P-8", 8_000, "2026-11-30"))])
        until(lambda: town.rows("SELECT count(*) FROM payments") == [(4,)], "the new payment")
    assert town.rows("SELECT count(*) FROM events WHERE type LIKE '%%access.revoked%%'") == [(1,)]
    assert code_of(town.adds(aigul, "100", "5000,00")) == "proof-failed"


def test_a_killed_process_goes_on_where_it_stopped(town: Town) -> None:
    """kill -9 in the middle: every payment is there once."""
    records = [record(f"A{n}", 1, "payment.received", payment(f"P-{n}", 1_000, "2026-11-08")) for n in range(3_000)]
    first = start("project", town.desk.config)
    say(town, records[:1_500])
    until(lambda: town.rows("SELECT count(*) FROM payments") != [(0,)], "the first payments")
    kill(first)
    say(town, records[1_500:])
    with running("project", town.desk.config):
        until(lambda: town.rows("SELECT count(*) FROM payments") == [(3_000,)], "all payments")
    assert town.rows("SELECT count(DISTINCT account) FROM payments") == [(3_000,)]
