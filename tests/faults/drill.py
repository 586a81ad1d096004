"""`make drill-restore`: a whole city loses PostgreSQL and Kafka, comes back, and undoes an operator's mistake.

Every command is the one of docs/operations.md; how long each step took is printed. Exit status 1 when anything is
missing, doubled or sent twice.
"""

import hashlib
import json
import shutil
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Annotated

import httpx
import typer

from common import kafka
from common.clock import now, to_wire
from demo.memory import Memory
from demo.provider import Sender
from native.backup import Backup
from native.paths import ROOT, forget_home
from native.postgres import Postgres
from native.servers import free_ports
from tests.faults import run
from tests.faults.centre import Centre, number, rows, running
from tests.faults.rescue import SERVICES, STORES, Rescue, recovered

SEED = 6
PARTS = ("topics", "mail", "provider-sync-", "ledger-", "identity-", "receipts-")
UTILITY = "uy-service"
CANON = {
    "provider_sync": "SELECT stream_id, version, id, type, data FROM events ORDER BY 1, 2",
    "identity": "SELECT stream_id, version, id, type, data FROM events ORDER BY 1, 2",
    "receipts": "SELECT r.id::text, r.state, d.code, d.state, d.digest FROM receipts r"
    " LEFT JOIN documents d ON d.code = r.document ORDER BY 1",
}
UNSENT = "SELECT count(*) FROM mail WHERE sent_at IS NULL AND given_up_at IS NULL"


class Differs(Exception):
    """Something is not as it was; the message says what."""


@dataclass
class City:
    """A centre with the demonstration's city, and what it looks like."""

    centre: Centre

    @cached_property
    def environment(self) -> dict[str, str]:
        """What the demonstration's commands run with."""
        named = {
            p.name.removesuffix("-web").replace("-", "_").upper() + "_URL": p.public_url
            for p in self.centre.plan.lasting()
        }
        return {
            **self.centre.environment("provider-sync-load"),
            **{name: url for name, url in named.items() if url},
            "OPERATOR": "python -m provider_sync",
            "DEMO_DIR": str(self.centre.folder / "demo"),
        }

    def demo(self, *words: str) -> None:
        """`python -m demo …`, whose own checks end with an error."""
        subprocess.run([sys.executable, "-m", "demo", *words], env=self.environment, cwd=ROOT, check=True, timeout=900)

    def settle(self) -> None:
        """Returns when nothing waits anywhere: outboxes, topics, letters, documents."""
        rescue = Rescue(self.centre)
        for service, process in SERVICES.items():
            url = self.centre.database(process)
            rescue.settled(lambda url=url: number(url, "SELECT count(*) FROM outbox"), f"{service}'s outbox")  # type: ignore[misc]
        rescue.settled(lambda: sum(map(self.lag, SERVICES.values())), "a topic")
        rescue.settled(lambda: number(self.centre.database("identity-web"), UNSENT), "the queue of letters")

    def lag(self, process: str) -> int:
        """How many records a service has not read."""
        read = rows(self.centre.database(process), "SELECT topic, partition, next_offset FROM consumer_offsets")
        at = {(str(topic), int(str(partition))): int(str(offset)) for topic, partition, offset in read}
        ends = kafka.end_offsets(self.centre.kafka, {topic for topic, _ in at})
        return sum(end - at.get(place, 0) for place, end in ends.items())

    def look(self) -> dict[str, str]:
        """Digests of what each service holds, and of the letters that went out."""
        found = {
            service: digest(rows(self.centre.database(SERVICES[service]), query)) for service, query in CANON.items()
        }
        letters = sorted(path.name for path in Path(self.centre.process("mail").environment["MAIL_DIR"]).iterdir())
        return found | {"ledger": self.ledger(), "letters": f"{len(letters)} {digest(letters)}"}

    def ledger(self, url: str = "") -> str:
        """The digest of a ledger's canonical rows."""
        environment = self.centre.environment("ledger-project")
        environment |= {"DATABASE_URL": url} if url else {}
        asked = subprocess.run(
            [sys.executable, "-m", "ledger", "digest"], env=environment, check=True, capture_output=True, timeout=300
        )
        return str(json.loads(asked.stdout)["digest"])

    def push(self, row: dict[str, object]) -> None:
        """A fact of the utility's, accepted."""
        memory = Memory.read(self.centre.folder / "demo" / "state.json")
        (result,) = Sender(self.centre.url("provider-sync-web"), memory.keys[UTILITY]).push([row])
        if result["status"] != "accepted":
            raise Differs(f"the fact was not accepted: {result}")


def digest(found: Sequence[object]) -> str:
    """A short digest of rows."""
    return hashlib.sha256(repr(found).encode()).hexdigest()[:16]


