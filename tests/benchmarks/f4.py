"""F4: reads of the cabinet by eight clients, beside an empty Flask route, alone and while a file is taken in.

The open month, then the same month issued, as on the evening of the 10th. F5 reads issued months and the list of
accounts, with few and with many accounts, each with two years of statements.
"""

import os
import random
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass

import psycopg

from native.paths import ROOT
from tests.benchmarks.access import Resident
from tests.benchmarks.centre import WITH_US, Running, free_port
from tests.benchmarks.doors import Door, Unexpected
from tests.benchmarks.f1 import City
from tests.benchmarks.ground import Ground
from tests.support.waiting import until

CLIENTS = 8


@dataclass(frozen=True)
class Reads:
    """What eight clients got in some seconds."""

    per_second: float
    p50_ms: float
    p99_ms: float


@dataclass(frozen=True)
class Pair:
    """The empty route and the cabinet's reads, one right after the other."""

    empty: Reads
    ours: Reads

    @property
    def throughput(self) -> float:
        """Ours to the empty route's."""
        return self.ours.per_second / self.empty.per_second

    @property
    def p99(self) -> float:
        """Ours to the empty route's."""
        return self.ours.p99_ms / self.empty.p99_ms


@contextmanager
def empty_route(ground: Ground) -> Iterator[str]:
    """The yardstick's process; its address."""
    port, admin_port, log = free_port(), free_port(), ground.folder / "empty.log"
    environment = {**os.environ, "PORT": str(port), "ADMIN_PORT": str(admin_port)}
    with log.open("ab") as output:
        command = [*WITH_US, sys.executable, "-m", "tests.benchmarks.empty"]
        process = subprocess.Popen(
            command, cwd=ROOT, env=environment, stdin=subprocess.DEVNULL, stdout=output, stderr=output,
            start_new_session=True,
        )  # fmt: skip
    running = Running("empty", process, log, port, admin_port)
    try:
        running.wait_ready()
        yield f"http://127.0.0.1:{port}"
    finally:
        running.stop()


# What a client asks next: the path, and the headers that say who asks.
Ask = Callable[[random.Random], tuple[str, Mapping[str, str]]]


def pair(empty: str, base: str, ask: Ask, seconds: float) -> Pair:
    """Both, each for so many seconds; the first second of each is not counted."""
    return Pair(load(empty, lambda _: ("/", {}), seconds), load(base, ask, seconds))


def open_month(who: Resident, accounts: Sequence[str], period: str) -> Ask:
    """Half statements, half the data of accounts, all by one resident."""

    def ask(chance: random.Random) -> tuple[str, Mapping[str, str]]:
        account = chance.choice(accounts)
        statement = f"/statement?period={period}" if chance.random() < 0.5 else ""
        return f"/v1/accounts/{account}{statement}", {"Authorization": who.authorization}

    return ask


def issued_month(residents: Sequence[Resident], period: str) -> Ask:
    """Half statements, half lists of accounts, each by a resident of some accounts."""

    def ask(chance: random.Random) -> tuple[str, Mapping[str, str]]:
        who = chance.choice(residents)
        statement = f"/{chance.choice(who.accounts)}/statement?period={period}" if chance.random() < 0.5 else ""
        return f"/v1/accounts{statement}", {"Authorization": who.authorization}

    return ask


def close_month(city: City) -> None:
    """Two operators close the month of the city's traffic; returns when every account's statement is issued."""
    one, second = city.centre, city.centre.folder / "second.key"
    second.write_text(str(one.operator("operators", "issue", "bench-2", "--json")["key"]))
    second.chmod(0o600)
    period = city.traffic.period
    one.operator("periods", "close", period, "--confirm-key", str(second), "--reason", "the month is over")
    with psycopg.connect(one.urls["ledger"], autocommit=True) as conn:
        asked = ("SELECT count(*) FROM statements WHERE period = %s", (period,))
        until(lambda: conn.execute(*asked).fetchone() == (len(city.traffic.expected),), "all are issued", 600)


def load(base: str, ask: Ask, seconds: float) -> Reads:
    """Eight clients, each with one connection, that ask again as soon as they are answered."""
    begin = time.monotonic() + 1.0
    end = begin + seconds

    def client(seed: int) -> list[float]:
        door, chance, taken = Door(base, ""), random.Random(seed), []
        while (at := time.monotonic()) < end:
            path, headers = ask(chance)
            status, answer = door.fetch(path, headers)
            # While the file is taken in, some accounts have no month yet: that is an answer too.
            if status not in (200, 404):
                raise Unexpected(f"{path}: {status} {answer[:500]!r}")
            if at >= begin:
                taken.append((time.monotonic() - at) * 1000)
        door.close()
        return taken

    with ThreadPoolExecutor(CLIENTS) as pool:
        found = sorted(delay for one in pool.map(client, range(CLIENTS)) for delay in one)
    return Reads(len(found) / seconds, found[len(found) // 2], found[len(found) * 99 // 100])


def pairs_while(work: Callable[[], None], one: Callable[[], Pair]) -> list[Pair]:
    """Pairs measured as long as `work` runs; the last one is left out, for the work ended in it."""
    done, failed = threading.Event(), []

    def run() -> None:
        try:
            work()
        except Exception as error:  # noqa: BLE001  # told to the caller below
            failed.append(error)
        finally:
            done.set()

    thread = threading.Thread(target=run, name="work")
    thread.start()
    found = []
    while not done.is_set():
        found.append(one())
    thread.join()
    if failed:
        raise failed[0]
    return found[:-1] or found
