"""Pushes of one sender that arrive while another one's transaction runs share the next transaction (ADR 24).

Nobody waits for a batch to fill: who finds nothing under way goes at once, alone. Who waits is woken either with the
answer, or to lead those who came meanwhile, or to go alone because the shared transaction failed.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from threading import Event, Lock

from psycopg import OperationalError
from psycopg_pool import PoolTimeout

from common import logs
from common.postgres import Connection, in_few_trips
from provider_sync.domain.decided import Outcome
from provider_sync.domain.sender import Sender
from provider_sync.handlers.base import Base
from provider_sync.handlers.intake import Batch, take, together
from provider_sync.store import calendar, pushes
from provider_sync.store.pushes import Push

log = logs.get("intake")
SMALL = 20
_TOGETHER = 64
# A neighbour's account may be locked by a file's chunk: then each goes alone, and only that neighbour waits for it.
_LOCK_WAIT_MS = 200
_PATIENCE_S = 2.5


@dataclass(eq=False)
class Waiting:
    """A push in the line of its sender; `leads` says, once `woken`, that it has to go with those behind it."""

    batch: Batch
    push: Push
    woken: Event = field(default_factory=Event)
    leads: bool = False
    outcomes: list[Outcome] | None = None
    error: Exception | None = None


class Gathering:
    """The lines of a process's senders; a line is there while a transaction of its sender is under way."""

    def __init__(self, base: Base) -> None:
        self.base = base
        self._mutex = Lock()
        self._lines: dict[Sender, list[Waiting]] = {}

    def take(self, batch: Batch, push: Push) -> list[Outcome]:
        """Takes a push in, a small one with those of its sender that arrive at the same time; returns once durable."""
        if len(batch.rows) > SMALL or batch.mode != "continue":
            return alone(self.base, batch, push)
        own = Waiting(batch, push)
        if not self._first(own):
            self._wait(own)
        if own.leads:
            self._lead(own)
        if own.error is not None:
            raise own.error
        return alone(self.base, batch, push) if own.outcomes is None else own.outcomes

    def _first(self, own: Waiting) -> bool:
        """Whether nothing of its sender is under way; else it stands in line."""
        with self._mutex:
            line = self._lines.get(own.batch.sender)
            if line is None:
                self._lines[own.batch.sender], own.leads = [], True
            else:
                line.append(own)
            return own.leads

    def _wait(self, own: Waiting) -> None:
        """Until it is woken; raises PoolTimeout when its turn does not come, as one does who waits for a connection."""
        if own.woken.wait(_PATIENCE_S):
            return
        with self._mutex:
            line = self._lines.get(own.batch.sender, [])
            if own in line:
                line.remove(own)
                raise PoolTimeout(f"no transaction of {own.batch.sender.provider} began within {_PATIENCE_S} s")
        # It is being stored: that has deadlines of its own, and its sender is owed the outcome.
        own.woken.wait()

    def _lead(self, own: Waiting) -> None:
        """One transaction for the head of the line; then the next one in line leads."""
        with self._mutex:
            line = self._lines[own.batch.sender]
            group, line[:] = [own, *line[: _TOGETHER - 1]], line[_TOGETHER - 1 :]
        try:
            self._commit(group)
        finally:
            self._hand_over(own.batch.sender)
            for waiting in group[1:]:
                waiting.woken.set()

    def _hand_over(self, sender: Sender) -> None:
        with self._mutex:
            line = self._lines[sender]
            if not line:
                del self._lines[sender]
                return
            following = line.pop(0)
        following.leads = True
        following.woken.set()

    def _commit(self, group: Sequence[Waiting]) -> None:
        """Stores all or none of them; whatever stops them, each finds out by itself whether it was the cause."""
        try:
            found = _shared(self.base, group)
        except Exception as error:  # noqa: BLE001  # of whatever kind: each push is tried alone and meets its own
            log.warning("pushes go alone", error=type(error).__name__, pushes=len(group))
            if isinstance(error, OperationalError) and error.sqlstate is None:
                # PostgreSQL does not answer: trying each of them would only keep their senders waiting.
                self._fail(group, error)
            return
        for waiting, outcomes in zip(group, found, strict=True):
            waiting.outcomes = outcomes

    def _fail(self, group: Sequence[Waiting], error: Exception) -> None:
        """Those of a group; where no connection could be had also who stands in line, instead of as long once more."""
        told = list(group)
        if isinstance(error, PoolTimeout):
            with self._mutex:
                line = self._lines[group[0].batch.sender]
                told += line
                line.clear()
        for waiting in told:
            waiting.error = error
            waiting.woken.set()


def _shared(base: Base, group: Sequence[Waiting]) -> list[list[Outcome]]:
    with base.pool.connection() as conn, in_few_trips(conn):
        calendar.wait_briefly(conn, _LOCK_WAIT_MS)
        found = together(conn, base, [waiting.batch for waiting in group])
        noted = zip(group, found, strict=True)
        pushes.note(conn, [(waiting.push, [o.status for o in outcomes]) for waiting, outcomes in noted])
    return found


def alone(base: Base, batch: Batch, push: Push) -> list[Outcome]:
    """A push by itself: large, atomic or the only one there is; a dry run leaves no note."""

    def after(conn: Connection, outcomes: Sequence[Outcome]) -> None:
        if batch.mode != "dry-run":
            pushes.note(conn, [(push, [o.status for o in outcomes])])

    return take(base, batch, after)
