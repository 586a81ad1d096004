"""A small event store and a small projection, to prove the common machinery without any service."""

import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from importlib.resources import files
from itertools import chain

import psycopg

from common import kafka
from common.clock import now, to_wire
from common.consumer import Subscription
from common.envelope import full_type
from common.eventstore import NewEvent
from common.ids import uuid7_texts
from common.postgres import Connection
from common.streams import Record

TYPE = full_type("provider-sync", "charge.posted")
BARRIER = full_type("provider-sync", "period.closed")
APPLIED = "CREATE TABLE applied (key text, version integer, at bigserial)"


def tables(url: str, *names: str, extra: str = "") -> str:
    """Makes the shared tables `names` in an empty database; returns its address."""
    with psycopg.connect(url, autocommit=True) as conn:
        for name in chain.from_iterable((name, "packs") if name == "outbox" else (name,) for name in names):
            conn.execute((files("common") / "sql" / f"{name}.sql").read_text().encode())
        if extra:
            conn.execute(extra.encode())
    return url


def events(key: str, versions: Sequence[int]) -> list[NewEvent]:
    """Events of one stream."""
    at = to_wire(now())
    ids = uuid7_texts(len(versions))
    where = kafka.partition_of(key)
    return [
        NewEvent(key, v, i, TYPE, at, at, "/test", "", f'{{"n":{v}}}', where)
        for v, i in zip(versions, ids, strict=True)
    ]


def subscription(topic: str, on_barrier: Callable[[Connection, Record], bool] | None = None) -> Subscription:
    """A sequenced topic, of which is written down what was applied; with its barriers when somebody works them off."""
    barriers = frozenset([BARRIER]) if on_barrier else frozenset[str]()
    applies = frozenset([TYPE])
    return Subscription(topic, project, applies, sequenced=True, barriers=barriers, on_barrier=on_barrier)


def project(conn: Connection, records: Sequence[Record]) -> None:
    """Writes down what was applied, in the order it was."""
    with conn.cursor() as cursor, cursor.copy("COPY applied (key, version) FROM STDIN") as copy:
        copy.write("".join(f"{r.key}\t{r.sequence}\n" for r in records))


def applied(url: str) -> dict[str, list[int]]:
    """What was applied of each stream, in order."""
    found: dict[str, list[int]] = {}
    with psycopg.connect(url) as conn:
        for key, version in conn.execute("SELECT key, version FROM applied ORDER BY at").fetchall():
            found.setdefault(key, []).append(version)
    return found


def count(url: str, table: str) -> int:
    """How many rows a table has."""
    with psycopg.connect(url) as conn:
        row = conn.execute(f"SELECT count(*) FROM {table}".encode()).fetchone()
        return int(row[0]) if row else 0


@contextmanager
def running(target: object, *args: object) -> Iterator[threading.Event]:
    """Runs `target.run(stop)` in a thread until the block ends."""
    stop = threading.Event()
    thread = threading.Thread(target=target.run, args=(stop, *args))  # type: ignore[attr-defined]  # Relay or Projection
    thread.start()
    try:
        yield stop
    finally:
        stop.set()
        thread.join(30)
