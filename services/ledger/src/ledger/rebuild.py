"""`ledger rebuild`: the accounts log folded anew beside the live ledger, compared, and put in its place without a stop.

Nothing is said while the shadow is filled. It never reads further than the live set has: so the two can be brought to
the same offsets under the live offsets' lock, and what is published at the switch is only what nobody published before.
"""

import multiprocessing
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, NamedTuple

import msgspec
import psycopg

from common.clock import now
from common.consumer import Projection
from common.eventstore import enqueue
from common.migrations import migrate
from common.postgres import Connection, connect, in_schema
from ledger import consumer
from ledger.config import Config
from ledger.events.heard import ACCOUNTS
from ledger.events.said import StatementIssued
from ledger.handlers import publish
from ledger.migrations import SHARED
from ledger.store import shadow
from ledger.store.shadow import LIVE, SHADOW, State

Tell = Callable[[str], None]
Ends = Mapping[tuple[str, int], int]

COMPARED_AT_ONCE = 500
NEAR = 5_000
SWITCH_TRIES = 30
TELL_EVERY_S = 5.0


class Differs(Exception):
    """The rebuilt accounts differ from the live ones, and nobody said that this is intended."""


class NothingToReturnTo(Exception):
    """There is no set of tables from before a switch."""


class Busy(Exception):
    """The live ledger could not be held for the moment of the switch."""


@dataclass(frozen=True)
class Wish:
    """What the operator asked for; `accepted` is (name, why) of an intended difference."""

    batch: int = 10_000
    workers: int = 1
    accepted: tuple[str, str] | None = None
    switch: bool = True


class Outcome(NamedTuple):
    """What came of it: facts folded, their speed, accounts compared and different, statements published."""

    facts: int
    seconds: float
    accounts: int
    different: dict[str, list[str]]
    published: int
    switched: bool

    @property
    def per_second(self) -> int:
        """Facts a second of the fill."""
        return round(self.facts / self.seconds) if self.seconds else 0


@dataclass
class _Compared:
    """The state of each account when it was last compared, and what was found."""

    seen: dict[str, State] = field(default_factory=dict)
    different: dict[str, list[str]] = field(default_factory=dict)


def rebuild(config: Config, wish: Wish, tell: Tell, stop: threading.Event) -> Outcome:
    """Fills a shadow from the log, compares it, and switches. Raises Differs, Busy."""
    begun = now()
    with _session(config) as conn:
        with conn.transaction():
            shadow.make(conn)
        migrate(in_schema(config.database_url, SHADOW), "ledger", SHARED)
        with conn.transaction():
            shadow.kept(conn)
            shadow.bring_for_the_fold(conn)
        return _bring_in(conn, config, wish, tell, stop, "rebuild", begun)


def go_back(config: Config, wish: Wish, tell: Tell, stop: threading.Event) -> Outcome:
    """Puts the set that was live before the last switch in its place again, brought up to date and compared alike.

    Raises NothingToReturnTo, Differs, Busy.
    """
    begun = now()
    with _session(config) as conn:
        with conn.transaction():
            if not shadow.exists(conn, shadow.BEFORE):
                raise NothingToReturnTo("no rebuild was switched to, or what was live before it was dropped since")
            shadow.as_shadow(conn)
        migrate(in_schema(config.database_url, SHADOW), "ledger", SHARED)
        with conn.transaction():
            shadow.bring_for_the_fold(conn)
        return _bring_in(conn, config, wish, tell, stop, "return", begun)


def _bring_in(
    conn: Connection, config: Config, wish: Wish, tell: Tell, stop: threading.Event, kind: str, begun: datetime
) -> Outcome:
    topic = config.topic(ACCOUNTS)
    facts, seconds = _fill_until_near(conn, config, wish, tell, stop)
    tell(f"{facts:,} facts in {seconds:.1f} s, {facts / max(seconds, 1e-9):,.0f}/s")
    found = _Compared()
    _compare(conn, topic, found, tell)
    _insist(found, wish)
    if not wish.switch:
        return _told(conn, kind, begun, wish, Outcome(facts, seconds, len(found.seen), found.different, 0, False))
    with conn.transaction():
        shadow.bring_over(conn, topic)
    for _ in range(SWITCH_TRIES):
        try:
            outcome = _switch(conn, config, wish, found, (facts, seconds), stop)
        except (psycopg.errors.LockNotAvailable, Busy):
            stop.wait(1)
            _fill_until_near(conn, config, wish, tell, stop)
            continue
        return _told(conn, kind, begun, wish, outcome)
    raise Busy("the live ledger is busy: a close is under way or its consumers hold their offsets; try again")


def _switch(
    conn: Connection, config: Config, wish: Wish, found: _Compared, filled: tuple[int, float], stop: threading.Event
) -> Outcome:
    """The moment of the switch: one transaction that holds the live offsets, until the shadow stands where they do."""
    topic = config.topic(ACCOUNTS)
    with conn.transaction():
        shadow.lock_live(conn)
        if shadow.closing(conn):
            raise Busy
        ends = shadow.offsets(conn, LIVE, topic)
        behind = _distance(shadow.offsets(conn, SHADOW, topic), ends)
        if behind > 4 * NEAR:
            raise Busy
        _fill(config, replace(wish, workers=1), ends, stop)
        _compare(conn, topic, found, lambda _: None)
        _insist(found, wish)
        missing = [msgspec.json.decode(data, type=StatementIssued) for data in shadow.missing_statements(conn)]
        shadow.keep_issued(conn)
        shadow.bring_over(conn, topic)
        shadow.swap(conn)
        conn.execute("SELECT set_config('search_path', %s, true)", (LIVE,))
        enqueue(conn, publish.statements(missing, config))
    return Outcome(filled[0] + behind, filled[1], len(found.seen), found.different, len(missing), True)


