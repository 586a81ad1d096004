"""Connections of a server's threads: one for each of them, nothing to wait for or to hand back."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from time import monotonic
from typing import Any, LiteralString

from psycopg import Error, IsolationLevel, OperationalError
from psycopg.adapt import Transformer
from psycopg.errors import InvalidSqlStatementName, error_from_result
from psycopg.pq import ExecStatus
from psycopg.pq.abc import PGresult

from common.postgres import Connection, connect

_FRESH_S = 1.0
_LIFE_S = 1800.0
# A statement over tables in parts is dear to plan, and its plan does not depend on the account that is asked for.
_PLANNED_ONCE = "-c plan_cache_mode=force_generic_plan"


class Reading:
    """A connection for each thread that asks; for threads that live as long as the server. Make it after the fork.

    Nothing is written through it. Whoever waits for a busy pool elsewhere waits here for a thread.
    """

    _options = f"-c default_transaction_read_only=on {_PLANNED_ONCE}"

    def __init__(self, url: str, name: str, *, statement_s: int = 5) -> None:
        self._url, self._name, self._statement_s = url, name, statement_s
        self._own = threading.local()
        self._lock, self._open = threading.Lock(), set[_Kept]()

    @contextmanager
    def connection(self) -> Iterator[Connection]:
        """For several statements: a transaction that reads and sees one moment. Raises OperationalError."""
        kept = self._kept()
        if monotonic() - kept.used_at > _FRESH_S and not kept.answers():
            kept = self._renewed()
        refused: Exception | None = None
        with kept.conn.transaction():
            try:
                yield kept.conn
            except Error:
                raise
            except Exception as error:  # noqa: BLE001  # raised again after the commit: after a rollback psycopg forgets
                refused = error  # every prepared statement of the connection
        kept.used_at = monotonic()
        if refused:
            raise refused

    def rows(self, query: LiteralString, *given: str) -> list[tuple[Any, ...]]:
        """What one statement answers, which is one moment by itself: no BEGIN and COMMIT around it.

        `given` are the texts `$1`, `$2` and so on. Where the server went away in between it is asked again over a new
        connection. Raises OperationalError.
        """
        kept = self._kept()
        try:
            return kept.rows(query, *given)
        except OperationalError:
            if not kept.conn.broken:
                raise
        return self._renewed().rows(query, *given)

    def close(self) -> None:
        """Closes every thread's connection; a thread that asks afterwards opens a new one."""
        with self._lock:
            for kept in self._open:
                kept.conn.close()
            self._open.clear()

    def _kept(self) -> "_Kept":
        kept: _Kept | None = getattr(self._own, "kept", None)
        if kept is None or kept.conn.closed or monotonic() - kept.opened_at > _LIFE_S:
            return self._renewed()
        return kept

    def _renewed(self) -> "_Kept":
        old: _Kept | None = self._own.__dict__.pop("kept", None)
        opened = connect(self._url, self._name, statement_s=self._statement_s, autocommit=True, options=self._options)
        new = _Kept(opened)
        with self._lock:
            if old:
                old.conn.close()
                self._open.discard(old)
            self._open.add(new)
        self._own.kept = new
        return new


class Writing(Reading):
    """The same for single statements that write (`rows`), each a transaction by itself.

    A statement whose answer was lost with its connection is sent again, so it must be one that may come twice.
    """

    _options = _PLANNED_ONCE


class _Kept:
    def __init__(self, conn: Connection) -> None:
        conn.isolation_level = IsolationLevel.REPEATABLE_READ
        self.conn, self._loaded = conn, Transformer(conn)
        self._names: dict[str, bytes] = {}
        self._numbers = count()
        self.opened_at = self.used_at = monotonic()

    def rows(self, query: LiteralString, *given: str) -> list[tuple[Any, ...]]:
        # A cursor costs a third of such a read: it parses, adapts, locks and waits for what here is known beforehand.
        values = [text.encode() for text in given]
        try:
            result = self._answer(query, values)
        except InvalidSqlStatementName:
            self._names.clear()
            result = self._answer(query, values)
        self._loaded.set_pgresult(result)
        self.used_at = monotonic()
        return self._loaded.load_rows(0, result.ntuples, tuple)

    def _answer(self, query: str, values: list[bytes]) -> PGresult:
        name = self._names.get(query) or self._prepared(query)
        return self._fine(self.conn.pgconn.exec_prepared(name, values))

    def _prepared(self, query: str) -> bytes:
        name = b"reading-%d" % next(self._numbers)
        self._fine(self.conn.pgconn.prepare(name, query.encode()))
        self._names[query] = name
        return name

    def _fine(self, result: PGresult) -> PGresult:
        if result.status in (ExecStatus.TUPLES_OK, ExecStatus.COMMAND_OK):
            return result
        if self.conn.broken:
            raise OperationalError(result.get_error_message())
        raise error_from_result(result)

    def answers(self) -> bool:
        try:
            self.conn.execute("SELECT")
        except OperationalError:
            return False
        return True
