"""Heads of streams: which event of a stream is next, which was seen before, which must wait (rules R8 and R13).

`admit` is pure; the functions around it load and store what it needs, one statement each for a whole batch.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from msgspec import Struct

from common.envelope import Envelope, decode
from common.postgres import Connection, ints, texts
from common.telemetry import STANDING, STANDING_SECONDS

GAP = "gap"
UNDECODABLE = "undecodable"

_HEADS = "SELECT key, version, last_id, reason FROM stream_heads WHERE topic = %s AND key = ANY(%s::text[])"
_WAITING = """
SELECT key, version, partition, "offset", type, value FROM parked_records
WHERE topic = %s AND key = ANY(%s) ORDER BY key, version, "offset"
"""
_KEEP = """
INSERT INTO parked_records (topic, key, version, partition, "offset", type, value) VALUES (%s, %s, %s, %s, %s, %s, %s)
ON CONFLICT DO NOTHING
"""
_STORE_HEADS = """
INSERT INTO stream_heads (topic, key, version, last_id, parked_at, reason)
SELECT %(topic)s, key, version, last_id, CASE WHEN reason <> '' THEN now() END, nullif(reason, '')
FROM unnest(%(k)s::text[], %(v)s::int[], %(i)s::text[], %(r)s::text[]) AS given(key, version, last_id, reason)
ORDER BY key
ON CONFLICT (topic, key) DO UPDATE SET version = excluded.version, last_id = excluded.last_id, reason = excluded.reason,
    parked_at = CASE WHEN excluded.reason IS NULL THEN NULL ELSE coalesce(stream_heads.parked_at, now()) END
"""
_STANDING = """
SELECT topic, reason, count(*), extract(epoch FROM now() - min(parked_at)) FROM stream_heads
WHERE topic = ANY(%s) AND parked_at IS NOT NULL GROUP BY topic, reason
"""
_MOVE_HEADS = """
UPDATE stream_heads AS h SET version = given.version, last_id = given.last_id, reason = nullif(given.reason, ''),
    parked_at = CASE WHEN given.reason = '' THEN NULL ELSE coalesce(h.parked_at, now()) END
FROM unnest(%(k)s::text[], %(v)s::int[], %(i)s::text[], %(r)s::text[]) AS given(key, version, last_id, reason)
WHERE h.topic = %(topic)s AND h.key = given.key
"""
_FOLLOW = """
UPDATE stream_heads AS h SET version = given.last, last_id = given.id
FROM unnest(%(k)s::text[], %(f)s::int[], %(v)s::int[], %(i)s::text[]) AS given(key, first, last, id)
WHERE h.topic = %(topic)s AND h.key = given.key AND h.version = given.first - 1 AND h.reason IS NULL
"""
_BEGIN = """
INSERT INTO stream_heads (topic, key, version, last_id)
SELECT %(topic)s, key, last, id FROM unnest(%(k)s::text[], %(v)s::int[], %(i)s::text[]) AS given(key, last, id)
ON CONFLICT DO NOTHING
"""
_FORGET = """
DELETE FROM parked_records AS p USING unnest(%s::text[], %s::int[]) AS applied(key, version)
WHERE p.topic = %s AND p.key = applied.key AND p.version <= applied.version
"""


class Record(Struct, frozen=True, gc=False):
    """A record of a topic with its decoded envelope; `envelope` is None for a tombstone."""

    topic: str
    partition: int
    offset: int
    key: str
    type: str
    value: bytes | None
    envelope: Envelope

    @property
    def sequence(self) -> int:
        """The event's number in its stream; 0 where the topic has none."""
        return self.envelope.sequence or 0


@dataclass(slots=True)
class Head:
    """What is known of a stream: last applied version and id; `reason` when it is parked, and what waits.

    `stored`: there is a row for it already, which an update finds cheaper than an insert that conflicts.
    """

    version: int = 0
    last_id: str = ""
    reason: str | None = None
    stored: bool = False
    waiting: dict[int, Record] = field(default_factory=dict)


@dataclass
class Admitted:
    """The outcome of `admit`: what to apply in order, what to keep for later, how many were seen before.

    `diverged` came with a known sequence but another id: two histories of one stream, never to be skipped in silence.
    """

    ready: list[Record] = field(default_factory=list)
    kept: list[Record] = field(default_factory=list)
    diverged: list[Record] = field(default_factory=list)
    released: set[str] = field(default_factory=set)
    duplicates: int = 0


def admit(records: Iterable[Record], heads: dict[str, Head], poisoned: Mapping[str, int]) -> Admitted:
    """Sorts a batch by what its streams need and moves the heads on; a stream parked for a gap resumes when it closes.

    `poisoned`: offset of the first undecodable record of a key; what stands behind it is kept.
    """
    out = Admitted()
    for record in records:
        head = heads.get(record.key)
        if head is None:
            head = heads[record.key] = Head()
        if poisoned and record.offset > poisoned.get(record.key, record.offset):
            head.reason = head.reason or UNDECODABLE
        version = record.sequence
        if version <= head.version:
            known = version < head.version or head.last_id in ("", record.envelope.id)
            out.duplicates += known
            if not known:
                out.diverged.append(record)
        elif version > head.version + 1 or head.reason not in (None, GAP):
            head.reason = head.reason or GAP
            head.waiting[version] = record
            out.kept.append(record)
        else:
            if head.waiting:
                out.released.add(record.key)
                _advance(head, record, out.ready)
            else:
                head.version, head.last_id, head.reason = version, record.envelope.id, None
                out.ready.append(record)
    return out


