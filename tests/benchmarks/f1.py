"""F1: a provider's file from its first byte to visible in the ledger, facts a second, beside two yardsticks."""

import asyncio
import json
import threading
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from typing import Any

import psycopg

from tests.benchmarks import traffic
from tests.benchmarks.access import Resident, resident
from tests.benchmarks.centre import Centre
from tests.benchmarks.doors import Door, Unexpected
from tests.benchmarks.sizes import Size
from tests.benchmarks.traffic import Traffic
from tests.benchmarks.wires import NotYet, Wire

VISIBLE_WITHIN_S = 3 * 3600
READERS = 4


@dataclass(frozen=True)
class Road:
    """What one run of F1 showed. `whole_cpu_s` has all processes and, when they are our own, the whole servers."""

    facts: int
    seconds: float
    spooled_s: float
    appended_s: float
    cpu_s: dict[str, float]
    whole_cpu_s: float

    @property
    def facts_per_s(self) -> float:
        """Facts a second from the first byte to visible."""
        return self.facts / self.seconds


@dataclass(frozen=True)
class City:
    """A centre that is open for business: accounts are there, providers have keys, a resident may read the sample.

    `stored` facts were sent before those of `traffic`.
    """

    centre: Centre
    traffic: Traffic
    keys: dict[str, str]
    resident: Resident
    sample: list[str]
    stored: int = 0

    def with_month(self, period: str, seed: int) -> "City":
        """The same accounts with as many facts of a further month; of another seed, the gate would hold what leaps."""
        before = self.traffic
        sent = traffic.month(self.centre.folder, before.facts, len(before.expected), seed, period, before)
        sample = sorted(self.sample, key=lambda account: sent.expected[account].last_at)
        return replace(self, traffic=sent, sample=sample, stored=self.stored + before.facts)


def opened(centre: Centre, size: Size, seed: int, period: str = traffic.PERIOD) -> City:
    """Everything that is not measured: directory, keys, accounts in the ledger, the providers' files on disk."""
    centre.start_road()
    keys = {}
    centre.operator("operators", "issue", "bench", "--save")
    for provider in traffic.SERVICES:
        centre.operator("providers", "add", provider, "--name-ru", provider, "--name-kk", provider)
        issue = ("keys", "issue", "--owner", provider, "--scopes", traffic.SCOPES, "--label", "bench", "--json")
        keys[provider] = "Bearer " + str(centre.operator(*issue)["key"])
    sent = traffic.month(centre.folder, size.facts, size.accounts, seed, period)
    sample = sent.sample(size.sample, seed)
    who = resident(centre.ground, centre.prefix, sample)
    open_accounts(centre, keys, size.accounts)
    _await_opening(Door(centre.url("ledger"), who.authorization), sample, who.position)
    return City(centre, sent, keys, who, sample)


def measure(city: City) -> Road:
    """Both providers send at once; done is when the last fact of every account of the sample was answered."""
    city.centre.ground.settle()
    before, servers_before = city.centre.cpu_s(), city.centre.ground.servers_cpu_s()
    clock = threading.Event()
    with ThreadPoolExecutor(max_workers=len(city.keys)) as providers:
        sends = [providers.submit(_send, city, provider, clock) for provider in city.keys]
        begun = time.monotonic()
        clock.set()
        asyncio.run(_await_facts(city))
        seconds = time.monotonic() - begun
        uploads = [send.result() for send in sends]
    spent = {name: round(after - before.get(name, 0.0), 2) for name, after in city.centre.cpu_s().items()}
    servers = city.centre.ground.servers_cpu_s() - servers_before
    whole = servers + sum(value for name, value in spent.items() if not (servers and name.startswith("PostgreSQL")))
    appended = [_finished(city, provider, upload) for (provider, upload, _) in uploads]
    spooled = max(at for _, _, at in uploads) - begun
    _check_store(city)
    _check_sums(city)
    return Road(city.traffic.facts, seconds, spooled, max(appended), spent, whole)


