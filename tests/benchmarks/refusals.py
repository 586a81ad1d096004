"""P16: whether the time of a refusal tells why. All outcomes in turn, each compared with the first of its own turn.

Wall clock as a stranger sees it, and processor time of the web and of its PostgreSQL backends, which other programs on
the machine disturb little. Budgets are those of production, so each account and each resident is used a few times only.
"""

import http.client
import json
import random
import statistics
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from urllib.parse import urlsplit

from psycopg import Connection

from tests.benchmarks import refused
from tests.benchmarks.doors import Unexpected
from tests.benchmarks.ground import Ground
from tests.benchmarks.identity import PASSWORD, Served, desk_on, served
from tests.benchmarks.refused import ITSELF, Body, Family
from tests.benchmarks.report import Figure

WARM = 20
# Each call comes from an address of its own, and what this asks for a whole day of must not open the breaker.
SETTINGS = {"TRUSTED_PROXIES": "1", "PROOF_FAILURES_IN_CITY": "1000000000"}


@dataclass(frozen=True)
class Effect:
    """How much longer an outcome takes than the first one, in ms: median of the differences with its 95 % interval."""

    family: str
    outcome: str
    wall: tuple[float, float, float]
    processor: tuple[float, float, float]


def measure(ground: Ground, turns: int, hashed_turns: int, say: Callable[[str], None]) -> list[Effect]:
    """All families with a hash that costs nothing, then signing in with the real one."""
    found = []
    with ground.database("identity") as url, desk_on(url) as desk:
        refused.settle(desk, turns + WARM)
        who = refused.residents(desk, turns + WARM)
        with served("-m", "tests.benchmarks.light_identity", url=url, **SETTINGS) as web:
            for family in (refused.sign_in(), refused.reset(), refused.register(), refused.link(who)):
                say(f"{family.name}, {turns} turns")
                found += _compared(family, web, turns)
        refused.rehash(desk, desk.hasher.hash(PASSWORD))
        with served("-m", "identity", "web", url=url, **SETTINGS) as web:
            hashed = refused.sign_in("signing in, real hash")
            say(f"{hashed.name}, {hashed_turns} turns")
            found += _compared(hashed, web, hashed_turns)
    return found


def figures(found: list[Effect]) -> list[Figure]:
    """Of each family the outcome that differs most, beside the control."""
    table = []
    for family in dict.fromkeys(effect.family for effect in found):
        own = [effect for effect in found if effect.family == family and effect.outcome != ITSELF]
        control = next(effect for effect in found if effect.family == family and effect.outcome == ITSELF)
        most = max(own, key=lambda effect: abs(effect.wall[1]))
        table += [
            Figure(f"{family}: {most.outcome}", "ms", _sized(most.wall), 1.0, less_is_better=True),
            Figure(f"{family}: control", "ms", _sized(control.wall)),
        ]
        dearest = max(own, key=lambda effect: abs(effect.processor[1]))
        table.append(Figure(f"{family}: processor, {dearest.outcome}", "ms", _sized(dearest.processor)))
    return table


def _sized(low_mid_high: tuple[float, float, float]) -> tuple[float, float, float]:
    """The size of an effect, whichever way it goes."""
    low, mid, high = low_mid_high
    return low_mid_high if mid >= 0 else (-high, -mid, -low)


def _compared(family: Family, web: Served, turns: int) -> list[Effect]:
    caller = _Caller(web, family)
    # Turns of their own for warming up: a resident has ten tries.
    taken = [caller.turn(turn) for turn in (*range(turns, turns + WARM), *range(turns))][WARM:]
    first, *others = family.outcomes
    return [
        Effect(
            family.name,
            outcome,
            _median([turn[outcome][0] - turn[first][0] for turn in taken]),
            _median([turn[outcome][1] - turn[first][1] for turn in taken]),
        )
        for outcome in others
    ]


def _median(differences: list[float]) -> tuple[float, float, float]:
    """The median and, from the ranks around it, its 95 % interval: no distribution is assumed."""
    ranked, half = sorted(differences), len(differences) / 2
    reach = 0.98 * len(differences) ** 0.5
    low, high = ranked[max(0, int(half - reach))], ranked[min(len(ranked) - 1, int(half + reach))]
    return low, statistics.median(ranked), high


class _Caller:
    """One client that asks one thing after the other, each time from another address."""

    _addresses = count(1)

    def __init__(self, web: Served, family: Family) -> None:
        self._connection = http.client.HTTPConnection(urlsplit(web.address).netloc, timeout=60)
        self._family, self._work = family, _Work(web)

    def turn(self, number: int) -> dict[str, tuple[float, float]]:
        """Each outcome once in random order: milliseconds of wall clock and of processor."""
        order = list(self._family.outcomes)
        random.shuffle(order)
        return {outcome: self._call(self._family.outcomes[outcome], number) for outcome in order}

    def _call(self, body: Body, turn: int) -> tuple[float, float]:
        address = next(self._addresses)
        headers = {
            "Content-Type": "application/json",
            "X-Forwarded-For": f"10.{address >> 16 & 255}.{address >> 8 & 255}.{address & 255}",
            "Idempotency-Key": f"turn-{address}",
        }
        if self._family.authorizations:
            headers["Authorization"] = self._family.authorizations[turn]
        sent = json.dumps(body(turn)).encode()
        spent, began = self._work.spent_ms(), time.perf_counter()
        self._connection.request("POST", self._family.path, sent, headers)
        answer = self._connection.getresponse()
        content = answer.read()
        took = (time.perf_counter() - began) * 1000
        if answer.status != self._family.status:
            raise Unexpected(f"{self._family.name}: {answer.status} {content!r}")
        return took, self._work.spent_ms() - spent


class _Work:
    """Processor time of a web process and of the PostgreSQL backends it asks, to the nanosecond."""

    def __init__(self, web: Served) -> None:
        self._web, self._known, self._asked = web, list[Path](), 0

    def spent_ms(self) -> float:
        """So far, together."""
        if self._asked % 50 == 0:  # threads and connections come and go slowly
            self._known = [*Path(f"/proc/{self._web.pid}/task").glob("*/schedstat"), *self._backends()]
        self._asked += 1
        return sum(_ran_ns(path) for path in self._known) / 1e6

    def _backends(self) -> Iterator[Path]:
        query = "SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
        with Connection.connect(self._web.url) as conn:
            for (pid,) in conn.execute(query):
                yield Path(f"/proc/{pid}/schedstat")


def _ran_ns(path: Path) -> int:
    try:
        return int(path.read_text().split()[0])
    except (FileNotFoundError, ProcessLookupError):
        return 0
