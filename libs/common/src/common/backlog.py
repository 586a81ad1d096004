"""What waits in a database: a few bounded statements every while, apart from the work, on a connection of their own."""

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from time import monotonic
from types import TracebackType
from typing import Any, LiteralString, Self

import psycopg

from common import logs
from common.postgres import Connection, connect
from common.telemetry import BACKLOG_MEASURED, OUTBOX_OLDEST_SECONDS, OUTBOX_WAITING, WAITING

log = logs.get("backlog")

EVERY_S = 15.0
MOST = 10_000  # nobody acts differently on a larger number, and counting further costs
Measure = Callable[[Connection], None]


def waiting(kind: str, query: LiteralString) -> Measure:
    """Measures settlement_waiting of `kind`: the rows of `query`, which an index must answer, counted up to MOST."""
    counted = f"SELECT count(*) FROM ({query} LIMIT {MOST}) AS found"

    def measure(conn: Connection) -> None:
        found = conn.execute(counted.encode()).fetchone()
        WAITING.labels(kind).set(found[0] if found else 0)

    return measure


@dataclass
class Outbox:
    """Measures the outbox above `hint`: records up to MOST, and how long the same row has been seen as the oldest.

    Rows carry no time of their own, so the age is right to within EVERY_S and begins anew with the process.
    """

    hint: Callable[[], int]
    _oldest: int | None = field(default=None, init=False)
    _since: float = field(default=0.0, init=False)

    def __call__(self, conn: Connection) -> None:
        query = "SELECT position, coalesce(records, 1) FROM outbox WHERE position > %s ORDER BY position LIMIT %s"
        rows: list[Any] = conn.execute(query, (self.hint(), MOST)).fetchall()
        oldest = rows[0][0] if rows else None
        if oldest != self._oldest:
            self._oldest, self._since = oldest, monotonic()
        OUTBOX_WAITING.set(min(MOST, sum(records for _, records in rows)))
        OUTBOX_OLDEST_SECONDS.set(monotonic() - self._since if rows else 0)


class Backlog:
    """Takes `measures` every EVERY_S from a thread; settlement_backlog_measured tells when that last succeeded."""

    def __init__(self, url: str, name: str, measures: Sequence[Measure]) -> None:
        self._url, self._name, self._measures = url, f"{name}-backlog", measures
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True, name="backlog")

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stop.set()
        self._thread.join(5)

    def _run(self) -> None:
        while not self._stop.is_set():
            try:
                with connect(self._url, self._name, statement_s=2, autocommit=True) as conn:
                    while not self._stop.is_set():
                        self._measure(conn)
            except psycopg.Error as error:
                log.warning("backlog not measured", error=logs.told(error))
                self._stop.wait(EVERY_S)

    def _measure(self, conn: Connection) -> None:
        for measure in self._measures:
            measure(conn)
        BACKLOG_MEASURED.set_to_current_time()
        self._stop.wait(EVERY_S)
