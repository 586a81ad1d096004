"""`python -m tests.benchmarks f1|…|intake|ledger|all`: measures, prints the table, writes it under .run/figures."""

from collections.abc import Callable, Iterable, Mapping
from contextlib import AbstractContextManager, nullcontext
from dataclasses import replace
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.markdown import Markdown

from tests.benchmarks import (
    f1,
    f2,
    f3,
    f4,
    f8,
    f9,
    full_ledger,
    identity,
    intake,
    refusals,
    report,
    traffic,
    yardsticks,
)
from tests.benchmarks.access import Resident, residents_of
from tests.benchmarks.centre import centre
from tests.benchmarks.ground import Ground, ground
from tests.benchmarks.report import Figure
from tests.benchmarks.sizes import SIZES, UPLOAD_ROWS, Size

app = typer.Typer(help=__doc__, no_args_is_help=True, add_completion=False)
console = Console()

PER_SAVE = (20, 200, 1000)
ACCOUNTS_EACH = 2
# Of F8: what a row that is changed leaves behind in the second month, the third one uses again, like every later one.
MONTHS = ("2026-09", "2026-10", "2026-11")

SizeName = Annotated[str, typer.Option("--size", envvar="SIZE", help=", ".join(SIZES))]
Facts = Annotated[int, typer.Option(envvar="FACTS", help="Another number of facts than the size has.")]
Pairs = Annotated[int, typer.Option(envvar="PAIRS", help="Another number of pairs than the size has.")]
Seed = Annotated[int, typer.Option(envvar="SEED", help="Draws amounts, payments and the sample.")]
Rows = Annotated[int, typer.Option(envvar="ROWS", help="Another number of rows than the size has.")]
Turns = Annotated[int, typer.Option(envvar="TURNS", help="How often each outcome is called.")]
HashedTurns = Annotated[int, typer.Option(envvar="HASHED_TURNS", help="The same for signing in with the real hash.")]
Beside = Annotated[bool, typer.Option(help="Run the yardsticks as well.")]


@app.command("f1")
def run_f1(size: SizeName = "small", facts: Facts = 0, pairs: Pairs = 0, seed: Seed = 1, beside: Beside = True) -> None:
    """From a provider's file to visible in the ledger, facts a second."""
    _measure("f1", _size(size, facts, pairs), seed, lambda g, s: _pairs_of_f1(g, s, seed, beside=beside))


@app.command("f2")
def run_f2(size: SizeName = "small", seed: Seed = 1) -> None:
    """From a push to the read that shows it, milliseconds."""
    _measure("f2", _size(size, 0, 1), seed, lambda g, s: _freshness(g, s, seed))


@app.command("f3")
def run_f3(size: SizeName = "small", facts: Facts = 0, pairs: Pairs = 0, seed: Seed = 1) -> None:
    """Replay of the log into an empty ledger, facts a second."""
    _measure("f3", _size(size, facts, pairs), seed, lambda g, s: _replays(g, s, seed))


@app.command("f4")
def run_f4(size: SizeName = "small", facts: Facts = 0, pairs: Pairs = 0, seed: Seed = 1) -> None:
    """Reads of the cabinet beside an empty route, alone and while a file is taken in; then F8 of what was taken in."""
    _measure("f4", _size(size, facts, pairs), seed, lambda g, s: _reads(g, s, seed))


@app.command("f5")
def run_f5(size: SizeName = "small", pairs: Pairs = 0, seed: Seed = 1) -> None:
    """The same reads with few accounts and with many, each with two years of statements."""
    _measure("f5", _size(size, 0, pairs), seed, lambda g, s: _grown(g, s, seed))


@app.command("f8")
def run_f8(size: SizeName = "small", facts: Facts = 0, seed: Seed = 1) -> None:
    """Bytes on disk a fact, by table and index: the first month with its accounts, and a further month."""
    _measure("f8", _size(size, facts, 1), seed, lambda g, s: _bytes(g, s, seed))


@app.command("scale")
def run_scale(size: SizeName = "small", facts: Facts = 0, pairs: Pairs = 0, seed: Seed = 1) -> None:
    """F9: what a fact costs with one, two and four projectors."""
    _measure("scale", _size(size, facts, pairs), seed, lambda g, s: _scaled(g, s, seed))


