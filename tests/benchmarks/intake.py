"""Intake alone, the gate on and the relay running: a provider's file from its first byte to appended; single pushes;
two files over the same accounts in opposite orders.

The month before was loaded first, with amounts near those that are measured, so that the gate has a history to ask.
"""

import asyncio
import random
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

import psutil
import psycopg

from tests.benchmarks import f1, traffic
from tests.benchmarks.centre import Centre
from tests.benchmarks.doors import Door, Unexpected
from tests.benchmarks.ground import Ground
from tests.benchmarks.wires import Wire

PROVIDER, OTHER = "city-water", "city-heat"
PUSHERS, PUSHES_EACH = 50, 60


@dataclass(frozen=True)
class Taken:
    """One upload measured: rows a second from its first byte, and what its rows cost each process."""

    rows: int
    seconds: float
    spooled_s: float
    published_s: float
    cpu_s: dict[str, float]
    again_s: float

    @property
    def rows_per_s(self) -> float:
        """From the first byte to appended."""
        return self.rows / self.seconds


@dataclass(frozen=True)
class Pushed:
    """Single pushes by fifty clients: milliseconds of each, sorted; how long all took; what one cost each process."""

    took_ms: list[float]
    seconds: float
    cpu_s: dict[str, float]

    @property
    def per_second(self) -> float:
        """Pushes answered a second."""
        return len(self.took_ms) / self.seconds


@dataclass(frozen=True)
class Contended:
    """Two files over the same accounts in opposite orders, at once."""

    rows_per_s: float
    deadlocks: int
    halved: int


@dataclass(frozen=True)
class Resent:
    """A file sent again whole, and undone: rows a second, differences, rows undone."""

    superseded_per_s: float
    differences: dict[str, int]
    reverted_per_s: float
    reverted: int


@dataclass
class Memory:
    """The largest resident size that each process ever had, MiB."""

    most: dict[str, float] = field(default_factory=dict)


def opened(centre: Centre, accounts: int) -> dict[str, str]:
    """Keys of two providers; the accounts are open. Nothing of the ledger runs."""
    for command in ("web", "load", "relay"):
        centre.start("provider_sync", command)
    centre.operator("operators", "issue", "bench", "--save")
    keys = {}
    for provider in (PROVIDER, OTHER):
        centre.operator("providers", "add", provider, "--name-ru", provider, "--name-kk", provider)
        issue = ("keys", "issue", "--owner", provider, "--scopes", traffic.SCOPES, "--label", "bench", "--json")
        keys[provider] = "Bearer " + str(centre.operator(*issue)["key"])
    f1.open_accounts(centre, keys, accounts)
    return keys


