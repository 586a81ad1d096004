"""Bringing the city in: senders and keys by the operator, files by HTTP, months closed where the manifest says."""

import json
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from demo.centre import Operator
from demo.city.generate import generate
from demo.doors import UnexpectedAnswer
from demo.journal import Journal, Sent
from demo.memory import Memory, Resident
from demo.papers import Cabinet as Papers
from demo.place import Place
from demo.provider import Sender
from demo.resident import Cabinet

Json = dict[str, Any]
PASSWORD = "Алма-ағашы-2026"  # noqa: S105 - of throw-away logins on the reader's own machine
RESIDENTS = (("aigerim", "kk"), ("viktor", "ru"))


class LoadFailed(Exception):
    """The city could not be brought in; the message says which file and why."""


def load(place: Place, accounts: int, seed: int, console: Console) -> Memory:
    """Bring the city in, or the rest of it when an earlier load was cut short."""
    manifest = manifest_of(place, accounts, seed)
    memory = Memory.read(place.state)
    _keys(place, manifest, memory, console)
    _files(place, manifest, memory, console)
    _residents(place, manifest, memory, console)
    memory.complete = True
    memory.write(place.state)
    return memory


def is_loaded(place: Place) -> bool:
    """Whether the remembered city is really there: its last file is done and its first resident can sign in."""
    memory = Memory.read(place.state)
    if not memory.complete:
        return False
    try:
        last = Sender(place.provider_sync, memory.keys[memory.last_sender]).state(memory.last_upload)
        Cabinet(place, "ru").sign_in(memory.residents[0])
    except UnexpectedAnswer:
        return False
    return bool(last["state"] == "done")


def manifest_of(place: Place, accounts: int, seed: int) -> Json:
    """The manifest of the generated city; it is made first when it is not there."""
    path = place.city / "manifest.json"
    if path.exists():
        manifest: Json = json.loads(path.read_text("utf-8"))
        return manifest
    return generate(accounts, seed, place.city)


def _keys(place: Place, manifest: Json, memory: Memory, console: Console) -> None:
    operator = Operator(place.operator, place.folder)
    operator.sign_on()

    def introduce(sender: Json) -> tuple[str, str]:
        operator.add_provider(sender["id"], sender["name_ru"], sender["name_kk"])
        return sender["id"], operator.issue_key(sender["id"], sender["scopes"], "demo")

    strangers = [sender for sender in manifest["senders"] if sender["id"] not in memory.keys]
    # A command is a process of its own and spends its time starting, so several run side by side.
    with ThreadPoolExecutor(4) as pool:
        for sender, key in pool.map(introduce, strangers):
            memory.keys[sender] = key
            memory.write(place.state)
    console.print(f"  {len(memory.keys)} senders have their keys")


def _files(place: Place, manifest: Json, memory: Memory, console: Console) -> None:
    journal, operator = Journal(place.folder), Operator(place.operator, place.folder)
    done = {entry.close or entry.file for entry in journal.entries()}
    columns = (TextColumn("  {task.description:32}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=console) as progress:
        bar = progress.add_task("rows", total=sum(entry["count"] for entry in manifest["files"]))
        for entry in manifest["files"]:
            progress.update(bar, description=entry["file"].removesuffix(f".{entry['format']}"))
            file = f"city/{entry['file']}"
            if file not in done:
                memory.last_sender = entry["sender"]
                memory.last_upload = _upload(place, memory, entry, place.folder / file)
                memory.write(place.state)
                journal.append(Sent(file, entry["sender"], entry["format"], entry["batch"]))
            month = entry.get("then_close")
            if month and month not in done:
                operator.close(month)
                journal.append(Sent(close=month))
                progress.console.print(f"  month {month} closed")
            progress.advance(bar, entry["count"])


def _upload(place: Place, memory: Memory, entry: Json, path: Path) -> str:
    sender = Sender(place.provider_sync, memory.keys[entry["sender"]])
    # NDJSON states its control totals in its first line; a CSV has no place for them.
    totals = {"count": str(entry["count"]), "sum": entry["sum"]} if entry["format"] == "csv" else {}
    upload = sender.upload(path, entry["format"], entry["batch"], totals)
    state = sender.finished(upload)
    rows = state["rows"]
    if state["state"] != "done" or rows["rejected"] or rows["conflict"] or rows["retry"] or rows["held"]:
        raise LoadFailed(f"{entry['file']}: {json.dumps(state, ensure_ascii=False)}\n{sender.rejected(upload)[:2000]}")
    return upload


def _residents(place: Place, manifest: Json, memory: Memory, console: Console) -> None:
    papers = Papers(Journal(place.folder).sent())
    for (name, language), person in zip(RESIDENTS, manifest["residents"], strict=True):
        if any(known.user_name == name for known in memory.residents):
            continue
        resident = Resident(name, f"{name}@residents.example", PASSWORD, [person["account"]])
        amount = papers.of(person["account"]).last_payment()
        if amount is None:
            raise LoadFailed(f"{person['account']} has no last payment to prove it with")
        cabinet = Cabinet(place, language)
        cabinet.register(resident, amount)
        cabinet.confirm(resident.email)
        cabinet.sign_in(resident)
        memory.residents.append(resident)
        memory.write(place.state)
        console.print(f"  resident [bold]{name}[/] registered with account {person['account']}")
