"""One fault run: `python -m tests.faults.run --seed 1 --facts 20000 --kills 20`.

Prints one line of JSON. When a promise is broken the exit code is 1 and logs, history and findings stay in the folder
it names.
"""

import json
import queue
import shutil
import statistics
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, field
from functools import partial
from pathlib import Path
from typing import Annotated

import psycopg
import typer

from common import kafka
from native.paths import RUN
from native.waiting import TooLate, until
from tests.faults import audit, city
from tests.faults.centre import Centre, number, rows, running
from tests.faults.city import BANK, UTILITY, City, Parcel
from tests.faults.client import Client, paced
from tests.faults.history import History
from tests.faults.keeper import poll_until
from tests.faults.monkey import Monkey

SCOPES = {
    UTILITY: "accounts,meters,charges,services:*,master-data",
    BANK: "payments,services:*",
}
CALM_S = 150.0


@dataclass(frozen=True)
class Plan:
    """What a run consists of; `a_second` is the pace of the two providers together."""

    seed: int
    facts: int
    kills: int
    kinds: tuple[str, ...] = ()
    a_second: float = 150.0
    accounts: int = 0
    parcel: tuple[int, int] = (50, 200)

    @property
    def people(self) -> int:
        """How many accounts there are."""
        return self.accounts or max(20, self.facts // 50)


@dataclass
class Report:
    """The line that is printed."""

    seed: int
    facts: int
    kills: int
    acked: int = 0
    rejected: int = 0
    unknown: int = 0
    lost: int = 0
    doubled: int = 0
    p50_ms: int = 0
    p99_ms: int = 0
    seconds: float = 0.0
    killed: list[str] = field(default_factory=list)
    exits: dict[str, list[int]] = field(default_factory=dict)
    wrong: list[str] = field(default_factory=list)


@dataclass
class Run:
    """A run on a centre that is up."""

    centre: Centre
    plan: Plan
    keys: dict[str, str] = field(default_factory=dict)
    stop: threading.Event = field(default_factory=threading.Event)
    samples: "queue.SimpleQueue[tuple[str, float]]" = field(default_factory=queue.SimpleQueue)
    killed: list[str] = field(default_factory=list)
    delays: list[float] = field(default_factory=list)
    failed: list[BaseException] = field(default_factory=list)
    history: History = field(init=False)

    def __post_init__(self) -> None:
        self.history = History(self.centre.folder / "history.jsonl")

    @property
    def second(self) -> Path:
        """Where the key of the operator is who confirms closes."""
        return self.centre.folder / "second.key"

    @property
    def ledger(self) -> str:
        """The ledger's database."""
        return self.centre.database("ledger-project")

    @property
    def intake(self) -> str:
        """provider-sync's database."""
        return self.centre.database("provider-sync-web")

    def prepare(self) -> None:
        """Providers with keys, reference data, open accounts: all of it through the front door."""
        self.operator("operators", "issue", "faults", "--save")
        self.operator("operators", "issue", "second", "--to", str(self.second))
        for provider, scopes in SCOPES.items():
            names = ("--name-ru", provider, "--name-kk", provider)
            self.operator("providers", "add", provider, *names)
            issued = self.operator("keys", "issue", "--owner", provider, "--scopes", scopes, "--label", "t", "--json")
            self.keys[provider] = json.loads(issued)["key"]
        directory, opened = city.register(self.plan.people)
        reference_data = History(self.centre.folder / "directory.jsonl")
        with Client(UTILITY, self.centre.url("provider-sync-web"), self.keys[UTILITY], reference_data) as unrecorded:
            unrecorded.push(directory)
        assert not reference_data.told("rejected"), reference_data.said
        placed = "SELECT count(*) FROM split_orders"
        until(lambda: number(self.ledger, placed) == len(city.SERVICES), 60, "the directory's way to the ledger")
        with self.client(UTILITY) as utility:
            for start in range(0, len(opened), 500):
                utility.push(opened[start : start + 500])
        assert not self.history.told("rejected"), self.history.said

    def client(self, provider: str) -> Client:
        """A provider's program."""
        url = self.centre.url("provider-sync-web")
        return Client(provider, url, self.keys[provider], self.history, self.samples, self.stop)

    def operator(self, *words: str, fine: Sequence[int] = (0,)) -> str:
        """An operator's command of provider-sync; tried again until it succeeds, for it may be killed or refused."""
        environment = self.centre.environment("provider-sync-load")
        for _ in poll_until(120, 0.5):
            ended = subprocess.run(
                [sys.executable, "-m", "provider_sync", *words], env=environment, capture_output=True, text=True,
                timeout=60,
            )  # fmt: skip
            if ended.returncode in fine:
                return ended.stdout
            with (self.centre.folder / "operator.log").open("a") as log:
                log.write(f"{words} {ended.returncode}\n{ended.stdout}{ended.stderr}\n")
        raise AssertionError(f"{words} did not succeed within two minutes; see operator.log")

    def storm(self) -> None:
        """Both providers push, somebody kills, and in the middle the month is closed."""
        begin, plan = self.history.answered, self.plan

        def progress() -> float:
            return (self.history.answered - begin) / plan.facts

        kinds = plan.kinds or tuple(self.centre.targets())
        monkey = Monkey(self.centre, plan.seed, plan.kills, kinds, progress, self.stop, self.killed)
        parcels = list(City(plan.seed, plan.facts, range(plan.people), plan.parcel).parcels())
        with self.beside(monkey.run), self.beside(lambda: self._close(progress)), self.beside(self._probe):
            self.push([parcels[0::4] + parcels[1::4], parcels[2::4] + parcels[3::4]])
            self.stop.set()
        for error in (*self.failed, *monkey.failed):
            raise error

    def push(self, lanes: Sequence[Sequence[Parcel]], a_second: float = 0) -> None:
        """Each provider sends its parcels, as many at a time as there are lanes, at its half of the pace."""
        pace = (a_second or self.plan.a_second) / len(SCOPES) / len(lanes)
        pushing = [
            threading.Thread(target=self._guarded, args=(partial(self._lane, provider, lane, pace),))
            for provider in SCOPES
            for lane in lanes
        ]
        for thread in pushing:
            thread.start()
        for thread in pushing:
            thread.join()

    def _lane(self, provider: str, parcels: Sequence[Parcel], pace: float) -> None:
        own = [parcel for parcel in parcels if parcel.provider == provider]
        with self.client(provider) as client:
            for parcel in paced(iter(own), pace, self.stop):
                client.send(parcel)

    def _close(self, progress: Callable[[], float]) -> None:
        for moment, period in ((0.25, city.EARLIER), (0.5, city.CLOSED)):
            while progress() < moment and not self.stop.is_set():
                self.stop.wait(0.1)
            self.operator("periods", "close", period, "--confirm-key", str(self.second), "--reason", "a fault run")

    def _probe(self) -> None:
        """Measures the way from the acknowledgement to the ledger for the samples that the clients leave."""
        while not self.stop.is_set() or not self.samples.empty():
            try:
                position, told = self.samples.get(timeout=0.1)
            except queue.Empty:
                continue
            self._await_visible(position, told)

    def _await_visible(self, position: str, told: float) -> None:
        account, _, version = position.removeprefix("account/").partition("@")
        query = "SELECT coalesce(max(version), 0) FROM stream_heads WHERE topic = %s AND key = %s"
        for _ in poll_until(CALM_S, 0.2):
            with suppress(psycopg.Error), psycopg.connect(self.ledger, autocommit=True, connect_timeout=3) as conn:
                for _ in poll_until(CALM_S, 0.02):
                    found = conn.execute(query, (audit.ACCOUNTS, account)).fetchone()
                    if found and found[0] >= int(version):
                        self.delays.append(time.monotonic() - told)
                        return

    @contextmanager
    def beside(self, work: Callable[[], None]) -> Iterator[None]:
        """Runs `work` in a thread as long as the block, and to its end."""
        thread = threading.Thread(target=self._guarded, args=(work,))
        thread.start()
        try:
            yield
        finally:
            thread.join()

    def _guarded(self, work: Callable[[], None]) -> None:
        try:
            work()
        except BaseException as error:  # noqa: BLE001  # raised again in the run's own thread
            self.failed.append(error)
            self.stop.set()

    def calm(self, seconds: float = CALM_S) -> None:
        """Nothing waits anywhere: uploads, outboxes, topics."""
        self.centre.wait_ready(seconds)
        self._settled("uploads", lambda: number(self.intake, _UPLOADS), seconds)
        self._settled("provider-sync's outbox", lambda: number(self.intake, _OUTBOX), seconds)
        self._settled("the ledger's lag", lambda: self.lag(self.ledger), seconds)
        self._settled("the ledger's outbox", lambda: number(self.ledger, _OUTBOX), seconds)

    def _settled(self, what: str, waiting: Callable[[], int], seconds: float) -> None:
        for _ in poll_until(seconds, 0.5):
            if waiting() == 0:
                return
        raise TooLate(f"{what} did not run empty within {seconds:.0f} s")

    def lag(self, ledger_url: str) -> int:
        """How many records of the accounts topic a ledger has not applied."""
        ends = kafka.end_offsets(self.centre.kafka, [audit.ACCOUNTS])
        query = "SELECT partition, next_offset FROM consumer_offsets WHERE topic = %s"
        at = {int(str(p)): int(str(n)) for p, n in rows(ledger_url, query, (audit.ACCOUNTS,))}
        return sum(end - at.get(partition, 0) for (_, partition), end in ends.items())

    def resend(self) -> int:
        """Sends what stayed unknown again, with the same references, until everything has a clear answer.

        What the gate held is let in first: at some sizes the drawn amounts are odd enough for it.
        """
        first = len(self.history.told("unknown"))
        self.stop.clear()
        # Each turn starts two of the operator's commands, which take seconds on a busy machine.
        for _ in poll_until(240, 0.2):
            self._let_in()
            unknown = self.history.unknown()
            if not unknown:
                return first
            for provider, facts in unknown.items():
                with self.client(provider) as client:
                    for start in range(0, len(facts), 500):
                        client.push(facts[start : start + 500])
        raise AssertionError(f"{len(self.history.told('unknown'))} rows stay without a clear answer")

    def _let_in(self) -> None:
        """Approves what is held; what is no longer good is refused."""
        why = ("--reason", "the gate is not what is tried here")
        for word in ("approve", "refuse"):
            for one in json.loads(self.operator("held", "batches", "--json")):
                self.operator("held", word, "--batch", str(one["batch"]), *why, fine=(0, _STILL_HELD))


_STILL_HELD = 2
_UPLOADS = "SELECT count(*) FROM uploads WHERE state IN ('received', 'checking', 'appending')"
_OUTBOX = "SELECT count(*) FROM outbox"


def perform(run: Run) -> Report:
    """The whole run on a centre that is up; the audit's findings stand in the report's `wrong`."""
    centre, plan, begun = run.centre, run.plan, time.monotonic()
    report = Report(plan.seed, plan.facts, plan.kills)
    try:
        run.prepare()
        run.storm()
        run.calm()
        before = audit.oracle(run.history, centre, run.ledger)
        report.unknown = run.resend()
        run.calm()
        after = audit.books(run.history, centre, run.ledger)
        report.lost, report.doubled = max(before.lost, after.lost), max(before.doubled, after.doubled)
        report.wrong = before.wrong + [w for w in after.wrong if w not in before.wrong]
    except Exception as error:  # noqa: BLE001  # a run that cannot end is a finding like another
        report.wrong.append(f"{type(error).__name__}: {error}")
    report.acked, report.rejected = len(run.history.told("acked")), len(run.history.told("rejected"))
    report.killed = run.killed
    report.exits, report.seconds = centre.keeper.exits(), round(time.monotonic() - begun, 1)
    _measured(report, run.delays)
    return report


def _measured(report: Report, delays: list[float]) -> None:
    if len(delays) > 1:
        cuts = statistics.quantiles(delays, n=100)
        report.p50_ms, report.p99_ms = round(cuts[49] * 1000), round(cuts[98] * 1000)


def keep_findings(centre: Centre, report: Report) -> None:
    """On failure the folder keeps logs, history and the report; otherwise it goes."""
    if report.wrong:
        (centre.folder / "report.json").write_text(json.dumps(asdict(report), ensure_ascii=False, indent=2))
    else:
        shutil.rmtree(centre.folder, ignore_errors=True)


def main(
    seed: Annotated[int, typer.Option(help="Of facts, moments and victims.")] = 1,
    facts: Annotated[int, typer.Option(help="How many both providers send.")] = 20_000,
    kills: Annotated[int, typer.Option(help="How many processes die.")] = 20,
    kinds: Annotated[str, typer.Option(help="What may die, comma-separated; empty for everything.")] = "",
    a_second: Annotated[float, typer.Option(help="Facts a second of both together.")] = 150.0,
    small: Annotated[bool, typer.Option(help="Parcels of 20 to 80 facts.")] = False,
) -> None:
    """Run once, print one line of JSON, keep everything when a promise is broken."""
    parcel = (20, 80) if small else (50, 200)
    plan = Plan(seed, facts, kills, tuple(filter(None, kinds.split(","))), a_second, parcel=parcel)
    centre = Centre(folder_of(seed))
    with running(centre):
        report = perform(Run(centre, plan))
    keep_findings(centre, report)
    typer.echo(line(report))
    if report.wrong:
        typer.echo(f"kept: {centre.folder}", err=True)
        raise typer.Exit(1)


def line(report: Report) -> str:
    """The report as one line of JSON."""
    return json.dumps(asdict(report), ensure_ascii=False)


def folder_of(seed: int) -> Path:
    """A folder of this run's own."""
    return RUN / "faults" / f"seed-{seed}-{time.time_ns():x}"


if __name__ == "__main__":
    typer.run(main)
