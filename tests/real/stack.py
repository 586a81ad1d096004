"""The whole product in a folder of its own, in dollars, with a helper for its operator and its senders."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg

from demo.place import Place
from native.paths import ROOT
from native.site import Site
from tests.e2e.ports import free_shift
from tests.support import leaks


@dataclass(frozen=True)
class Stack:
    """A running set."""

    site: Site
    place: Place

    @property
    def second(self) -> Path:
        """Where the key of the operator is who confirms closes."""
        return self.place.folder / "second.key"

    def operate(self, *words: str) -> str:
        """A command of provider-sync's operator."""
        environment = {**os.environ, **self.site.environment()}
        command = [sys.executable, "-m", "provider_sync", *words]
        done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=600)
        assert done.returncode == 0, f"{words}: {done.stderr or done.stdout}"
        return done.stdout

    def key(self, owner: str, scopes: str) -> str:
        """A sender with a new key."""
        self.operate("providers", "add", owner, "--name-ru", owner, "--name-kk", owner)
        issued = self.operate("keys", "issue", "--owner", owner, "--scopes", scopes, "--label", "test", "--json")
        return str(json.loads(issued)["key"])

    def ask(self, service: str, query: str, *params: object) -> list[tuple[Any, ...]]:
        """Rows of a service's database, to hold against the computation."""
        url = self.site.plan.named(f"{service}-load" if service == "provider-sync" else f"{service}-web")
        with psycopg.connect(url.environment["DATABASE_URL"]) as conn:
            return conn.execute(query.encode(), params).fetchall()


@contextmanager
def running(folder: Path) -> Iterator[Stack]:
    """Starts everything without the demo's city, and stops it."""
    shift = free_shift()
    folder.mkdir(parents=True)
    # These tests count rows; what the gate would say of them is another question.
    rules = folder / "gate.toml"
    rules.write_text("[charges]\ntimes = 0\nbuilding_times = 0\ntotal_times = 0\nconnected = false\n")
    ours = {"CURRENCY": "USD", "GATE_RULES": str(rules.absolute())}
    os.environ.update(ours)
    environment = {**os.environ, "RUN_DIR": str(folder), "PORT_BASE": str(shift)}
    native = [sys.executable, "-m", "native"]
    with (folder / "run.log").open("wb") as log:
        process = subprocess.Popen(
            [*native, "run", "--no-load", "--quiet"], cwd=ROOT, env=environment, stdout=log, stderr=log
        )
    try:
        site = Site(folder.absolute(), shift)
        _wait(site, process, folder)
        addresses = site.environment()
        stack = Stack(site, _place(folder, addresses))
        stack.operate("operators", "issue", "real", "--save")
        stack.operate("operators", "issue", "second", "--to", str(stack.second))
        yield stack
    finally:
        subprocess.run([*native, "stop"], cwd=ROOT, env=environment, timeout=120, capture_output=True)
        _, found = leaks.searched([folder])
        subprocess.run([*native, "forget"], cwd=ROOT, env=environment, timeout=60, capture_output=True)
        process.wait(60)
        assert not found, "\n".join(found)


def _wait(site: Site, process: "subprocess.Popen[bytes]", folder: Path) -> None:
    deadline = time.monotonic() + 240
    while True:
        assert process.poll() is None, (folder / "run.log").read_text(errors="replace")[-3000:]
        try:
            return site.wait_ready(10)
        except Exception:
            if time.monotonic() > deadline:
                raise


def _place(folder: Path, addresses: Any) -> Place:
    doors = ("PROVIDER_SYNC", "LEDGER", "IDENTITY", "RECEIPTS", "GATEWAY", "MAIL")
    urls = [addresses[f"{door}_URL"] for door in doors]
    provider_sync, ledger, identity, receipts, gateway, mail = urls
    return Place(folder, provider_sync, ledger, identity, receipts, gateway, mail, addresses["OPERATOR"])
