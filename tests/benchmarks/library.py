"""The same month with the `eventsourcing` library: accounts are aggregates, the ledger is its materialised view.

    python -m tests.benchmarks.library postgresql://… FACTS FACTS_PER_SAVE [append]

One process appends, another one projects, as the library's manual shows it: each event in one transaction with its
place in the notification log. Aggregates are kept in memory between saves, so the append never reads. Prints facts/s.
"""

import multiprocessing
import random
import sys
import time
from typing import Any
from uuid import NAMESPACE_URL, UUID, uuid5

from eventsourcing.application import Application
from eventsourcing.domain import Aggregate
from eventsourcing.persistence import Tracking
from eventsourcing.postgres import PostgresDatastore, PostgresTrackingRecorder
from eventsourcing.projection import Projection, ProjectionRunner
from psycopg.conninfo import conninfo_to_dict
from psycopg.sql import SQL

SERVICES = 14
TABLES = (
    """
    CREATE TABLE IF NOT EXISTS entries (account uuid, service text, period text, kind text, amount bigint,
        reference text, data text)
    """,
    """
    CREATE TABLE IF NOT EXISTS balances (account uuid, service text, period text, amount bigint,
        PRIMARY KEY (account, service, period))
    """,
)


class Account(Aggregate):
    """A personal account that charges and payments are posted to."""

    def __init__(self, number: str) -> None:
        self.number = number
        self.balance = 0

    @staticmethod
    def create_id(number: str) -> UUID:
        """The aggregate of a number."""
        return uuid5(NAMESPACE_URL, number)

    class Posted(Aggregate.Event):
        """A charge or a payment."""

        kind: str
        service: str
        period: str
        amount: int
        tariff: str
        volume: str
        reference: str

        def apply(self, aggregate: "Account") -> None:
            """Moves the balance."""
            aggregate.balance += self.amount if self.kind == "charge.posted" else -self.amount


class Accounts(Application[UUID]):
    """The write side."""


class Ledger(PostgresTrackingRecorder):
    """The view: one row for each entry, and balances."""

    def __init__(self, datastore: PostgresDatastore, **more: Any) -> None:
        super().__init__(datastore, **more)
        self.sql_create_statements.extend(SQL(table).format() for table in TABLES)

    def add(self, account: UUID, posted: Any, tracking: Tracking) -> None:
        """One entry, its balance and the place in the log, in one transaction."""
        p = posted
        with self.datastore.transaction(commit=True) as cursor:
            self._insert_tracking(cursor, tracking)
            cursor.execute(
                "INSERT INTO entries VALUES (%s, %s, %s, %s, %s, %s, %s)",
                (account, p.service, p.period, p.kind, p.amount, p.reference, f"{p.tariff} {p.volume}"),
            )
            cursor.execute(
                "INSERT INTO balances AS b VALUES (%s, %s, %s, %s) ON CONFLICT (account, service, period) "
                "DO UPDATE SET amount = b.amount + excluded.amount",
                (account, p.service, p.period, p.amount),
            )


class View(Projection[Ledger]):
    """From the application's events to the ledger's rows."""

    name = "ledger"
    topics = ()

    def process_event(self, domain_event: Any, tracking: Tracking) -> None:
        """One event at a time: the library has no other way."""
        if type(domain_event).__name__ == "Posted":
            self.view.add(domain_event.originator_id, domain_event, tracking)
        else:
            self.view.insert_tracking(tracking)


def environment(url: str) -> dict[str, str]:
    """The library's settings for a database."""
    parts = conninfo_to_dict(url)
    return {
        "PERSISTENCE_MODULE": "eventsourcing.postgres",
        "POSTGRES_DBNAME": str(parts["dbname"]),
        "POSTGRES_HOST": str(parts["host"]),
        "POSTGRES_PORT": str(parts["port"]),
        "POSTGRES_USER": str(parts["user"]),
        "POSTGRES_PASSWORD": str(parts.get("password", "")),
    }


def project(url: str, opened: int, ready: Any, last: Any) -> None:
    """The read side in its own process: ready once the accounts are there, done with the notification in `last`."""
    env = environment(url)
    with ProjectionRunner(application_class=Accounts, projection_class=View, view_class=Ledger, env=env) as runner:
        runner.wait(opened, timeout=600)
        ready.set()
        while not last.value:
            time.sleep(0.02)
        runner.wait(last.value, timeout=3600)


def measure(url: str, facts: int, per_save: int) -> float:
    """Opens the accounts, then posts `facts` and waits for the last of them in the view; facts a second."""
    app = Accounts(env=environment(url))
    accounts = [Account(number=f"{number:09d}") for number in range(max(100, facts * 600 // 8000))]
    for start in range(0, len(accounts), 500):
        app.save(*accounts[start : start + 500])
    spawn = multiprocessing.get_context("spawn")
    last, ready = spawn.Value("q", 0), spawn.Event()
    opened = app.recorder.max_notification_id()
    reader = spawn.Process(target=project, args=(url, opened, ready, last))
    reader.start()
    if not ready.wait(600):
        raise TimeoutError("the projection did not start")
    begun = time.monotonic()
    _post(app, accounts, facts, per_save)
    last.value = app.recorder.max_notification_id() or 0
    reader.join()
    took = time.monotonic() - begun
    app.close()
    return facts / took


def append(url: str, facts: int, per_save: int) -> float:
    """The write side alone: opens the accounts, then posts `facts`; facts a second."""
    app = Accounts(env=environment(url))
    accounts = [Account(number=f"{number:09d}") for number in range(max(100, facts * 600 // 8000))]
    for start in range(0, len(accounts), 500):
        app.save(*accounts[start : start + 500])
    begun = time.monotonic()
    _post(app, accounts, facts, per_save)
    took = time.monotonic() - begun
    app.close()
    return facts / took


def _post(app: Accounts, accounts: list[Account], facts: int, per_save: int) -> None:
    rng = random.Random(1)
    for start in range(0, facts, per_save):
        touched = {}
        for number in range(start, min(start + per_save, facts)):
            account, amount = rng.choice(accounts), rng.randrange(900_000)
            kind = "payment.received" if number % 25 in (4, 12, 20) else "charge.posted"
            account.trigger_event(
                Account.Posted, kind=kind, service=f"s{rng.randrange(SERVICES)}", period="2026-10", amount=amount,
                tariff="312.45", volume="39.512", reference=f"r{number}",
            )  # fmt: skip
            touched[account.id] = account
        app.save(*touched.values())


if __name__ == "__main__":
    way = append if sys.argv[4:] == ["append"] else measure
    print(round(way(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]))))