def _advance(head: Head, record: Record, ready: list[Record]) -> None:
    """Applies `record` and everything that waited right behind it."""
    found: Record | None = record
    while found is not None:
        ready.append(found)
        head.version, head.last_id = found.sequence, found.envelope.id
        found = head.waiting.pop(head.version + 1, None)
    for version in [v for v in head.waiting if v <= head.version]:
        del head.waiting[version]
    if head.reason == GAP and not head.waiting:
        head.reason = None


class _NotNext(Exception):
    """A record is not the next of its stream."""


def follow(conn: Connection, topic: str, records: Sequence[Record]) -> bool:
    """Moves the heads on when every record is the next of a stream that does not stand; else False, and nothing moved.

    What `load`, `admit` and `store` come to then, in one statement and without asking first. In the order of the index
    it costs a seventh less.
    """
    runs = _runs(records)
    if runs is None:
        return False
    try:
        with conn.transaction():
            in_order = sorted(runs.items())
            for query, some in (
                (_FOLLOW, {key: run for key, run in in_order if run[0] > 1}),
                (_BEGIN, {key: run for key, run in in_order if run[0] == 1}),
            ):
                if some and conn.execute(query, _columns(topic, some)).rowcount != len(some):
                    raise _NotNext
    except _NotNext:
        return False
    return True


def _runs(records: Iterable[Record]) -> dict[str, tuple[int, Record]] | None:
    """By key the first sequence and the last record, when nothing is missing in between and nothing comes twice."""
    runs: dict[str, tuple[int, Record]] = {}
    for record in records:
        run = runs.get(record.key)
        if run is None:
            runs[record.key] = record.sequence, record
        elif record.sequence == run[1].sequence + 1:
            runs[record.key] = run[0], record
        else:
            return None
    return runs


def _columns(topic: str, runs: Mapping[str, tuple[int, Record]]) -> dict[str, str]:
    return {
        "topic": topic,
        "k": texts(runs),
        "f": ints(first for first, _ in runs.values()),
        "v": ints(last.sequence for _, last in runs.values()),
        "i": texts([last.envelope.id for _, last in runs.values()]),
    }


def load(conn: Connection, topic: str, keys: Sequence[str]) -> dict[str, Head]:
    """The heads of `keys`, with what waits for those that are parked."""
    rows = conn.execute(_HEADS, (topic, texts(keys))).fetchall()
    heads = {key: Head(version, last_id, reason, stored=True) for key, version, last_id, reason in rows}
    parked = [key for key, head in heads.items() if head.reason is not None]
    if parked:
        for key, version, partition, offset, type_, value in conn.execute(_WAITING, (topic, parked)).fetchall():
            kept = Record(topic, partition, offset, key, type_, bytes(value), decode(value))
            heads[key].waiting[version] = kept
    return heads


def store(conn: Connection, topic: str, heads: dict[str, Head], admitted: Admitted) -> None:
    """Writes the heads that moved or were parked, keeps what must wait, forgets what waited and is applied now."""
    names = sorted({r.key for r in admitted.ready} | {r.key for r in admitted.kept})
    for query, which in (
        (_MOVE_HEADS, [name for name in names if heads[name].stored]),
        (_STORE_HEADS, [name for name in names if not heads[name].stored]),
    ):
        found = [heads[name] for name in which]
        reasons = texts([h.reason or "" for h in found])
        columns = (texts(which), ints(h.version for h in found), texts([h.last_id for h in found]), reasons)
        if which:
            conn.execute(query, {"topic": topic, **dict(zip("kvir", columns, strict=True))})
    if admitted.kept:
        rows = [(topic, r.key, r.sequence, r.partition, r.offset, r.type, r.value) for r in admitted.kept]
        conn.cursor().executemany(_KEEP, rows)
    if admitted.released:
        released = sorted(admitted.released)
        conn.execute(_FORGET, (released, [heads[name].version for name in released], topic))


def park(conn: Connection, topic: str, key: str, reason: str) -> None:
    """Parks a stream where it stands: what comes is kept until the cause is gone."""
    conn.execute(
        """
        INSERT INTO stream_heads (topic, key, version, last_id, parked_at, reason) VALUES (%s, %s, 0, '', now(), %s)
        ON CONFLICT (topic, key) DO UPDATE
        SET reason = excluded.reason, parked_at = coalesce(stream_heads.parked_at, now())
        """,
        (topic, key, reason),
    )


def count_standing(conn: Connection, topics: Iterable[str]) -> None:
    """Measures how many streams stand still, for which reason, and for how long the oldest does."""
    STANDING.clear()
    STANDING_SECONDS.clear()
    for topic, reason, number, seconds in conn.execute(_STANDING, (list(topics),)).fetchall():
        STANDING.labels(topic, reason).set(number)
        STANDING_SECONDS.labels(topic, reason).set(float(seconds))
