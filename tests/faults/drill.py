"""`make drill-restore`: the whole centre with a city loses its servers and comes back; every step is timed.

First PostgreSQL and Kafka are lost together, and all comes back from copy and log. Then PostgreSQL alone, restored to a
moment before the last facts, which the topics still have. What is shown must be what was shown before, no letter and no
receipt may come twice, and nothing may be taken in before the stores are held against their readers.
"""

import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

from native.paths import ROOT, RUN
from native.supervisor import environment_of
from tests.faults import audit
from tests.faults.centre import Centre, number, rows, running
from tests.faults.keeper import poll_until
from tests.faults.rescue import SERVICES, Refused, Rescue

console = Console(stderr=True)
_EVENTS = """
SELECT coalesce(md5(string_agg(md5(e::text), '' ORDER BY stream_id, version)), '') FROM events AS e
"""
_WAITING = "SELECT count(*) FROM outbox"


class Differs(Exception):
    """Something is not as it was."""


def main(
    accounts: Annotated[int, typer.Option(min=20, help="How many accounts the city has.")] = 200,
    keep: Annotated[bool, typer.Option(help="Keep the folder with the logs.")] = False,
) -> None:
    """Lose everything twice, come back twice, print how long each step took. Exit 1 when anything differs."""
    centre = Centre(RUN / "drill" / str(os.getpid()), services=("",))
    with running(centre):
        rescue = Rescue(centre, tell=lambda text: console.print(f"• {text}"))
        try:
            with console.status("the drill is under way"):
                _drill(rescue, accounts)
        except (Differs, Refused, AssertionError) as error:
            console.print(f"✗ {error}\n  logs: {centre.folder}")
            raise typer.Exit(1) from None
        finally:
            rescue.backup.stop()
            _print(rescue)
    if not keep:
        shutil.rmtree(centre.folder)


def _drill(rescue: Rescue, accounts: int) -> None:
    with rescue.step("load a city, copy the files while the log is followed"):
        _demo(rescue, "load", "--accounts", str(accounts))
        rescue.backup.follow(synchronous=True)
        rescue.backup.copy()
    with rescue.step("a resident's whole road: a close, letters, receipts"):
        _demo(rescue, "walk")
        _rest(rescue)
    _everything_lost(rescue)
    with rescue.step("a second copy, a second road"):
        rescue.backup.follow(synchronous=True)
        rescue.backup.copy()
        _demo(rescue, "walk")
        _rest(rescue)
    _tail_lost(rescue)


def _everything_lost(rescue: Rescue) -> None:
    before, centre = _seen(rescue), rescue.centre
    kept = rescue.lose(kafka=True)
    whole = "PostgreSQL and Kafka lost: until everything works again"
    with rescue.step(whole):
        with rescue.step("  PostgreSQL of copy and log"):
            rescue.restore_postgres()
        with rescue.step("  a new Kafka with its topics"):
            rescue.empty_kafka()
        for service in ("provider_sync", "identity"):
            if rescue.status_of(service, "restore", "status") != 4:
                raise Differs(f"{service} is not shut")
        with rescue.step("  everything said once more"):
            rescue.start(kept, "-relay", "mail")
            rescue.republish()
            rescue.adopt()
        with rescue.step("  every reader at the end of its topics"):
            rescue.start(kept)
            centre.wait_ready(120)
            _rest(rescue)
        with rescue.step("  stores held against readers, opened"):
            rescue.open()
    _same(before, _seen(rescue))