@app.command("ledger")
def run_ledger(size: SizeName = "small", facts: Facts = 0, pairs: Pairs = 0, seed: Seed = 1) -> None:
    """What concerns the ledger: F1 to F5 and F8, one table."""

    def every(on: Ground, size: Size) -> list[Figure]:
        return [
            *_pairs_of_f1(on, size, seed, beside=True), *_freshness(on, size, seed), *_replays(on, size, seed),
            *_reads(on, size, seed), *_grown(on, size, seed),
        ]  # fmt: skip

    _measure("ledger", _size(size, facts, pairs), seed, every)


@app.command("intake")
def run_intake(size: SizeName = "small", rows: Rows = 0, seed: Seed = 1, beside: Beside = True) -> None:
    """A provider's file into the event store, the gate on and the relay running; pushes; files in opposite orders."""
    chosen = replace(SIZES[size], facts=rows or UPLOAD_ROWS[size], pairs=1)
    _measure("intake", chosen, seed, lambda g, s: _intake(g, s, seed, beside=beside))


@app.command("pushes")
def run_pushes(size: SizeName = "tiny", seed: Seed = 1) -> None:
    """Single pushes by fifty clients at once, beside nothing: milliseconds, and what a push costs each process."""
    _measure("pushes", replace(SIZES[size], facts=UPLOAD_ROWS[size], pairs=1), seed, lambda g, s: _pushes(g, s, seed))


@app.command("resent")
def run_resent(rows: Rows = 200_000, seed: Seed = 1) -> None:
    """A file sent again whole with some rows corrected, then undone by facts; memory of each process."""
    _measure("resent", replace(SIZES["small"], facts=rows, pairs=1), seed, lambda g, s: _resent(g, s, seed))


@app.command("identity")
def run_identity(seconds: float = 4.0, rounds: Pairs = 0) -> None:
    """The check of a token, sign-in beside the bare hash, refresh beside an empty Flask route."""
    count = rounds or 5
    with ground() as on:
        _say(f"servers: {on.source}")
        found = identity.figures(identity.measure(on, count, seconds))
        text = report.write("identity", found, on, {"rounds": count, "seconds": seconds})
    console.print(Markdown(text))
    _say(f"written to {report.FOLDER / 'identity'}.md and .json")


@app.command("all")
def run_all(size: SizeName = "small", facts: Facts = 0, pairs: Pairs = 0, seed: Seed = 1) -> None:
    """All of them, one table."""

    def every(on: Ground, size: Size) -> list[Figure]:
        return [
            *_pairs_of_f1(on, size, seed, beside=True), *_freshness(on, size, seed), *_replays(on, size, seed)
        ]  # fmt: skip

    _measure("figures", _size(size, facts, pairs), seed, every)


@app.command("refusals")
def run_refusals(turns: Turns = 1000, hashed_turns: HashedTurns = 100) -> None:
    """Whether the time of a refusal tells why: of signing in, resets, registrations and accounts added."""
    with ground() as on:
        _say(f"servers: {on.source}")
        found = refusals.figures(refusals.measure(on, turns, hashed_turns, _say))
        text = report.write("refusals", found, on, {"turns": turns, "hashed_turns": hashed_turns})
    console.print(Markdown(text))
    _say(f"written to {report.FOLDER / 'refusals'}.md and .json")


def _size(name: str, facts: int, pairs: int) -> Size:
    size = SIZES[name]
    return replace(size, facts=facts or size.facts, pairs=pairs or size.pairs)


def _measure(name: str, size: Size, seed: int, work: Callable[[Ground, Size], list[Figure]]) -> None:
    asked: dict[str, Any] = {"facts": size.facts, "accounts": size.accounts, "pairs": size.pairs, "seed": seed}
    with ground() as on:
        _say(f"servers: {on.source}")
        text = report.write(name, work(on, size), on, asked)
    console.print(Markdown(text))
    _say(f"written to {report.FOLDER / name}.md and .json")


