"""`python -m tests.benchmarks.gateway`: what a page costs: its weight, whether it moves, its time beside an empty one.

The cabinet runs whole, with a small city; eight residents look at pages in turns with eight at an empty page of the
same server, so that neighbours on the machine disturb both alike.
"""

import re
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from itertools import cycle
from pathlib import Path
from typing import Annotated

import httpx
import typer
from rich.console import Console
from rich.markdown import Markdown

from demo.load import PASSWORD
from demo.memory import Memory
from native.paths import RUN
from tests.benchmarks import report
from tests.benchmarks.f4 import empty_route
from tests.benchmarks.ground import Ground
from tests.benchmarks.report import Figure
from tests.e2e.browser import chromium, looking
from tests.e2e.city import City, running

CLIENTS = 8
PAGES = ("", "accounts/{n}", "accounts/{n}/months/2026-09", "accounts/{n}/data", "accounts/{n}/payments")
_TOKEN = re.compile(r'name="csrf_token" value="([^"]+)"')
_SHIFT = """() => new Promise(done => {
  const sum = list => list.getEntries().filter(e => !e.hadRecentInput).reduce((total, e) => total + e.value, 0);
  new PerformanceObserver(list => done(sum(list))).observe({type: 'layout-shift', buffered: true});
  setTimeout(() => done(0), 1500);
})"""
console = Console()


def main(
    rounds: Annotated[int, typer.Option(help="Pairs of pages and empty pages.")] = 5,
    seconds: Annotated[float, typer.Option(help="How long each half of a pair.")] = 5.0,
) -> None:
    """Measure, print the table, write it under .run/figures."""
    folder = RUN / "bench"
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as place, running(Path(place) / "run") as city:
        on = Ground(city.environment["DATABASE_URL"], city.environment["KAFKA_BOOTSTRAP_SERVERS"], "native", folder)
        figures = [*_look(city), *_pairs(on, city, rounds, seconds)]
        text = report.write("gateway", figures, on, {"rounds": rounds, "seconds": seconds, "clients": CLIENTS})
    console.print(Markdown(text))


def _look(city: City) -> list[Figure]:
    """Bytes of the first page with all it loads, and how much it moves while it is laid out, on a telephone."""
    with chromium() as browser, looking(browser, city.cabinet, width=360) as look:
        sizes: list[int] = []
        look.page.on("response", lambda answer: sizes.append(len(answer.body())))
        look.open("/kk/sign-in")
        look.page.wait_for_load_state("networkidle")
        moved = float(look.page.evaluate(_SHIFT))
    return [
        Figure("first page with all it loads", "kB", (sum(sizes) / 1000,), 100, less_is_better=True),
        Figure("layout shift of the first page", "", (moved,), 0, less_is_better=True),
    ]


def _pairs(on: Ground, city: City, rounds: int, seconds: float) -> list[Figure]:
    resident = Memory.read(city.folder / "demo" / "state.json").residents[0]
    pages = [f"/kk/{path.format(n=resident.accounts[0])}" for path in PAGES]
    cookies = _signed_in(city.cabinet, resident.user_name)
    ratios, ours, empties = [], [], []
    with empty_route(on) as empty:
        for _ in range(rounds):
            empties.append(_load(empty, ["/"], {}, seconds))
            ours.append(_load(city.cabinet, pages, cookies, seconds))
            ratios.append(ours[-1][1] / empties[-1][1])
    return [
        Figure("page : empty page, p99", "×", tuple(ratios), 3, less_is_better=True),
        Figure("page, p50", "ms", tuple(p50 for p50, _ in ours)),
        Figure("page, p99", "ms", tuple(p99 for _, p99 in ours)),
        Figure("empty page, p99", "ms", tuple(p99 for _, p99 in empties)),
    ]


def _signed_in(base: str, name: str) -> dict[str, str]:
    with httpx.Client(base_url=base, follow_redirects=True) as client:
        token = _TOKEN.search(client.get("/kk/sign-in").text)
        form = {"csrf_token": token[1] if token else "", "login": name, "password": PASSWORD, "next": ""}
        client.post("/kk/sign-in", data=form).raise_for_status()
        return dict(client.cookies)


def _load(base: str, paths: list[str], cookies: dict[str, str], seconds: float) -> tuple[float, float]:
    """p50 and p99 in milliseconds of eight clients that ask one page after the other."""

    def client(number: int) -> list[float]:
        found: list[float] = []
        until = time.monotonic() + seconds
        with httpx.Client(base_url=base, cookies=cookies) as door:
            for path in cycle(paths[number % len(paths) :] + paths[: number % len(paths)]):
                began = time.monotonic()
                if began > until:
                    return found
                door.get(path).raise_for_status()
                found.append(1000 * (time.monotonic() - began))
        return found

    with ThreadPoolExecutor(CLIENTS) as pool:
        found = sorted(delay for one in pool.map(client, range(CLIENTS)) for delay in one)
    return found[len(found) // 2], found[len(found) * 99 // 100]


if __name__ == "__main__":
    typer.run(main)
