"""Identity's figures: the check of a token, sign-in beside the bare hash, refresh beside an empty Flask route."""

import asyncio
import json
import os
import socket
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from itertools import cycle
from typing import Any

from common.auth import TokenVerifier
from common.clock import now
from common.ids import uuid7
from common.postgres import Connection
from identity.api.sessions import REFRESH, SIGN_IN
from identity.app.desk import build_desk
from identity.config import Config
from identity.handlers import keyring
from identity.handlers.desk import Desk
from identity.store import keys, people, users
from tests.benchmarks.centre import WITH_US, free_port
from tests.benchmarks.doors import Door, Unexpected
from tests.benchmarks.ground import Ground, cpu_s
from tests.benchmarks.report import Figure
from tests.benchmarks.wires import Wire

SECRET = "a secret of the measurement and of nothing else"
PASSWORD = "қызыл алма көк аспан"
CLIENTS = 4
WEB, EMPTY = ("-m", "identity", "web"), ("-m", "tests.benchmarks.empty")
PEOPLE = 64


@dataclass(frozen=True)
class Round:
    """One round of everything, a second apart at most, so that neighbours on the machine disturb all alike."""

    cold_ms: float
    cached_ms: float
    hashes: float
    sign_ins: float
    empty: float
    refreshes: float
    empty_cpu_ms: float
    refresh_cpu_ms: float


def measure(ground: Ground, rounds: int, seconds: float) -> list[Round]:
    """So many rounds, each part of a round that long."""
    with ground.database("identity") as url, desk_on(url) as desk:
        with desk.pool.connection() as conn, conn.transaction():
            names = [_resident(desk, conn, number) for number in range(PEOPLE)]
        with served(*WEB, url=url, FREE_SIGN_INS="1000000") as web, served(*EMPTY) as empty:
            return [_round(desk, web, empty, names, seconds) for _ in range(rounds)]


def figures(found: list[Round]) -> list[Figure]:
    """The table."""

    def each(value: Callable[[Round], float]) -> tuple[float, ...]:
        return tuple(value(one) for one in found)

    return [
        Figure("token check, cold", "ms", each(lambda r: r.cold_ms), 0.4, less_is_better=True),
        Figure("token check, cached", "ms", each(lambda r: r.cached_ms), 0.02, less_is_better=True),
        Figure("sign-in : bare hash", "×", each(lambda r: r.sign_ins / r.hashes), 0.85),
        Figure("refresh : empty Flask route", "×", each(lambda r: r.refreshes / r.empty), 0.6),
        Figure("bare hash, two at once", "/s", each(lambda r: r.hashes)),
        Figure("sign-in", "/s", each(lambda r: r.sign_ins)),
        Figure("empty Flask route", "/s", each(lambda r: r.empty)),
        Figure("refresh", "/s", each(lambda r: r.refreshes)),
        Figure("processor of the web, empty route", "ms", each(lambda r: r.empty_cpu_ms)),
        Figure("processor of the web, refresh", "ms", each(lambda r: r.refresh_cpu_ms)),
    ]


@contextmanager
def desk_on(url: str) -> Iterator[Desk]:
    """The tools of identity on a database."""
    desk = build_desk(Config(url, "127.0.0.1:1", SECRET), "bench-identity")
    keyring.provide(desk)
    yield desk
    desk.close()


def _resident(desk: Desk, conn: Connection, number: int) -> str:
    """A confirmed cabinet, as registration leaves it."""
    user_id, name = str(uuid7()), f"resident{number}"
    users.create(conn, user_id, now())
    people.add(conn, user_id, name, f"{name}@example.kz", desk.hasher.hash(PASSWORD))
    conn.execute("UPDATE users SET confirmed = true WHERE id = %s", (user_id,))
    return name


@dataclass(frozen=True)
class Served:
    """A web process: its address, its number, the database it works on."""

    address: str
    pid: int
    url: str


