"""`python -m tests.benchmarks.receipts`: F6 (asked for, ready, fetched), F7 (receipts a second, memory) beside naive.

Naive is the same form by `HTML(string).write_pdf()` with its style sheet inside, in a warm process, in turns with ours.
"""

import logging
import resource
import statistics
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from tempfile import TemporaryDirectory
from typing import Annotated

import typer
from rich.console import Console
from rich.markdown import Markdown

from common.ids import uuid7
from native.paths import RUN
from native.servers import Servers, free_ports, serving
from receipts.config import Config
from receipts.examples import EXAMPLES, example
from receipts.examples.statements import full_statement
from receipts.handlers import runs
from receipts.handlers.runs import Order
from receipts.render.document import render
from receipts.render.layout import Inputs
from receipts.render.texts import Language
from receipts.store.runs import Run
from tests.benchmarks import report
from tests.benchmarks.ground import Ground, cpu_s
from tests.benchmarks.renders import LADDER
from tests.benchmarks.report import Figure
from tests.integration.receipts.house import House, eventually

CITY = 600_000
LANGUAGES: tuple[Language, ...] = ("ru", "kk")
CASES = [(example(name, language), language) for name in EXAMPLES if name != "many" for language in LANGUAGES]
MEMORY_AT = {"tiny": (20, 60), "small": (200, 600)}
MEMORY_AT_MOST = (200, 2_000)
console = Console()


def main(
    size: Annotated[
        str, typer.Option(envvar="SIZE", help="tiny, small, or how many receipts the bulk run makes.")
    ] = "small",
    rounds: Annotated[int, typer.Option(help="Pairs of ours and naive.")] = 5,
    part: Annotated[str, typer.Option(envvar="PART", help="Only `renderer`, or only `service`.")] = "",
) -> None:
    """Measure, print the table, write it under .run/figures (receipts, or receipts-<part> of it)."""
    bulk = {"tiny": 20, "small": 200}.get(size) or int(size)
    logging.getLogger("werkzeug").setLevel(logging.WARNING)
    memory = MEMORY_AT.get(size, MEMORY_AT_MOST)
    figures = [*_renderer(rounds), *_memory(memory)] if part != "service" else []
    with serving(Servers.within(RUN / "bench", free_ports())) as servers:
        on = Ground(servers.postgres.url, servers.kafka.address, "native", RUN / "bench")
        figures += _service(on, servers.redis.url, bulk) if part != "renderer" else []
        name = f"receipts-{part}" if part else "receipts"
        text = report.write(name, figures, on, {"bulk": bulk, "rounds": rounds})
    console.print(Markdown(text))


def _renderer(rounds: int) -> list[Figure]:
    """Each step from naive to ours in turns, processor time a receipt over all examples in both languages."""
    for make in LADDER.values():
        make(*CASES[0])
    spent: dict[str, list[float]] = {step: [] for step in LADDER}
    for _ in range(rounds):
        for step, make in LADDER.items():
            spent[step].append(_cpu_ms(make))
    naive, ours = spent["plain"], spent["collector between"]
    ratios = tuple(n / o for n, o in zip(naive, ours, strict=True))
    return [
        Figure("F7 renderer : naive, same form", "×", ratios, 1.5),
        *(Figure(f"CPU a receipt, {step}", "ms", tuple(found)) for step, found in spent.items()),
        Figure("renderer, receipts a second and core", "/s", tuple(1000 / ms for ms in ours)),
    ]


def _cpu_ms(make: Callable[[Inputs, Language], object]) -> float:
    """Milliseconds of processor a receipt, over all examples in both languages."""
    began = time.process_time()
    for inputs, language in CASES:
        make(inputs, language)
    return 1000 * (time.process_time() - began) / len(CASES)


def _memory(marks: tuple[int, int]) -> list[Figure]:
    """What the process has grown to after so many renders; flat means the second mark is the first one's."""
    found = []
    for number in range(1, marks[1] + 1):
        render(CASES[number % len(CASES)][0])
        if number in marks:
            found.append(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)
    return [
        Figure(f"F7 memory after {marks[0]} renders", "MiB", (found[0],)),
        Figure(
            f"F7 memory after {marks[1]} : after {marks[0]}", "×", (found[1] / found[0],), 1.05, less_is_better=True
        ),
    ]


