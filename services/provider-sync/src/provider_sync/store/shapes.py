"""The event store with what repeats kept once: an event of a batch is the number of its shape and its own values."""

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from functools import lru_cache
from hashlib import sha256
from typing import NamedTuple

from common.eventstore import NewEvent, queue
from common.postgres import Connection, copy_lines, escaped
from common.repeating import MARK, between, members, searched, template

# A shape that fewer events of a batch share would take more room than it saves.
_SHARED_BY = 8
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


_NO_SHAPE = (Shape("", "", ""), [""])


def append(conn: Connection, topic: str, events: Sequence[NewEvent]) -> None:
    """Stores events in the order given and queues them for `topic`; raises UniqueViolation when a version is taken."""
    parts = parted(events)
    shared = {shape for shape, number in Counter(shape for shape, _ in parts).items() if number >= _SHARED_BY}
    numbers = _numbers(conn, shared) if shared else {}
    queue(conn, topic, events)
    with conn.cursor() as cursor:
        lines = (_line(event, values, numbers.get(shape)) for event, (shape, values) in zip(events, parts, strict=True))
        copy_lines(cursor, _COLUMNS, lines)


def parted(events: Iterable[NewEvent]) -> list[tuple[Shape, str]]:
    """Each event's shape, and its values with marks between them."""
    last: dict[str, tuple[Shape, list[str]]] = {}
    found = []
    for event in events:
        shape, pieces = last.get(event.type, _NO_SHAPE)
        values = between(pieces, event.data) if shape.source == event.source else None
        if values is None:
            pieces, values = searched(_VALUES, event.data)
            shape = Shape(event.type, event.source, MARK.join(pieces))
            last[event.type] = shape, pieces
        found.append((shape, MARK.join(values)))
    return found


def _numbers(conn: Connection, shapes: Iterable[Shape]) -> dict[Shape, int]:
    """Nothing is remembered between transactions: a shape that one of them made is gone when it fails."""
    wanted = {shape.digest: shape for shape in shapes}
    found: dict[bytes, int] = dict(conn.execute(_FIND, (list(wanted),)).fetchall())
    new = [(digest, *shape[:2], shape.template) for digest, shape in wanted.items() if digest not in found]
    if new:
        found.update(conn.execute(_ADD, [list(column) for column in zip(*new, strict=True)]).fetchall())
    return {shape: found[digest] for digest, shape in wanted.items()}


def _line(e: NewEvent, values: str, shape: int | None) -> str:
    if shape is None:
        repeating, data, own = (e.type, e.source, escaped(e.correlation)), escaped(e.data), (_NULL, _NULL)
    elif _is_uuid(e.correlation):
        repeating, data, own = (_NULL, _NULL, _NULL), escaped(values), (f"{shape}", e.correlation)
    else:
        repeating, data, own = (_NULL, _NULL, escaped(e.correlation)), escaped(values), (f"{shape}", _NULL)
    return (
        f"{escaped(e.stream)}\t{e.version}\t{e.id}\t{repeating[0]}\t{e.occurred_at}\t{e.recorded_at}\t"
        f"{repeating[1]}\t{repeating[2]}\t{data}\t{own[0]}\t{own[1]}"
    )


@lru_cache(maxsize=64)
def _is_uuid(correlation: str) -> bool:
    return _UUID.fullmatch(correlation) is not None