def _pairs_of_f1(on: Ground, size: Size, seed: int, *, beside: bool) -> list[Figure]:
    roads, bares, libraries = [], [], []
    per_save = _best_per_save(on, size) if beside else 0
    if beside:
        # What the broker's machine compiles in its first half minute belongs to neither.
        with _stage("the broker warms up"):
            yardsticks.bare(on, min(size.facts, 200_000))
    for number in range(size.pairs):
        with _stage(f"F1 {number + 1}/{size.pairs}"), centre(on) as one:
            roads.append(f1.measure(f1.opened(one, size, seed + number)))
        road = roads[-1]
        spent = ", ".join(f"{name} {value:.1f}" for name, value in road.cpu_s.items())
        _say(f"  {road.facts_per_s:,.0f} facts/s; spooled {road.spooled_s:.1f} s, appended {road.appended_s:.1f} s, "
             f"visible {road.seconds:.1f} s; CPU seconds: {spent}")  # fmt: skip
        if beside:
            with _stage("  bare pipeline"):
                bares.append(yardsticks.bare(on, size.facts))
            with _stage("  eventsourcing library"):
                libraries.append(yardsticks.library(on, size.library_facts, per_save))
            _say(f"  bare pipeline {bares[-1].end_to_end:,.0f}, library {libraries[-1]:,.0f} facts/s")
    return _f1_figures(roads, bares, libraries, per_save)


def _f1_figures(
    roads: list[f1.Road], bares: list[yardsticks.Bare], libraries: list[float], per_save: int
) -> list[Figure]:
    speeds = tuple(road.facts_per_s for road in roads)
    figures = [Figure("F1 file to visible in the ledger", "facts/s", speeds, 10_000)]
    if bares:
        to_bare = tuple(speed / bare.end_to_end for speed, bare in zip(speeds, bares, strict=True))
        to_library = tuple(speed / library for speed, library in zip(speeds, libraries, strict=True))
        figures += [
            Figure("F1 : bare pipeline", "×", to_bare, 0.8),
            Figure("F1 : eventsourcing library", "×", to_library, 5),
            Figure("bare pipeline end to end", "facts/s", tuple(bare.end_to_end for bare in bares)),
            Figure("bare pipeline, CPU in all", "µs/fact", tuple(bare.cpu_per_fact_us for bare in bares)),
            Figure(f"eventsourcing library end to end, {per_save} facts a save", "facts/s", tuple(libraries)),
        ]
    figures += [
        Figure("F1 spooled after", "s", tuple(road.spooled_s for road in roads)),
        Figure("F1 upload appended in", "s", tuple(road.appended_s for road in roads)),
        Figure("F1 visible after", "s", tuple(road.seconds for road in roads)),
    ]
    return figures + _cpu_figures(roads)


def _cpu_figures(roads: list[f1.Road]) -> list[Figure]:
    """What a fact costs; unlike facts a second this hardly depends on who else uses the machine."""
    whole = tuple(road.whole_cpu_s / road.facts * 1e6 for road in roads)
    names = sorted(name for name in roads[0].cpu_s if all(name in road.cpu_s for road in roads))
    return [Figure("F1 CPU in all", "µs/fact", whole)] + [
        Figure(f"F1 CPU of {name}", "µs/fact", tuple(road.cpu_s[name] / road.facts * 1e6 for road in roads))
        for name in names
    ]