def lines(period: str, rows: int, accounts: int, seed: int) -> Iterator[str]:
    """A month of one provider: equal seeds give near amounts in every month, so that nothing looks odd."""
    rng, month = random.Random(seed), random.Random(f"{period}/{seed}")
    known, services = traffic.accounts(accounts), traffic.SERVICES[PROVIDER]
    charges = 0
    for number in range(rows):
        if number % traffic.PAYMENT_EVERY in (4, 12, 20):
            yield (
                f'{{"kind":"payment.received","reference":"p-{period}-{number:07d}","account":"{rng.choice(known)}",'
                f'"paid_at":"{period}-{number % 28 + 1:02d}T10:15:00Z","amount":"{month.randrange(500, 30_000)}.00",'
                f'"channel":"bank"}}\n'
            )
        else:
            service, account = services[charges // len(known) % len(services)], known[charges % len(known)]
            charges += 1
            amount = rng.randrange(10_000, 2_000_000) * month.randrange(90, 111) // 100
            yield (
                f'{{"kind":"charge.posted","reference":"c-{period}-{number:07d}","account":"{account}",'
                f'"service":"{service}","period":"{period}","from":"{period}-01","to":"{period}-30",'
                f'"volume":"{amount / 650_000:.6f}","unit":"m3","tariff":"6512.34",'
                f'"amount":"{amount // 100}.{amount % 100:02d}","basis":"meter"}}\n'
            )


def written(folder: Path, period: str, rows: int, accounts: int, seed: int) -> Path:
    """The month as a file."""
    path = folder / f"{period}.ndjson"
    with path.open("w", encoding="ascii") as file:
        file.writelines(lines(period, rows, accounts, seed))
    return path


def upload(centre: Centre, key: str, file: Path, rows: int) -> Taken:
    """One file from its first byte to appended and published, then once more for its duplicates."""
    centre.ground.settle()
    door, before = Door(centre.url("provider_sync"), key), centre.cpu_s()
    begun = time.monotonic()
    ident = door.upload(file, file.stem)
    spooled = time.monotonic() - begun
    state = door.finished(ident)
    seconds = time.monotonic() - begun
    if state["rows"]["accepted"] != rows:
        raise Unexpected(f"{state['rows']} of {rows} rows, {state['problems']}")
    published = _published(centre, begun)
    spent = {name: round(after - before.get(name, 0.0), 2) for name, after in centre.cpu_s().items()}
    begun = time.monotonic()
    repeat = door.ended(door.upload(file, f"{file.stem}-again"))
    if repeat["rows"]["duplicate"] != rows:
        raise Unexpected(f"a repeat gave {repeat['rows']}")
    again = time.monotonic() - begun
    door.close()
    return Taken(rows, seconds, spooled, published, spent, again)


def _published(centre: Centre, begun: float) -> float:
    """Seconds until the relay has sent everything."""
    deadline = time.monotonic() + 1800
    with psycopg.connect(centre.urls["provider_sync"], autocommit=True) as conn:
        while conn.execute("SELECT EXISTS (SELECT FROM outbox)").fetchone() == (True,):
            if time.monotonic() > deadline:
                raise Unexpected("the outbox is never empty")
            time.sleep(0.1)
    return time.monotonic() - begun


def resent(centre: Centre, key: str, rows: int, accounts: int, seed: int) -> Resent:
    """A file; the same with two in a hundred amounts changed and every thousandth row left out; then all undone."""
    door, wrong, right = Door(centre.url("provider_sync"), key), centre.folder / "wrong", centre.folder / "right"
    sent = list(lines("2026-10", rows, accounts, seed + 1))
    wrong.write_text("".join(sent), encoding="ascii")
    right.write_text("".join(_corrected(n, line) for n, line in enumerate(sent) if n % 1000 != 7), encoding="ascii")
    first = door.upload(wrong, "resent")
    door.ended(first)
    begun = time.monotonic()
    state = door.ended(door.upload(right, "resent", f"&supersedes={first}"))
    superseded = time.monotonic() - begun
    differences = {what: found["rows"] for what, found in state["differences"].items()}
    if state["state"] != "done" or not all(differences[what] for what in ("adjusted", "replaced", "missing")):
        raise Unexpected(str(state))
    begun = time.monotonic()
    undone = centre.operator("uploads", "revert", first, "--reason", "measured", "--json")
    reverted = time.monotonic() - begun
    door.close()
    return Resent(rows / superseded, differences, undone["rows"] / reverted, undone["rows"])


def _corrected(number: int, line: str) -> str:
    """A charge and a payment in every hundred rows: the one is adjusted, the other undone and said anew."""
    return line.replace('"amount":"', '"amount":"1', 1) if number % 100 in (5, 12) else line


def copied(ground: Ground, file: Path) -> float:
    """Seconds of a plain COPY of the same bytes into a table of one column."""
    with ground.empty_database() as url, psycopg.connect(url) as conn:
        conn.execute("CREATE TABLE lines (line text)")
        conn.commit()
        ground.settle()
        begun = time.monotonic()
        # Neither the delimiter nor the quote stands in the file, so every line is one cell.
        copy = "COPY lines FROM STDIN WITH (FORMAT csv, DELIMITER E'\\x01', QUOTE E'\\x02')"
        with conn.cursor() as cursor, cursor.copy(copy.encode()) as sink, file.open("rb") as source:
            while piece := source.read(1 << 20):
                sink.write(piece)
        conn.commit()
        return time.monotonic() - begun


def pushed(centre: Centre, key: str, accounts: int) -> Pushed:
    """Single pushes by fifty clients at once, each over a connection of its own."""
    base, known, before = centre.url("provider_sync"), traffic.accounts(accounts), centre.cpu_s()
    took: list[float] = []

    async def client(number: int) -> None:
        wire = await Wire.to(base, key)
        for nth in range(PUSHES_EACH):
            begun = time.monotonic()
            answer = await wire.post("/v1/facts", _push(f"push-{number}-{nth}", known[number * 7 + nth]))
            took.append((time.monotonic() - begun) * 1000)
            if b'"accepted"' not in answer and b'"held"' not in answer:
                raise Unexpected(answer.decode(errors="replace"))
        wire.close()

    async def clients() -> None:
        await asyncio.gather(*(client(number) for number in range(PUSHERS)))

    begun = time.monotonic()
    asyncio.run(clients())
    seconds = time.monotonic() - begun
    spent = {name: after - before.get(name, 0.0) for name, after in centre.cpu_s().items()}
    return Pushed(sorted(took), seconds, spent)


def _push(reference: str, account: str) -> str:
    return (
        f'{{"facts":[{{"kind":"charge.posted","reference":"{reference}","account":"{account}","service":'
        f'"{traffic.SERVICES[PROVIDER][0]}","period":"2026-11","amount":"10.00","basis":"fixed"}}]}}'
    )


def contended(centre: Centre, key: str, rows: int, accounts: int) -> Contended:
    """Two files of payments that name the same accounts, one forwards and one backwards."""
    known = traffic.accounts(accounts)
    files = {}
    for way, order in (("forwards", known), ("backwards", known[::-1])):
        files[way] = centre.folder / f"{way}.ndjson"
        with files[way].open("w", encoding="ascii") as out:
            out.writelines(
                f'{{"kind":"payment.received","reference":"{way}-{n}","account":"{order[n % accounts]}",'
                f'"paid_at":"2026-11-03T10:00:00Z","amount":"100.00","channel":"bank"}}\n'
                for n in range(rows)
            )
    before, begun = _deadlocks(centre), time.monotonic()
    with ThreadPoolExecutor(2) as senders:
        list(senders.map(lambda way: _whole(centre, key, files[way], way, rows), files))
    seconds = time.monotonic() - begun
    log = (centre.folder / "provider_sync-load.log").read_text(errors="replace")
    return Contended(2 * rows / seconds, _deadlocks(centre) - before, log.count("batch contended"))


def _whole(centre: Centre, key: str, file: Path, batch: str, rows: int) -> None:
    """Every row of the file is accepted: no error of a lock reaches its sender."""
    door = Door(centre.url("provider_sync"), key)
    state = door.finished(door.upload(file, batch))
    door.close()
    if state["rows"]["accepted"] != rows:
        raise Unexpected(f"{batch}: {state['rows']}")


def _deadlocks(centre: Centre) -> int:
    with psycopg.connect(centre.urls["provider_sync"]) as conn:
        row = conn.execute("SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()").fetchone()
    return int(row[0]) if row else 0


@contextmanager
def watched(centre: Centre) -> Iterator[Memory]:
    """Looks at every process of the centre five times a second, at its children and at commands that run meanwhile."""
    memory, stop = Memory(), threading.Event()

    def look() -> None:
        while not stop.wait(0.2):
            for name, parent in _processes(centre):
                with suppress(psutil.NoSuchProcess):
                    sizes = [one.memory_info().rss / 2**20 for one in (parent, *parent.children(recursive=True))]
                    memory.most[name] = max(memory.most.get(name, 0.0), *sizes)

    watcher = threading.Thread(target=look)
    watcher.start()
    try:
        yield memory
    finally:
        stop.set()
        watcher.join()


def _processes(centre: Centre) -> Iterator[tuple[str, psutil.Process]]:
    """Those of the centre by their names, and the operator's commands."""
    names = {one.process.pid: name for name, one in list(centre.running.items())}
    for process in psutil.Process().children():
        with suppress(psutil.NoSuchProcess):
            if process.pid in names:
                yield names[process.pid], process
            elif "provider_sync" in process.cmdline():
                yield f"the command {' '.join(process.cmdline()[3:5])}", process