def _tail_lost(rescue: Rescue) -> None:
    before, moment = _seen(rescue), _moment(rescue)
    kept = rescue.lose(kafka=False)
    with rescue.step("PostgreSQL lost and restored to a moment too early: until everything works again"):
        with rescue.step("  PostgreSQL of copy and log, up to the moment"):
            rescue.restore_postgres(moment)
        with rescue.step("  refused to open; what the topics have is brought back"):
            rescue.start(kept, "-relay", "-project", "mail")
            try:
                rescue.open()
            except Refused:
                rescue.bring_back()
            else:
                raise Differs("a store that misses facts was opened")
        with rescue.step("  readers at the end, stores opened"):
            rescue.start(kept)
            rescue.centre.wait_ready(120)
            _rest(rescue)
            rescue.open()
    after = _seen(rescue)
    facts = ("events of provider_sync", "events of identity", "the ledger's digest")
    _same({name: before[name] for name in facts}, {name: after[name] for name in facts})


def _moment(rescue: Rescue) -> str:
    """Just before the newest fact of the intake."""
    query = "SELECT (max(recorded_at) - interval '1 millisecond')::text FROM events"
    return str(rows(rescue.centre.database(SERVICES["provider_sync"]), query)[0][0])


def _seen(rescue: Rescue) -> dict[str, Any]:
    """What must be the same afterwards."""
    at = {service: rescue.centre.database(process) for service, process in SERVICES.items()}
    mail = Path(rescue.centre.process("mail").environment["MAIL_DIR"])
    documents = "SELECT string_agg(code || coalesce(digest, state), ',' ORDER BY code) FROM documents"
    return {
        "events of provider_sync": rows(at["provider_sync"], _EVENTS),
        "events of identity": rows(at["identity"], _EVENTS),
        "the ledger's digest": audit.command(rescue.centre, at["ledger"], "digest")["digest"],
        "letters sent": len(list(mail.glob("[0-9]*.eml"))),
        "letters known": rows(at["identity"], "SELECT count(*), count(sent_at) FROM mail"),
        "statements of receipts": number(at["receipts"], "SELECT count(*) FROM statements"),
        "documents": rows(at["receipts"], documents),
        "split payments": number(at["provider_sync"], "SELECT count(*) FROM allocations"),
    }


def _same(before: dict[str, Any], after: dict[str, Any]) -> None:
    different = [
        f"{name}: {before[name]} before, {after[name]} after" for name in before if before[name] != after[name]
    ]
    if different:
        raise Differs("\n  ".join(different))
    console.print(f"  the same as before: {', '.join(before)}")


def _rest(rescue: Rescue) -> None:
    """Nothing waits in any outbox, every reader stands at the end of its topics, all letters are sent."""
    databases = {service: rescue.centre.database(process) for service, process in SERVICES.items()}
    for _ in poll_until(180, 0.3):
        lag = sum(audit.behind(rescue.centre.kafka, url) for url in databases.values())
        waiting = sum(number(url, _WAITING) for url in databases.values())
        letters = number(
            databases["identity"], "SELECT count(*) FROM mail WHERE sent_at IS NULL AND given_up_at IS NULL"
        )
        if lag == waiting == letters == 0:
            return
    raise Differs(f"not at rest after three minutes: {lag} records, {waiting} rows of outboxes, {letters} letters")


def _demo(rescue: Rescue, *words: str) -> None:
    plan = rescue.centre.plan
    doors = {f"{p.name.removesuffix('-web').replace('-', '_').upper()}_URL": p.public_url or "" for p in plan.lasting()}
    own = {"OPERATOR": f"{sys.executable} -m provider_sync", "DEMO_DIR": str(rescue.centre.folder / "demo")}
    environment = {**environment_of(plan.named("provider-sync-load")), **doors, **own}
    ended = subprocess.run(
        [sys.executable, "-m", "demo", *words], cwd=ROOT, env=environment, capture_output=True, text=True
    )
    if ended.returncode:
        raise Differs(f"demo {' '.join(words)}: {ended.stdout[-2000:]}{ended.stderr[-2000:]}")


def _print(rescue: Rescue) -> None:
    table = Table("step", "seconds", box=None)
    for what, seconds in rescue.took.items():
        table.add_row(what, f"{seconds:.1f}")
    Console().print(table)


if __name__ == "__main__":
    typer.run(main)