def _best_per_save(on: Ground, size: Size) -> int:
    with _stage("the library's best batch size"):
        tried = {per_save: yardsticks.library(on, size.library_facts // 2, per_save) for per_save in PER_SAVE}
    return max(tried, key=lambda per_save: tried[per_save])


def _freshness(on: Ground, size: Size, seed: int) -> list[Figure]:
    with _stage(f"F2 {size.pushes_per_second}/s for {size.push_seconds} s"), centre(on) as one:
        found = f2.measure(f1.opened(one, replace(size, facts=size.sample * 10), seed), size, seed)
    _say(f"  p50 {found.p50_ms:.0f} ms, p99 {found.p99_ms:.0f} ms, {found.per_second:.0f} pushes/s")
    return [
        Figure("F2 push to answered, p50", "ms", (found.p50_ms,), 50, less_is_better=True),
        Figure("F2 push to answered, p99", "ms", (found.p99_ms,), 250, less_is_better=True),
        Figure("F2 pushes", "/s", (found.per_second,)),
        *_cpu_a_push("F2", found.cpu_s, found.pushes),
    ]


def _replays(on: Ground, size: Size, seed: int) -> list[Figure]:
    found = []
    with centre(on) as one:
        with _stage("F3 filling the log"):
            f1.measure(f1.opened(one, size, seed))
            for package, command in (("ledger", "relay"), ("ledger", "web")):
                one.stop(package, command)
        for number in range(size.pairs):
            with _stage(f"F3 {number + 1}/{size.pairs}"):
                found.append(f3.measure(one))
            _say(f"  {found[-1].facts_per_s:,.0f} facts/s, consume only {found[-1].consumed_per_s:,.0f}")
    return [
        Figure("F3 replay into an empty ledger", "facts/s", tuple(r.facts_per_s for r in found), 25_000),
        Figure("F3 : consume only", "×", tuple(r.facts_per_s / r.consumed_per_s for r in found), 1 / 3),
        Figure("consume only", "facts/s", tuple(r.consumed_per_s for r in found)),
        Figure("F3 CPU of ledger project", "µs/fact", tuple(r.cpu_s / r.facts * 1e6 for r in found)),
    ]


def _scaled(on: Ground, size: Size, seed: int) -> list[Figure]:
    found: dict[int, list[f9.Scaled]] = {workers: [] for workers in f9.WORKERS}
    with centre(on) as one:
        with _stage("F9 filling the log"):
            f1.measure(f1.opened(one, size, seed))
            one.stop_all()
        facts = f3.in_the_log(one)
        for number in range(size.pairs):
            for workers in f9.WORKERS:
                with _stage(f"F9 {number + 1}/{size.pairs}, {workers} projectors"):
                    found[workers].append(f9.measure(one, workers, facts))
                _say(f"  {found[workers][-1]}")
    figures = []
    for workers, runs in found.items():
        name = f"F9 {workers} projectors" if workers > 1 else "F9 1 projector"
        kept = tuple(first.whole_us / run.whole_us for first, run in zip(found[1], runs, strict=True))
        figures += [
            Figure(f"{name}, processor a fact : with one", "×", kept, 0.85),
            Figure(f"{name}, processor of projectors", "µs/fact", tuple(run.projectors_us for run in runs)),
            Figure(f"{name}, processor of the servers", "µs/fact", tuple(run.servers_us for run in runs)),
            Figure(f"{name}, sessions that wait for a lock", "%", tuple(100 * run.locked for run in runs)),
            Figure(f"{name}, on this machine", "facts/s", tuple(run.facts_per_s for run in runs)),
        ]
    return figures


def _reads(on: Ground, size: Size, seed: int) -> list[Figure]:
    with f4.empty_route(on) as empty, centre(on) as one:
        with _stage("F4 opening"):
            city = f1.opened(one, size, seed)
        base, opened = one.url("ledger"), f4.open_month(city.resident, city.sample, traffic.PERIOD)
        residents = residents_of(one.urls["ledger"], city.sample, ACCOUNTS_EACH)
        issued = f4.issued_month(residents, traffic.PERIOD)

        def pair(ask: f4.Ask) -> f4.Pair:
            found = f4.pair(empty, base, ask, size.read_seconds)
            _say(f"  {found.ours.per_second:,.0f} reads/s, p99 {found.ours.p99_ms:.0f} ms; "
                 f"empty {found.empty.per_second:,.0f}/s, p99 {found.empty.p99_ms:.0f} ms")  # fmt: skip
            return found

        with _stage("F4 open month, while F1 runs"):
            open_busy = f4.pairs_while(lambda: void(f1.measure(city)), lambda: pair(opened))
        with _stage("F4 open month, alone"):
            open_alone = [pair(opened) for _ in range(size.pairs)]
        stored = _stored(f8.lines("first month with accounts", f8.taken(one), city.traffic.facts))
        with _stage("F4 the month is closed"):
            f4.close_month(city)
            following = city.with_month(MONTHS[-1], seed)
        with _stage("F4 issued month, alone"):
            alone = [pair(issued) for _ in range(size.pairs)]
        with _stage("F4 issued month, while F1 runs"):
            busy = f4.pairs_while(lambda: void(f1.measure(following)), lambda: pair(issued))
    return [
        *_read_figures("F4 issued month, alone", alone),
        *_read_figures("F4 issued month, while F1 runs", busy),
        *_read_figures("F4 open month, alone", open_alone),
        *_read_figures("F4 open month, while F1 runs", open_busy),
        *stored,
    ]


def _bytes(on: Ground, size: Size, seed: int) -> list[Figure]:
    with centre(on) as one:
        with _stage("F8 the first month"):
            city = f1.opened(one, size, seed, MONTHS[0])
            f1.measure(city)
        stored = [f8.taken(one)]
        for month in MONTHS[1:]:
            with _stage(f"F8 {month}"):
                city = city.with_month(month, seed)
                f1.measure(city)
            stored.append(f8.taken(one))
        facts, further = city.traffic.facts, stored[-1].less(stored[-2])
        found = [*f8.lines("further month", further, facts, 700),
                 *f8.lines("second month", stored[1].less(stored[0]), facts),
                 *f8.lines("first month with accounts", stored[0], facts)]  # fmt: skip
        return _stored([*found, f8.memory(one)])


def _stored(found: Iterable[f8.Stored]) -> list[Figure]:
    return [Figure(f"F8 {name}", unit, (value,), goal, less_is_better=True) for name, unit, value, goal in found]


def void(_: object) -> None:
    """Forgets an answer."""


def _read_figures(name: str, pairs: list[f4.Pair]) -> list[Figure]:
    return [
        Figure(f"{name}, reads : empty route", "×", tuple(p.throughput for p in pairs), 0.6),
        Figure(f"{name}, p99 : empty route's", "×", tuple(p.p99 for p in pairs), 2, less_is_better=True),
        Figure(f"{name}, reads", "/s", tuple(p.ours.per_second for p in pairs)),
        Figure(f"{name}, p50", "ms", tuple(p.ours.p50_ms for p in pairs)),
        Figure(f"{name}, p99", "ms", tuple(p.ours.p99_ms for p in pairs)),
        Figure(f"{name}, empty route", "/s", tuple(p.empty.per_second for p in pairs)),
    ]


def _grown(on: Ground, size: Size, seed: int) -> list[Figure]:
    """The same reads over a small and a large ledger, the two taking turns."""
    del seed
    with f4.empty_route(on) as empty, centre(on) as few, centre(on) as many:
        who: dict[str, tuple[str, list[Resident]]] = {}
        for one, name, count in ((few, "few", size.few_accounts), (many, "many", size.many_accounts)):
            with _stage(f"F5 filling {count:,} accounts"):
                accounts = full_ledger.fill(one.urls["ledger"], one.prefix, count)
                sample = accounts[:: max(1, len(accounts) // size.sample)][: size.sample]
                one.start("ledger", "web")
                who[name] = (one.url("ledger"), residents_of(one.urls["ledger"], sample, ACCOUNTS_EACH))
        found: dict[str, list[f4.Pair]] = {"few": [], "many": []}
        for number in range(size.pairs):
            with _stage(f"F5 {number + 1}/{size.pairs}"):
                for name, (base, residents) in who.items():
                    ask = f4.issued_month(residents, full_ledger.MONTHS[-1 - number % 24])
                    found[name].append(f4.pair(empty, base, ask, size.read_seconds))
            last = {name: pairs[-1].ours.per_second for name, pairs in found.items()}
            _say(f"  few {last['few']:,.0f}, many {last['many']:,.0f} reads/s")
    slower = tuple(a.throughput / b.throughput for a, b in zip(found["few"], found["many"], strict=True))
    return [
        Figure(f"F5 {size.few_accounts:,} : {size.many_accounts:,} accounts", "×", slower, 1.3, less_is_better=True),
        *_read_figures(f"F5 {size.few_accounts:,} accounts", found["few"]),
        *_read_figures(f"F5 {size.many_accounts:,} accounts", found["many"]),
    ]


def _intake(on: Ground, size: Size, seed: int, *, beside: bool) -> list[Figure]:
    rows, accounts = size.facts, size.accounts
    with centre(on) as one:
        with _stage(f"opening {accounts} accounts, loading the month before"):
            keys = intake.opened(one, accounts)
            key = keys[intake.PROVIDER]
            before = intake.written(one.folder, "2026-09", rows, accounts, seed)
            intake.upload(one, key, before, rows)
            before.unlink()
            file = intake.written(one.folder, "2026-10", rows, accounts, seed)
        with _stage(f"{rows} rows"), intake.watched(one) as memory:
            taken = intake.upload(one, key, file, rows)
        with _stage("COPY of the same bytes"):
            copied = rows / intake.copied(on, file)
        with _stage("single pushes by fifty clients"):
            pushes = intake.pushed(one, key, accounts)
        with _stage("two files in opposite orders"):
            both = intake.contended(one, key, rows // 5, accounts)
    library = 0.0
    if beside:
        with _stage("eventsourcing library, append alone"):
            library = max(yardsticks.library(on, size.library_facts * 10, each, "append") for each in PER_SAVE)
    return _intake_figures(taken, memory, copied, pushes, both, library)


def _intake_figures(
    taken: intake.Taken,
    memory: intake.Memory,
    copied: float,
    pushes: intake.Pushed,
    both: intake.Contended,
    library: float,
) -> list[Figure]:
    figures = [
        Figure("upload, first byte to appended", "rows/s", (taken.rows_per_s,), 15_000),
        Figure("upload, first byte to published", "rows/s", (taken.rows / taken.published_s,)),
        Figure("spooled after", "s", (taken.spooled_s,)),
        Figure("the same file again, all duplicates", "rows/s", (taken.rows / taken.again_s,)),
        Figure("plain COPY of the same bytes", "rows/s", (copied,)),
        Figure("upload : COPY", "×", (taken.rows_per_s / copied,)),
    ]
    if library:
        figures += [
            Figure("eventsourcing library, append alone at its best batch size", "facts/s", (library,)),
            Figure("upload : eventsourcing library", "×", (taken.rows_per_s / library,)),
        ]
    figures += [Figure(f"CPU of {n}", "µs/row", (s / taken.rows * 1e6,)) for n, s in sorted(taken.cpu_s.items())]
    figures += _memory_figures(memory)
    figures += _push_figures(pushes)
    figures += [
        Figure("two files over the same accounts in opposite orders", "rows/s", (both.rows_per_s,)),
        Figure("… deadlocks that PostgreSQL found", "", (both.deadlocks,)),
        Figure("… batches that had to be tried again", "", (both.halved,)),
    ]
    return figures


def _pushes(on: Ground, size: Size, seed: int) -> list[Figure]:
    with centre(on) as one:
        with _stage(f"opening {size.accounts} accounts, loading the month before"):
            key = intake.opened(one, size.accounts)[intake.PROVIDER]
            before = intake.written(one.folder, "2026-09", size.facts, size.accounts, seed)
            intake.upload(one, key, before, size.facts)
        with _stage("single pushes by fifty clients"):
            return _push_figures(intake.pushed(one, key, size.accounts))


def _resent(on: Ground, size: Size, seed: int) -> list[Figure]:
    with centre(on) as one:
        with _stage(f"opening {size.accounts} accounts"):
            key = intake.opened(one, size.accounts)[intake.PROVIDER]
        with _stage(f"{size.facts} rows, sent again, undone"), intake.watched(one) as memory:
            found = intake.resent(one, key, size.facts, size.accounts, seed)
    return [
        Figure("a corrected file in the place of the first", "rows/s", (found.superseded_per_s,)),
        *(Figure(f"… rows {what}", "", (count,)) for what, count in found.differences.items()),
        Figure("the batch undone by facts", "rows/s", (found.reverted_per_s,)),
        Figure("… rows undone", "", (found.reverted,)),
        *_memory_figures(memory),
    ]


def _memory_figures(memory: intake.Memory) -> list[Figure]:
    return [
        Figure(f"memory of {name}, most", "MiB", (most,), 250, less_is_better=True)
        for name, most in sorted(memory.most.items())
    ]


def _push_figures(pushes: intake.Pushed) -> list[Figure]:
    took, name = pushes.took_ms, f"single push, {intake.PUSHERS} clients"
    return [
        Figure(f"{name}, p50", "ms", (took[len(took) // 2],)),
        Figure(f"{name}, p99", "ms", (took[len(took) * 99 // 100],), 100, less_is_better=True),
        Figure(f"{name}, all", "/s", (pushes.per_second,)),
        *_cpu_a_push(name, pushes.cpu_s, len(took)),
    ]


def _cpu_a_push(name: str, cpu_s: Mapping[str, float], pushes: int) -> list[Figure]:
    return [Figure(f"{name}, CPU of {one}", "µs/push", (spent / pushes * 1e6,)) for one, spent in sorted(cpu_s.items())]


def _stage(text: str) -> AbstractContextManager[object]:
    """A turning wheel on a terminal, a line elsewhere."""
    if console.is_terminal:
        return console.status(text)
    _say(text)
    return nullcontext()


def _say(text: str) -> None:
    console.print(text, highlight=False)


if __name__ == "__main__":
    app()
