"""The event store with what repeats kept once: an event of a batch is the number of its shape and its own values."""

import re
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from functools import lru_cache
from hashlib import sha256
from typing import NamedTuple

from common.eventstore import NewEvent
from common.postgres import Connection, copy_rows, copying, escaped, numbers_for
from common.repeating import MARK, Alike, members, searched, shared, template

# Shapes of their own for a file's transaction that appends fewer events would take more room than they save.
_MANY = 1000
# The members whose values hardly ever repeat; everything else belongs to the shape.
_VALUES = members(
    "reference", "amount", "volume", "paid_at", "payment", "meter", "value", "reading_previous", "reading_current",
    "debt", "days",
)  # fmt: skip
_UUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_FIND = "SELECT digest, min(no) FROM shapes WHERE digest = ANY(%s) GROUP BY digest"
_ADD = """
INSERT INTO shapes (digest, type, source, template)
SELECT * FROM unnest(%s::bytea[], %s::text[], %s::text[], %s::text[]) RETURNING digest, no
"""
_COLUMNS = """facts (stream_id, version, id, type, occurred_at, recorded_at, source, correlation_id, data, shape,
                     batch)"""
_NULL = "\\N"


class Shape(NamedTuple):
    """What events have in common; `text` is the JSON with a mark where each value stood."""

    type: str
    source: str
    text: str

    @property
    def digest(self) -> bytes:
        """By which it is found."""
        return sha256("\t".join(self).encode()).digest()

    @property
    def template(self) -> str:
        """For format() in SQL."""
        return template(self.text)


_NO_SHAPE = (Shape("", "", ""), Alike(""))


class Ready(NamedTuple):
    """Events of one instant with their shapes and values; `together` when they are many of one correlation."""

    events: Sequence[NewEvent]
    parts: Sequence[tuple[Shape, str]]
    together: bool


def ready(events: Sequence[NewEvent]) -> Ready:
    """What about events needs no database."""
    return Ready(events, parted(events), len(events) >= _MANY and len({event.correlation for event in events}) == 1)


@contextmanager
def storing(conn: Connection, made: Ready) -> Iterator[None]:
    """Stores events; the server works on the last of them inside. Raises UniqueViolation when a version is taken."""
    repeated = shared(shape for shape, _ in made.parts)
    numbers = _made(conn, repeated, made.events[0]) if made.together else _numbers(conn, repeated) if repeated else {}
    # In the order of the index, which finds its place faster then.
    in_order = sorted(zip(made.events, made.parts, strict=True), key=lambda one: one[0].stream)
    lines = (_line(event, values, numbers.get(shape), made.together) for event, (shape, values) in in_order)
    with conn.cursor() as cursor, copying(cursor, _COLUMNS, lines):
        yield


def parted(events: Iterable[NewEvent]) -> list[tuple[Shape, str]]:
    """Each event's shape, and its values with marks between them."""
    last: dict[str, tuple[Shape, Alike]] = {}
    found = []
    for event in events:
        shape, alike = last.get(event.type, _NO_SHAPE)
        values = alike.values(event.data) if shape.source == event.source else None
        if values is None:
            alike, values = searched(_VALUES, event.data)
            shape = Shape(event.type, event.source, alike.text)
            last[event.type] = shape, alike
        found.append((shape, MARK.join(values)))
    return found


def _numbers(conn: Connection, shapes: Sequence[Shape]) -> dict[Shape, int]:
    """Nothing is remembered between transactions: a shape that one of them made is gone when it fails."""
    wanted = {shape.digest: shape for shape in shapes}
    found: dict[bytes, int] = dict(conn.execute(_FIND, (list(wanted),)).fetchall())
    new = [(digest, *shape[:2], shape.template) for digest, shape in wanted.items() if digest not in found]
    if new:
        found.update(conn.execute(_ADD, [list(column) for column in zip(*new, strict=True)]).fetchall())
    return {shape: found[digest] for digest, shape in wanted.items()}


def _made(conn: Connection, shapes: Sequence[Shape], of: NewEvent) -> dict[Shape, int]:
    """Shapes of one transaction, with the instant and the correlation that all its events have."""
    numbers = numbers_for(conn, "shapes", len(shapes))
    rows = (
        (no, shape.type, shape.source, shape.template, of.recorded_at, of.correlation)
        for no, shape in zip(numbers, shapes, strict=True)
    )
    with conn.cursor() as cursor:
        copy_rows(cursor, "shapes (no, type, source, template, recorded_at, correlation_id)", rows)
    return dict(zip(shapes, numbers, strict=True))


def _line(e: NewEvent, values: str, shape: int | None, together: bool) -> str:
    type_, source, data, number = (e.type, e.source, e.data, _NULL) if shape is None else (_NULL, _NULL, values, shape)
    occurred_at, recorded_at, correlation, batch = e.occurred_at, e.recorded_at, _NULL, _NULL
    if shape is not None and together:
        occurred_at, recorded_at = _NULL if occurred_at == recorded_at else occurred_at, _NULL
    elif shape is not None and _is_uuid(e.correlation):
        batch = e.correlation
    else:
        correlation = escaped(e.correlation)
    return (
        f"{escaped(e.stream)}\t{e.version}\t{e.id}\t{type_}\t{occurred_at}\t{recorded_at}\t{source}\t{correlation}\t"
        f"{escaped(data)}\t{number}\t{batch}"
    )


@lru_cache(maxsize=64)
def _is_uuid(correlation: str) -> bool:
    return _UUID.fullmatch(correlation) is not None
