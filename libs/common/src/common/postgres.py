"""PostgreSQL: pools opened after the fork, connections with deadlines, and text COPY fast enough for intake."""

import re
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from datetime import date, datetime
from itertools import islice
from time import monotonic
from typing import Any, LiteralString, Protocol
from uuid import UUID
from weakref import WeakKeyDictionary

import psycopg
from psycopg import sql
from psycopg.conninfo import conninfo_to_dict, make_conninfo
from psycopg_pool import ConnectionPool

Connection = psycopg.Connection[Any]
Pool = ConnectionPool[Connection]


class Connections(Protocol):
    """Where a door gets a connection that is in a transaction: a pool, or those of common.reading."""

    def connection(self) -> AbstractContextManager[Connection]:
        """A connection for one transaction."""


# Deadlines of R2: nothing that serves requests or facts may wait for a lock or a statement without end.
_TIMEOUTS = (
    "-c lock_timeout=2s -c statement_timeout={statement_s}s -c idle_in_transaction_session_timeout=10s"
    " -c timezone=UTC -c jit=off"
)


def connect(url: str, name: str, *, statement_s: int = 30, autocommit: bool = False, options: str = "") -> Connection:
    """One connection with deadlines, for a process that works alone; `name` shows in pg_stat_activity.

    Options that the address brings itself, such as a search path, stay in force; so do those given as `-c name=value`.
    """
    own = conninfo_to_dict(url).get("options") or ""
    return psycopg.connect(
        url,
        autocommit=autocommit,
        application_name=name,
        options=f"{own} {_TIMEOUTS.format(statement_s=statement_s)} {options}",
        connect_timeout=3,
    )


def in_schema(url: str, schema: str) -> str:
    """The same address with every name looked up in one schema only."""
    return make_conninfo(url, options=f"-c search_path={schema}")


def open_pool(url: str, name: str, *, size: int = 8, statement_s: int = 5, acquire_s: float = 2.5) -> Pool:
    """A checked pool of this very process; call after the fork (in `post_fork`, or when the process starts)."""
    options = {"application_name": name, "options": _TIMEOUTS.format(statement_s=statement_s), "connect_timeout": 3}
    return ConnectionPool(
        url,
        kwargs=options,
        min_size=1,
        max_size=size,
        timeout=acquire_s,
        max_lifetime=1800,
        check=_checked_unless_fresh,
        reset=_note_return,
        open=True,
        name=name,
    )


# A check is four round trips. A connection that answered a moment ago is as good as one that answered just now: either
# may be gone with the next statement, which callers answer with 503 or try again.
_FRESH_S = 1.0
_returned: WeakKeyDictionary[Connection, float] = WeakKeyDictionary()


def _note_return(conn: Connection) -> None:
    _returned[conn] = monotonic()


def _checked_unless_fresh(conn: Connection) -> None:
    if monotonic() - _returned.get(conn, 0.0) > _FRESH_S:
        ConnectionPool.check_connection(conn)


@contextmanager
def at_once(conn: Connection) -> Iterator[None]:
    """For a single statement that is a transaction by itself: two round trips less than BEGIN and COMMIT around it."""
    conn.autocommit = True
    try:
        yield
    finally:
        if not conn.closed:
            conn.autocommit = False


@contextmanager
def in_few_trips(conn: Connection) -> Iterator[None]:
    """A transaction of few rows: statements whose answers nobody reads travel with the next, at last with the COMMIT.

    Their errors come with the next answer, or at the end. Who looks at a `rowcount` has to fetch first.
    """
    with conn.pipeline():
        yield
        conn.commit()


@contextmanager
def at_work(conn: Connection) -> Iterator[Callable[[], None]]:
    """For statements whose answers nobody reads: once what it gives is called, the caller goes on meanwhile.

    Their errors come at the end. `in_few_trips` has them on their way already.
    """
    if conn.pgconn.pipeline_status:
        yield lambda: None
        return
    with conn.pipeline() as pipeline:
        yield pipeline.sync


