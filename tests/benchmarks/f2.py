"""F2: one fact pushed until a read of the ledger answers it, at a steady rate; the delay a resident feels."""

import json
import random
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from tests.benchmarks.doors import Door, Unexpected
from tests.benchmarks.f1 import City
from tests.benchmarks.sizes import Size

WORKERS = 24


@dataclass(frozen=True)
class Freshness:
    """Milliseconds from the moment a push was due to the answer that shows it."""

    pushes: int
    per_second: float
    p50_ms: float
    p99_ms: float
    max_ms: float


def measure(city: City, size: Size, seed: int) -> Freshness:
    """Pushes on a fixed schedule: a push that starts late counts from when it was due."""
    total = size.pushes_per_second * size.push_seconds
    rng = random.Random(seed)
    accounts = [rng.choice(city.sample) for _ in range(total)]
    doors = threading.local()
    begun = time.monotonic() + 0.5

    def push(number: int) -> float:
        due = begun + number / size.pushes_per_second
        time.sleep(max(0.0, due - time.monotonic()))
        _push(city, doors, accounts[number], f"f2-{seed}-{number}")
        return (time.monotonic() - due) * 1000

    with ThreadPoolExecutor(max_workers=WORKERS) as pool:
        delays = sorted(pool.map(push, range(total)))
    return Freshness(
        total, total / (time.monotonic() - begun), delays[total // 2], delays[total * 99 // 100], delays[-1]
    )


def _push(city: City, doors: threading.local, account: str, reference: str) -> None:
    provider = next(iter(city.keys))
    if not hasattr(doors, "write"):
        doors.write = Door(city.centre.url("provider_sync"), city.keys[provider])
        doors.read = Door(city.centre.url("ledger"), city.resident.authorization)
    fact = {
        "kind": "charge.posted", "reference": reference, "account": account, "service": "cold-water",
        "period": "2026-11", "amount": "1234.56", "basis": "meter",
    }  # fmt: skip
    result = doors.write.post("/v1/facts", {"facts": [fact]})["results"][0]
    if result["status"] != "accepted":
        raise Unexpected(json.dumps(result))
    status, answer = doors.read.get(f"/v1/accounts/{account}/entries?period=2026-11&limit=1", result["position"])
    if status != 200 or not answer["entries"]:
        raise Unexpected(f"{account}: {status} {answer}")
