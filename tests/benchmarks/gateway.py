"""`python -m tests.benchmarks.gateway`: what a page costs: its weight, whether it moves, its time beside an empty one.

The cabinet runs whole, with a small city; eight residents look at pages, then at a page that asks no other service (the
form to add an account), in turns, so that neighbours on the machine disturb both alike. An empty Flask route is printed
beside them for information.
"""

import random
import re
import tempfile
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
from tests.benchmarks.f4 import CLIENTS, Ask, Reads, empty_route, load
from tests.benchmarks.ground import Ground
from tests.benchmarks.report import Figure
from tests.e2e.browser import chromium, looking
from tests.e2e.city import City, running

EMPTY = "accounts/add"
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
    pages = [path.format(n=resident.accounts[0]) for path in PAGES]
    cookie = _signed_in(city.cabinet, resident.user_name)
    for path in pages:
        httpx.get(f"{city.cabinet}/kk/{path}", headers={"Cookie": cookie}).raise_for_status()
    ours, empties, routes = [], [], []
    with empty_route(on) as route:
        for _ in range(rounds):
            routes.append(load(route, lambda _: ("/", {}), seconds))
            empties.append(load(city.cabinet, _asking([EMPTY], cookie), seconds))
            ours.append(load(city.cabinet, _asking(pages, cookie), seconds))
    ratios = tuple(page.p99_ms / empty.p99_ms for page, empty in zip(ours, empties, strict=True))
    return [
        Figure("page : empty page, p99", "×", ratios, 3, less_is_better=True),
        *_delays("page", ours),
        *_delays("empty page", empties),
        *_delays("empty Flask route", routes),
    ]


def _asking(paths: list[str], cookie: str) -> Ask:
    def ask(chance: random.Random) -> tuple[str, dict[str, str]]:
        return f"/kk/{chance.choice(paths)}", {"Cookie": cookie}

    return ask


def _delays(name: str, found: list[Reads]) -> list[Figure]:
    return [
        Figure(f"{name}, p50", "ms", tuple(one.p50_ms for one in found)),
        Figure(f"{name}, p99", "ms", tuple(one.p99_ms for one in found)),
    ]


def _signed_in(base: str, name: str) -> str:
    """The cookie header of a browser that signed in."""
    with httpx.Client(base_url=base, follow_redirects=True) as client:
        token = _TOKEN.search(client.get("/kk/sign-in").text)
        form = {"csrf_token": token[1] if token else "", "login": name, "password": PASSWORD, "next": ""}
        client.post("/kk/sign-in", data=form).raise_for_status()
        return "; ".join(f"{name}={value}" for name, value in client.cookies.items())


if __name__ == "__main__":
    typer.run(main)