def lose_everything(city: City, rescue: Rescue) -> None:
    """kill -9 of all, the files of PostgreSQL and Kafka gone; restored as docs/operations.md says."""
    with rescue.step("loss"):
        kept = rescue.lose(kafka=True)
    with rescue.step("PostgreSQL from copy and log"):
        rescue.restore_postgres()
    with rescue.step("an empty Kafka"):
        rescue.empty_kafka()
    shut = {service: rescue.status_of(service, "restore", "status") for service in STORES}
    if set(shut.values()) != {4}:
        raise Differs(f"a restored store is open: {shut}")
    rescue.start(kept, "-relay", "-web", "-load", "mail")
    city.centre.wait_ready()
    refused_meanwhile(city)
    with rescue.step("republishing"):
        rescue.republish()
    with rescue.step("readers begin anew"):
        rescue.adopt()
    rescue.start(kept)
    with rescue.step("compared and opened"):
        rescue.open()
        city.centre.wait_ready()
        city.settle()


def refused_meanwhile(city: City) -> None:
    """Whoever pushes before the stores are opened is told so."""
    memory = Memory.read(city.centre.folder / "demo" / "state.json")
    url, headers = city.centre.url("provider-sync-web"), {"Authorization": f"Bearer {memory.keys[UTILITY]}"}
    answer = httpx.post(f"{url}/v1/facts", json={"facts": [wrong_charge(city)]}, headers=headers, timeout=30)
    if (answer.status_code, answer.json().get("code")) != (503, "not-open-yet"):
        raise Differs(f"intake is not shut: {answer.status_code} {answer.text}")
    typer.echo("  a push meanwhile: 503 not-open-yet")


def wrong_charge(city: City) -> dict[str, object]:
    """A comma was lost."""
    account = Memory.read(city.centre.folder / "demo" / "state.json").residents[0].accounts[0]
    return {
        "kind": "charge.posted", "reference": "drill-wrong", "account": account, "service": "upkeep",
        "period": to_wire(now())[:7], "amount": "750.00", "basis": "fixed",
        "formula_ru": "Ошибка", "formula_kk": "Қате",
    }  # fmt: skip


def undo_a_mistake(city: City, rescue: Rescue) -> None:
    """A wrong charge is undone by a fact; how things stood before is read in a copy restored beside the centre."""
    backup = Backup(city.centre.servers.postgres, city.centre.folder / "second-backup")
    with backup.followed():
        backup.copy()
        before, moment = city.ledger(), now().isoformat(sep=" ")
        make_and_undo_a_mistake(city, before)
        with rescue.step(f"a copy as of {moment[:19]}"), restored_beside(city, backup, moment) as there:
            same = city.ledger(there) == before
    if not same:
        raise Differs("the copy is not what the ledger was at that moment")
    typer.echo("  undone by a fact; the copy beside the centre shows the ledger as it was before")


def make_and_undo_a_mistake(city: City, before: str) -> None:
    """A charge that is too high, and its reversal; raises Differs when the ledger shows neither."""
    city.push(wrong_charge(city))
    account = str(wrong_charge(city)["account"])
    undone = {"kind": "charge.reversed", "reference": "drill-undone", "account": account}
    city.push(undone | {"reverses": {"reference": "drill-wrong"}, "at": to_wire(now()), "reason": "a comma was lost"})
    city.settle()
    if city.ledger() == before:
        raise Differs("the mistake and its reversal left no trace")


@contextmanager
def restored_beside(city: City, backup: Backup, moment: str) -> Iterator[str]:
    """The ledger's address in a server made of copy and log up to the moment, while the block runs."""
    server = Postgres(city.centre.folder / "aside", free_ports().postgres, durable=False, shared_buffers="64MB")
    server.folder.mkdir(parents=True)
    try:
        replace(backup, postgres=server).restore(moment)
        server.start()
        recovered(server)
        yield f"postgresql://ledger:ledger@127.0.0.1:{server.port}/ledger"
    finally:
        server.stop()
        forget_home(server.folder / "postgres")


def main(accounts: Annotated[int, typer.Option(min=20, envvar="ACCOUNTS")] = 300) -> None:
    """Load a city, lose it, restore it, hold it against what it was."""
    centre = Centre(run.folder_of(SEED), services=PARTS, settings={"LEASE_S": "5"})
    with running(centre):
        city, rescue = City(centre), Rescue(centre)
        rescue.tell = typer.echo
        with rescue.backup.followed():
            city.demo("load", "--accounts", str(accounts))
            rescue.backup.copy()
            # The walk is in the log only: charges, payments, a registration, letters, receipts.
            city.demo("walk")
            city.settle()
            before = city.look()
            lose_everything(city, rescue)
        held(before, city.look())
        undo_a_mistake(city, rescue)
        city.demo("walk")
        for what, seconds in rescue.took.items():
            typer.echo(f"{seconds:8.1f} s  {what}")
    shutil.rmtree(centre.folder, ignore_errors=True)


def held(before: dict[str, str], after: dict[str, str]) -> None:
    """Prints the digests; raises Differs where one is not what it was: a letter or receipt more would show here."""
    for part, was in before.items():
        typer.echo(f"  {part:14} {was}  {'the same' if after[part] == was else 'NOT ' + after[part]}")
    if before != after:
        raise Differs("what came back is not what was lost")


if __name__ == "__main__":
    typer.run(main)