def _send(city: City, provider: str, clock: threading.Event) -> tuple[str, str, float]:
    door = Door(city.centre.url("provider_sync"), city.keys[provider])
    clock.wait()
    upload = door.upload(city.traffic.files[provider], f"{provider}-{city.traffic.period}")
    at = time.monotonic()
    door.close()
    return provider, upload, at


def _finished(city: City, provider: str, upload: str) -> float:
    """Seconds from the upload's receipt to its end, as the service itself noted them."""
    door = Door(city.centre.url("provider_sync"), city.keys[provider])
    state = door.finished(upload)
    door.close()
    return (datetime.fromisoformat(state["finished_at"]) - datetime.fromisoformat(state["received_at"])).total_seconds()


async def _await_facts(city: City) -> None:
    """Reads the last fact of each account of the sample, of those first that were sent first, by some residents."""
    base, authorization = city.centre.url("ledger"), city.resident.authorization
    wires = [await Wire.to(base, authorization) for _ in range(READERS)]
    await asyncio.gather(*(_read(wire, city, city.sample[at::READERS]) for at, wire in enumerate(wires)))
    for wire in wires:
        wire.close()


async def _read(wire: Wire, city: City, accounts: Sequence[str]) -> None:
    deadline = time.monotonic() + VISIBLE_WITHIN_S
    for account in accounts:
        last = f"account/{account}@{city.traffic.expected[account].facts}"
        answer: Any = None
        while answer is None:
            try:
                answer = json.loads(await wire.get(f"/v1/accounts/{account}/entries?limit=1", last))
            except NotYet:
                if time.monotonic() > deadline:
                    raise
        if len(answer["entries"]) != 1:
            raise Unexpected(f"{account}: {answer}")


def _check_sums(city: City) -> None:
    """Every account of the sample shows exactly what was sent for it."""
    door = Door(city.centre.url("ledger"), city.resident.authorization)
    for account in city.sample:
        wanted = city.traffic.expected[account]
        status, answer = door.get(f"/v1/accounts/{account}/statement?period={city.traffic.period}")
        totals = answer["totals"] if status == 200 else {"charged": "0.00", "paid": "0.00"}
        if (_tiyn(totals["charged"]), _tiyn(totals["paid"])) != (wanted.charged, wanted.paid):
            raise Unexpected(f"{account} shows {status} {totals}, sent were {wanted}")
    door.close()


def _check_store(city: City) -> None:
    """As many events are stored as facts were sent: nothing was measured that did not happen."""
    with psycopg.connect(city.centre.urls["provider_sync"]) as conn:
        row = conn.execute(
            "SELECT count(*) FROM events WHERE type LIKE '%%charge%%' OR type LIKE '%%payment%%'"
        ).fetchone()
    if row is None or row[0] != city.stored + city.traffic.facts:
        raise Unexpected(f"{row} events are stored, {city.stored} + {city.traffic.facts} facts were sent")


def open_accounts(centre: Centre, keys: dict[str, str], count: int) -> None:
    """The providers' services and the accounts, before anything is measured."""
    base = centre.url("provider_sync")
    for provider, key in keys.items():
        door = Door(base, key)
        door.post("/v1/facts", {"facts": traffic.directory(provider)})
        door.close()
    provider, key = next(iter(keys.items()))
    file = centre.folder / "opening.ndjson"
    with file.open("w", encoding="utf-8") as lines:
        lines.writelines(traffic.opening(count))
    door = Door(base, key)
    door.finished(door.upload(file, "opening"))
    door.close()
    file.unlink()


def _await_opening(door: Door, sample: list[str], position: str) -> None:
    """The ledger knows the resident's links and every account of the sample."""
    deadline = time.monotonic() + 600
    for account in sample:
        status: int = 0
        answer: Any = None
        while status != 200:
            status, answer = door.get(f"/v1/accounts/{account}", f"{position},account/{account}@1")
            if time.monotonic() > deadline:
                raise Unexpected(f"account {account} is not in the ledger: {status} {answer}")
    door.close()


def _tiyn(amount: str) -> int:
    return int(Decimal(amount) * 100)
