"""After a restore: does the store still have what its readers have, may it be appended to, which topics are new ones.

`common.restoring` makes the operators' commands of it; docs/operations.md says in which order they are typed.
"""

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import IO, ClassVar, LiteralString, NamedTuple

from common.errors import Refusal
from common.postgres import Connection, connect
from common.streams import Record

# Kafka's client is imported where it is needed: most commands that import this never ask for it.
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_OUTBOX_MOST = 200_000
_PATIENCE_S = 600.0

SEQUENCED_HEADS = """
SELECT h.topic, h.key, greatest(h.version, max(p.version)) AS version,
       CASE WHEN max(p.version) > h.version THEN '' ELSE h.last_id END AS id
FROM stream_heads AS h LEFT JOIN parked_records AS p USING (topic, key)
GROUP BY h.topic, h.key, h.version, h.last_id ORDER BY h.topic, h.key
"""
"""Heads of a reader that keeps them: what waits behind a gap was heard, too."""

_TIMELINE = "SELECT timeline_now(), (SELECT opened_at FROM opened_timelines WHERE timeline = timeline_now())"
_OPEN = """
INSERT INTO opened_timelines (timeline, who, why) VALUES (timeline_now(), %s, %s)
ON CONFLICT (timeline) DO NOTHING
"""
_SHUT = "DELETE FROM opened_timelines WHERE timeline = timeline_now()"
_GIVEN = "CREATE TEMP TABLE given (topic text, key text, version integer, id text) ON COMMIT DROP"
_BEHIND = """
SELECT g.key, g.version, coalesce((SELECT max(version) FROM events WHERE stream_id = g.key), 0), e.id IS NOT NULL
FROM given AS g LEFT JOIN events AS e ON e.stream_id = g.key AND e.version = g.version
WHERE g.topic = %s AND g.version > 0 AND (e.id IS NULL OR (g.id <> '' AND e.id::text <> g.id)) ORDER BY g.key
"""
_OTHER_LOG = "SELECT DISTINCT topic FROM consumer_offsets WHERE topic = %s AND topic_id <> %s"
_TOPICS = "SELECT DISTINCT topic FROM consumer_offsets"
_FORGET_OFFSETS = "DELETE FROM consumer_offsets WHERE topic = %s"
# Letters stay readable, but their places in the old log must not be taken for places in the new one.
_MOVE_LETTERS = """
UPDATE dead_letters SET "offset" = "offset" - (1::bigint << 50),
    dismissed_at = coalesce(dismissed_at, now()), dismissed_why = coalesce(dismissed_why, 'its topic is read anew')
WHERE topic = %s
"""
# Whatever a stream stood still for, the log says it again.
_TRY_AGAIN = "UPDATE stream_heads SET reason = 'gap' WHERE topic = %s AND reason IS NOT NULL"


@dataclass(frozen=True)
class Part:
    """What the commands of one service work on.

    `own` is the topic its event store is published on; `heads` selects topic, key, version, event id of all it knows,
    `barriers` the keys of published records without a sequence; `reread` are statements, each about a topic,
    of a service that keeps more places in logs.
    """

    service: str
    url: str
    bootstrap: str
    heads: LiteralString
    own: str | None = None
    barriers: LiteralString = "SELECT '' WHERE false"
    reread: Sequence[LiteralString] = ()


class RelayStands(Refusal):
    """The relay does not take what is put into the outbox."""

    code = "relay-stands"
    status = 503
    retriable = True
    texts: ClassVar[dict[str, str]] = {
        "ru": "За {minutes} минут очередь публикации не уменьшилась: работает ли relay этого сервиса?",
        "kk": "{minutes} минут ішінде жариялау кезегі азаймады: осы қызметтің relay процесі жұмыс істеп тұр ма?",
        "en": "In {minutes} minutes the outbox did not get shorter: does the relay of this service run?",
    }


class Behind(NamedTuple):
    """A stream of which a reader knows more than the store, or, `differs`, something else."""

    key: str
    reader: int
    store: int
    differs: bool


class NoHeads(Exception):
    """The file names no stream of this store: it is no proof of anything."""


def heads(part: Part, out: IO[bytes]) -> None:
    """Writes topic, key, version and event id of every stream as CSV."""
    query = f"COPY ({part.heads}) TO STDOUT (FORMAT csv, HEADER)"
    with connect(part.url, f"{part.service}-heads", statement_s=3600) as conn, conn.cursor().copy(query) as rows:
        for chunk in rows:
            out.write(chunk)