def texts(values: Collection[str]) -> str:
    """A text[] literal: an array of ten thousand is written twenty times faster than the driver adapts it."""
    together = "".join(values)
    if '"' in together or "\\" in together:
        values = [value.replace("\\", "\\\\").replace('"', '\\"') for value in values]
    return '{"' + '","'.join(values) + '"}' if values else "{}"


def ints(values: Iterable[int]) -> str:
    """An int[] or bigint[] literal."""
    return "{" + ",".join(map(str, values)) + "}"


_NUMBERS = "SELECT nextval(pg_get_serial_sequence(%s, 'no')) FROM generate_series(1, %s)"


def numbers_for(conn: Connection, table: str, how_many: int) -> list[int]:
    """New values of the identity column `no`, for rows that others of the same transaction refer to."""
    return [no for (no,) in conn.execute(_NUMBERS, (table, how_many)).fetchall()]


_COPIED_TOGETHER = 500
_ESCAPES = str.maketrans({"\\": "\\\\", "\t": "\\t", "\n": "\\n", "\r": "\\r"})


def copy_lines(cursor: psycopg.Cursor[Any], target: LiteralString, lines: Iterable[str]) -> None:
    """COPY of prepared lines (fields made safe by `escaped`, joined by tabs) into `target` = `table (a, b)`.

    `in_few_trips` knows no COPY: there they are one INSERT.
    """
    with copying(cursor, target, lines):
        pass


@contextmanager
def copying(cursor: psycopg.Cursor[Any], target: LiteralString, lines: Iterable[str]) -> Iterator[None]:
    """The same, and the caller goes on with other things while the server works on the last of them."""
    if cursor.connection.pgconn.pipeline_status:
        _insert_lines(cursor, target, [line.split("\t") for line in lines])
        yield
        return
    with cursor.copy(sql.SQL("COPY ") + sql.SQL(target) + sql.SQL(" FROM STDIN")) as copy:
        # The server works on one part while the next is made.
        coming = iter(lines)
        while part := list(islice(coming, _COPIED_TOGETHER)):
            copy.write("\n".join(part) + "\n")
        yield


def _insert_lines(cursor: psycopg.Cursor[Any], target: LiteralString, rows: Sequence[Sequence[str]]) -> None:
    if rows:
        row = f"({', '.join(['%s'] * len(rows[0]))})"
        query = f"INSERT INTO {target} VALUES {', '.join([row] * len(rows))}"
        # Each number of rows is another statement, so none is worth keeping.
        cursor.execute(query.encode(), [_unescaped(field) for fields in rows for field in fields], prepare=False)


def copy_rows(cursor: psycopg.Cursor[Any], target: LiteralString, rows: Iterable[tuple[Any, ...]]) -> None:
    """COPY of tuples of str, int, bool, date, datetime, UUID and None."""
    copy_lines(cursor, target, ("\t".join(map(copy_field, row)) for row in rows))


def escaped(text: str) -> str:
    """A text as a field of COPY's text format."""
    return text.translate(_ESCAPES) if "\\" in text or "\n" in text or "\t" in text or "\r" in text else text


_ESCAPED = re.compile(r"\\(.)")
_MEANT = {"t": "\t", "n": "\n", "r": "\r", "\\": "\\"}


def _unescaped(field: str) -> str | None:
    """A field of COPY's text format as the text it stands for."""
    if "\\" not in field:
        return field
    return None if field == "\\N" else _ESCAPED.sub(lambda found: _MEANT[found[1]], field)


def copy_field(value: Any) -> str:
    """A value as a field of COPY's text format."""
    if value is None:
        return "\\N"
    if isinstance(value, str):
        return escaped(value)
    if isinstance(value, bool):
        return "t" if value else "f"
    if isinstance(value, int | UUID):
        return str(value)
    if isinstance(value, date | datetime):
        return value.isoformat()
    raise TypeError(f"no COPY form for {type(value).__name__}")