@contextmanager
def served(*words: str, url: str = "", **more: str) -> Iterator[Served]:
    """A web process on a port of its own, once it answers."""
    port = free_port()
    settings = {
        "DATABASE_URL": url, "KAFKA_BOOTSTRAP_SERVERS": "127.0.0.1:1", "IDENTITY_KEY_SECRET": SECRET,
        "HTTP_PORT": str(port), "PORT": str(port), "ADMIN_PORT": str(free_port()), "LOG_LEVEL": "WARNING",
    }  # fmt: skip
    process = subprocess.Popen([*WITH_US, sys.executable, *words], env={**os.environ, **settings, **more})
    try:
        _wait(port)
        yield Served(f"http://127.0.0.1:{port}", process.pid, url)
    finally:
        process.terminate()
        process.wait(30)


def _wait(port: int) -> None:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        with suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
            return
        time.sleep(0.05)
    raise Unexpected(f"nobody listens at {port}")


def _round(desk: Desk, web: Served, empty: Served, names: list[str], seconds: float) -> Round:
    cold, cached = _token_checks(desk)
    hashes = _rate(2, seconds, lambda _: lambda: _hash_once(desk))
    sign_ins = asyncio.run(_sign_ins(web.address, names, seconds))
    blank, blank_cpu = _rate_and_cpu(empty, seconds, lambda _: _getter(empty.address))
    refreshes, refresh_cpu = _rate_and_cpu(web, seconds, lambda n: _refresher(web.address, names[n]))
    return Round(cold, cached, hashes, sign_ins, blank, refreshes, blank_cpu, refresh_cpu)


def _rate_and_cpu(web: Served, seconds: float, make: Callable[[int], Callable[[], Any]]) -> tuple[float, float]:
    """Calls a second, and milliseconds of processor that each costs the web process."""
    before = cpu_s(web.pid)
    rate = _rate(CLIENTS, seconds, make)
    return rate, (cpu_s(web.pid) - before) / (rate * seconds) * 1000


def _token_checks(desk: Desk) -> tuple[float, float]:
    """Milliseconds a check of a token never seen, and of the same ones again: medians of 300."""
    with desk.pool.connection() as conn:
        ((kid, sealed),) = conn.execute(keys.ACTIVE).fetchall()
        public = {key.kid: key.jwk for key in keys.everything(conn)}
    active = kid, bytes(sealed)
    headers = [f"Bearer {desk.signer.token(active, str(uuid7()), str(uuid7()), 'kk', now())}" for _ in range(300)]
    verifier = TokenVerifier(lambda: public)
    verifier.verify(headers[0])
    return _median_ms(verifier, headers[1:]), _median_ms(verifier, headers[1:])


def _median_ms(verifier: TokenVerifier, headers: list[str]) -> float:
    took = []
    for header in headers:
        began = time.perf_counter()
        verifier.verify(header)
        took.append(time.perf_counter() - began)
    return statistics.median(took) * 1000


def _hash_once(desk: Desk) -> None:
    desk.hasher.matches(None, PASSWORD)


def _rate(clients: int, seconds: float, make: Callable[[int], Callable[[], Any]]) -> float:
    """Calls a second of so many clients at once; each makes what it calls first."""

    def work(number: int) -> int:
        call = make(number)
        call()
        done, until = 0, time.monotonic() + seconds
        while time.monotonic() < until:
            call()
            done += 1
        return done

    with ThreadPoolExecutor(clients) as pool:
        return sum(pool.map(work, range(clients))) / seconds


async def _sign_ins(web: str, names: list[str], seconds: float) -> float:
    """Sign-ins a second of CLIENTS connections, in one thread: what a client spends is not there for the hash."""

    async def work(number: int) -> int:
        wire, turn = await Wire.to(web, ""), cycle(_credentials(name) for name in names[number::CLIENTS])
        await wire.post(SIGN_IN, next(turn))
        done, until = 0, time.monotonic() + seconds
        while time.monotonic() < until:
            await wire.post(SIGN_IN, next(turn))
            done += 1
        wire.close()
        return done

    return sum(await asyncio.gather(*map(work, range(CLIENTS)))) / seconds


def _credentials(name: str) -> str:
    return json.dumps({"login": name, "password": PASSWORD})


def _getter(empty: str) -> Callable[[], Any]:
    door = Door(empty, "")
    return lambda: door.get("/")


def _refresher(web: str, name: str) -> Callable[[], Any]:
    door = Door(web, "")
    held = door.post(SIGN_IN, {"login": name, "password": PASSWORD})

    def call() -> None:
        nonlocal held
        held = door.post(REFRESH, {"refresh_token": held["refresh_token"]})

    return call