def _service(on: Ground, redis_url: str, bulk: int) -> list[Figure]:
    """The whole service at work: one request at a time, twenty at once, ready ones fetched, a month for many."""
    with on.database("receipts") as url, on.topics() as prefix, TemporaryDirectory() as folder:
        config = Config(
            database_url=url, kafka_bootstrap_servers=on.kafka, redis_url=redis_url, files_dir=folder,
            topic_prefix=prefix, render_processes=2, sweep_every_s=1,
        )  # fmt: skip
        with House(config).open() as house:
            user = str(uuid7())
            accounts = [str(800_000_000 + number) for number in range(41)]
            for account in accounts:
                house.issue(full_statement(account=account))
                position = house.link(user, account)
            heard = "SELECT count(*) FROM statements"
            eventually(lambda: house.sql(heard) == [(len(accounts),)])
            _asked(house, user, accounts[0], position)  # the worker's children have opened their fonts after this one
            alone = [_asked(house, user, account, position) for account in accounts[1:21]]
            with ThreadPoolExecutor(20) as pool:
                together = list(pool.map(lambda account: _asked(house, user, account, position), accounts[21:]))
            fetched = [_fetched(house, user, ident) for _, ident in alone]
            return [*_waits(alone, together, fetched), *_month(house, bulk)]


def _asked(house: House, user: str, account: str, position: str) -> tuple[float, str]:
    """Milliseconds from the request to the answer that says ready, and the receipt's id."""
    began = time.monotonic()
    ident = house.ask(user, account, **{"Read-After": position}).json()["id"]
    if house.ended(user, ident)["state"] != "ready":
        raise RuntimeError(f"{ident} failed")
    return 1000 * (time.monotonic() - began), ident


def _fetched(house: House, user: str, ident: str) -> float:
    began = time.monotonic()
    house.document(user, ident).raise_for_status()
    return 1000 * (time.monotonic() - began)


def _waits(alone: list[tuple[float, str]], together: list[tuple[float, str]], fetched: list[float]) -> list[Figure]:
    one, twenty = sorted(ms for ms, _ in alone), sorted(ms for ms, _ in together)
    p50 = (statistics.median(one),)
    return [
        Figure("F6 request to ready, one at a time, p50", "ms", p50, 1_000, less_is_better=True),
        Figure("F6 twenty at once, p95", "ms", (twenty[len(twenty) * 95 // 100 - 1],), 6_000, less_is_better=True),
        Figure("F6 GET document of a ready one, p50", "ms", (statistics.median(fetched),), 20, less_is_better=True),
    ]


def _month(house: House, bulk: int) -> list[Figure]:
    """A run for many, by two children; a city is the same rate over 600,000."""
    for number in range(bulk):
        house.issue(full_statement(account=str(900_000_000 + number), period="2031-01"))
    eventually(lambda: house.sql("SELECT count(*) FROM statements WHERE period = '2031-01'") == [(bulk,)])
    worker = house.worker.pid if house.worker else 0
    before, began = cpu_s(worker), time.monotonic()
    run = runs.begin(house.pool, Order("2031-01", "ru", "everyone"))
    eventually(lambda: _left(house, run, bulk) == 0, timeout_s=2.0 * bulk + 600)
    rate, each = bulk / (time.monotonic() - began), (cpu_s(worker) - before) / bulk
    return [
        Figure(f"bulk run of {bulk}, two children", "/s", (rate,)),
        Figure(f"a city: {CITY:,} receipts at that rate", "h", (CITY / rate / 3600,)),
        Figure("bulk run, CPU of the workers", "ms/receipt", (1000 * each,)),
        Figure(f"a city at that CPU, two cores of nothing else: {CITY:,} × CPU / 2", "h", (CITY * each / 2 / 3600,)),
    ]


def _left(house: House, run: Run, bulk: int) -> int:
    left = runs.left(house.pool, run)
    console.print(f"bulk run: {bulk - left:,} of {bulk:,}", end="\r")
    return left


if __name__ == "__main__":
    typer.run(main)