def behind(part: Part, files: Sequence[IO[bytes]]) -> list[Behind]:
    """The streams of which these files of heads know more than the store; raises NoHeads."""
    with connect(part.url, f"{part.service}-compare", statement_s=3600) as conn:
        conn.execute(_GIVEN)
        for place, file in enumerate(files, start=1):
            before = _count(conn, part.own)
            with conn.cursor() as cursor, cursor.copy("COPY given FROM STDIN (FORMAT csv, HEADER)") as copy:
                while chunk := file.read(1 << 20):
                    copy.write(chunk)
            if _count(conn, part.own) == before:
                raise NoHeads(f"file {place} names no stream of {part.own}")
        return [Behind(*row) for row in conn.execute(_BEHIND, (part.own,)).fetchall()]


def _count(conn: Connection, topic: str | None) -> int:
    row = conn.execute("SELECT count(*) FROM given WHERE topic = %s", (topic,)).fetchone()
    return int(row[0]) if row else 0


def opened(part: Part) -> tuple[str, bool]:
    """The server's timeline, and whether the store may be appended to on it."""
    with connect(part.url, f"{part.service}-opened") as conn:
        row = conn.execute(_TIMELINE).fetchone()
        return (row[0], row[1] is not None) if row else ("", False)


def put_open(part: Part, who: str, why: str) -> None:
    """Lets the store be appended to on this timeline."""
    with connect(part.url, f"{part.service}-open") as conn:
        conn.execute(_OPEN, (who, why))


def shut(part: Part) -> None:
    """Nothing is appended any more until the store is opened."""
    with connect(part.url, f"{part.service}-shut") as conn:
        conn.execute(_SHUT)


def adopt(part: Part, anyway: Sequence[str] = ()) -> list[str]:
    """Lets topics that were made anew, and those in `anyway`, be read from their beginning; returns which.

    The consumers are stopped meanwhile. What comes again is known by its sequence or id and passed over.
    """
    from common import kafka

    with connect(part.url, f"{part.service}-adopt", statement_s=600) as conn:
        conn.execute("LOCK TABLE consumer_offsets IN EXCLUSIVE MODE")
        ids = kafka.topic_ids(part.bootstrap, [topic for (topic,) in conn.execute(_TOPICS).fetchall()])
        anew = [t for t, ident in ids.items() if t in anyway or conn.execute(_OTHER_LOG, (t, ident)).fetchone()]
        for topic, query in _each(anew, (_FORGET_OFFSETS, _MOVE_LETTERS, _TRY_AGAIN, *part.reread)):
            conn.execute(query, (topic,))
    return sorted(anew)


def _each(topics: Sequence[str], queries: Sequence[LiteralString]) -> Iterator[tuple[str, LiteralString]]:
    return ((topic, query) for topic in topics for query in queries)


_NEWEST = "SELECT max(recorded_at) FROM events"
_HAS = """
SELECT g.key, g.version FROM unnest(%s::text[], %s::int[]) AS g(key, version)
JOIN events AS e ON e.stream_id = g.key AND e.version = g.version
"""
_LOOK_BACK = timedelta(hours=1)


def let_drain(conn: Connection) -> None:
    """Waits while the relay is far behind, so that the outbox does not grow as large as the log. Raises RelayStands."""
    deadline = time.monotonic() + _PATIENCE_S
    while _waiting(conn) > _OUTBOX_MOST:
        if time.monotonic() > deadline:
            raise RelayStands(minutes=round(_PATIENCE_S / 60))
        time.sleep(0.2)


def _waiting(conn: Connection) -> int:
    row = conn.execute("SELECT count(*) FROM outbox").fetchone()
    conn.commit()
    return int(row[0]) if row else 0


def bringing_back(conn: Connection) -> None:
    """Lets this transaction append although the store is shut."""
    conn.execute("SELECT set_config('settlement.bringing_back', 'on', true)")


def lost(part: Part) -> list[Record]:
    """What the own topic has and the store does not, in the order of recording.

    Looks at what was published since an hour before the newest stored event.
    """
    from common import kafka
    from common.consumer import record_of

    if part.own is None:
        raise ValueError(f"{part.service} stores no events")
    found: list[Record] = []
    with connect(part.url, f"{part.service}-lost", statement_s=600) as conn:
        row = conn.execute(_NEWEST).fetchone()
        since = row[0] - _LOOK_BACK if row and row[0] else EPOCH
        known = {(key, 0) for (key,) in conn.execute(part.barriers).fetchall()}
        for raws in kafka.read_since(part.bootstrap, part.own, since):
            records = [record_of(part.own, raw) for raw in raws]
            keys, versions = [r.key for r in records], [r.sequence for r in records]
            stored = known.union(conn.execute(_HAS, (keys, versions)).fetchall())
            found += [r for r in records if (r.key, r.sequence) not in stored]
    once = {(r.key, r.sequence, r.envelope.id): r for r in found}
    return sorted(once.values(), key=lambda r: (r.envelope.recorded_at, r.partition, r.offset))
