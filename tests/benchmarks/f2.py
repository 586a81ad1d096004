"""F2: one fact pushed until a read of the ledger answers it, at a steady rate; the delay a resident feels."""

import asyncio
import json
import random
import time
from collections.abc import Iterator
from dataclasses import dataclass

from tests.benchmarks.doors import Unexpected
from tests.benchmarks.f1 import City
from tests.benchmarks.sizes import Size
from tests.benchmarks.wires import Wire

CLIENTS = 48


@dataclass(frozen=True)
class Freshness:
    """Milliseconds from the moment a push was due to the answer that shows it; processor seconds of each process."""

    pushes: int
    per_second: float
    p50_ms: float
    p99_ms: float
    max_ms: float
    cpu_s: dict[str, float]


def measure(city: City, size: Size, seed: int) -> Freshness:
    """Pushes on a fixed schedule: a push that starts late counts from when it was due."""
    city.centre.ground.settle()
    before, begun = city.centre.cpu_s(), time.monotonic()
    delays = sorted(asyncio.run(_delays(city, size, seed)))
    seconds, total = time.monotonic() - begun, len(delays)
    spent = {name: after - before.get(name, 0.0) for name, after in city.centre.cpu_s().items()}
    return Freshness(total, total / seconds, delays[total // 2], delays[total * 99 // 100], delays[-1], spent)


async def _delays(city: City, size: Size, seed: int) -> list[float]:
    total = size.pushes_per_second * size.push_seconds
    chance, begun = random.Random(seed), time.monotonic() + 0.5
    pushes = [(begun + n / size.pushes_per_second, chance.choice(city.sample), f"f2-{seed}-{n}") for n in range(total)]
    due = iter(pushes)
    found: list[float] = []
    await asyncio.gather(*(_client(city, due, found) for _ in range(CLIENTS)))
    return found


async def _client(city: City, due: Iterator[tuple[float, str, str]], found: list[float]) -> None:
    """Takes the next push of the schedule as soon as its own last one was answered."""
    write = await Wire.to(city.centre.url("provider_sync"), next(iter(city.keys.values())))
    read = await Wire.to(city.centre.url("ledger"), city.resident.authorization)
    for at, account, reference in due:
        await asyncio.sleep(at - time.monotonic())
        await _push(write, read, account, reference)
        found.append((time.monotonic() - at) * 1000)
    write.close()
    read.close()


async def _push(write: Wire, read: Wire, account: str, reference: str) -> None:
    fact = {
        "kind": "charge.posted", "reference": reference, "account": account, "service": "cold-water",
        "period": "2026-11", "amount": "1234.56", "basis": "meter",
    }  # fmt: skip
    result = json.loads(await write.post("/v1/facts", json.dumps({"facts": [fact]})))["results"][0]
    if result["status"] != "accepted":
        raise Unexpected(json.dumps(result))
    answer = json.loads(await read.get(f"/v1/accounts/{account}/entries?period=2026-11&limit=1", result["position"]))
    if not answer["entries"]:
        raise Unexpected(f"{account}: {answer}")