def _insist(found: _Compared, wish: Wish) -> None:
    if found.different and wish.accepted is None:
        some = ", ".join(f"{account} ({', '.join(kinds)})" for account, kinds in list(found.different.items())[:10])
        raise Differs(f"{len(found.different)} of {len(found.seen)} accounts differ: {some}")


def _compare(conn: Connection, topic: str, found: _Compared, tell: Tell) -> None:
    """Compares the accounts that stand at the same place in both sets and were not compared at it before."""
    with conn.transaction():
        live, rebuilt = (shadow.states(conn, schema, topic) for schema in (LIVE, SHADOW))
        same = [a for a, state in live.items() if rebuilt.get(a) == state and found.seen.get(a) != state]
        for account in rebuilt.keys() - live.keys():
            found.different[account] = ["only in the rebuilt set"]
        for start in range(0, len(same), COMPARED_AT_ONCE):
            chunk = same[start : start + COMPARED_AT_ONCE]
            for account in chunk:
                found.different.pop(account, None)
                found.seen[account] = live[account]
            found.different.update(shadow.different(conn, chunk))
            if start and start % (20 * COMPARED_AT_ONCE) == 0:
                tell(f"{start:,} of {len(same):,} accounts compared, {len(found.different)} different")
        elsewhere = [a for a, state in live.items() if rebuilt.get(a) != state]
        stands_alike = shadow.offsets(conn, LIVE, topic) == shadow.offsets(conn, SHADOW, topic)
        if stands_alike:
            found.different.update({a: [f"stands at {rebuilt.get(a)} instead of {live[a]}"] for a in elsewhere})


def _fill_until_near(
    conn: Connection, config: Config, wish: Wish, tell: Tell, stop: threading.Event
) -> tuple[int, float]:
    """Fills to where the live set stands, again until little is left; returns facts and seconds."""
    topic, facts, begun = config.topic(ACCOUNTS), 0, time.monotonic()
    while not stop.is_set():
        with conn.transaction():
            ends = shadow.offsets(conn, LIVE, topic)
            left = _distance(shadow.offsets(conn, SHADOW, topic), ends)
        if (facts and left < NEAR) or not left:
            break
        with _telling(config, ends, facts, begun, tell):
            _fill(config, wish, ends, stop)
        facts += left
    return facts, time.monotonic() - begun


def _distance(at: Ends, ends: Ends) -> int:
    return sum(max(0, end - at.get(place, 0)) for place, end in ends.items())


@contextmanager
def _telling(config: Config, ends: Ends, before: int, begun: float, tell: Tell) -> Iterator[None]:
    """Tells how far the fill is and how long it will take, every few seconds."""
    topic, done = config.topic(ACCOUNTS), threading.Event()

    def watch() -> None:
        with connect(config.database_url, "ledger-rebuild-watch", autocommit=True) as conn:
            while not done.wait(TELL_EVERY_S):
                with conn.transaction():
                    left = _distance(shadow.offsets(conn, SHADOW, topic), ends)
                total = before + sum(ends.values())
                speed = max(total - left, 1) / (time.monotonic() - begun)
                tell(f"{total - left:,} of {total:,} facts, {speed:,.0f}/s, {left / speed:,.0f} s left")

    watcher = threading.Thread(target=watch, daemon=True, name="rebuild-watch")
    watcher.start()
    try:
        yield
    finally:
        done.set()
        watcher.join()


def _fill(config: Config, wish: Wish, ends: Ends, stop: threading.Event) -> None:
    """Brings the shadow to these offsets, the partitions shared among the workers."""
    shares = [dict(list(ends.items())[number :: wish.workers]) for number in range(wish.workers)]
    if wish.workers == 1:
        fold(config, ends, wish.batch, stop)
        return
    spawned = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(wish.workers, mp_context=spawned) as processes:
        working = [processes.submit(fold, config, share, wish.batch) for share in shares if share]
        for one in working:
            one.result()


def fold(config: Config, ends: Ends, batch: int, stop: threading.Event | None = None) -> None:
    """Folds these partitions of the accounts log into the shadow up to these offsets; says nothing."""
    (accounts, *_) = consumer.subscriptions(config, says=False)
    url = in_schema(config.database_url, SHADOW)
    name = config.topic("ledger.rebuild")
    projection = Projection(url, config.kafka_bootstrap_servers, name, [accounts], batch=batch)
    projection.catch_up(ends, stop or threading.Event())


@contextmanager
def _session(config: Config) -> Iterator[Connection]:
    """A connection that may hold its transaction while the shadow catches up, and is alone in rebuilding."""
    with connect(config.database_url, "ledger-rebuild", statement_s=3600, autocommit=True) as conn:
        conn.execute("SET idle_in_transaction_session_timeout = '10min'")
        row = conn.execute("SELECT pg_try_advisory_lock(hashtext('ledger.rebuild'))").fetchone()
        if not row or not row[0]:
            raise Busy("another rebuild is under way")
        yield conn


def _told(conn: Connection, kind: str, begun: datetime, wish: Wish, outcome: Outcome) -> Outcome:
    accepted: Sequence[Any] = wish.accepted or (None, None)
    told = outcome._asdict() | {"kind": kind, "accepted_as": accepted[0], "accepted_why": accepted[1]}
    with conn.transaction():
        shadow.record(conn, told, begun)
        shadow.drop_gone(conn)
    return outcome
