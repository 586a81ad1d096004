"""Streams that stand still, as operators see and mend them; every change under the lock of the stream's offset row."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, LiteralString, NamedTuple

from common.consumer import PassedOver
from common.partitions import partition_of
from common.postgres import Connection

_LIST = """
SELECT h.topic, h.key, h.version, h.reason, h.parked_at,
       (SELECT count(*) FROM parked_records AS p WHERE p.topic = h.topic AND p.key = h.key),
       (SELECT d.detail FROM dead_letters AS d WHERE d.topic = h.topic AND d.key = h.key
        AND d.dismissed_at IS NULL AND d.replayed_at IS NULL ORDER BY d."offset" LIMIT 1)
FROM stream_heads AS h WHERE h.parked_at IS NOT NULL ORDER BY h.parked_at, h.topic, h.key
"""
_LETTERS = """
SELECT partition, "offset", headers, value, reason, detail, recorded_at FROM dead_letters
WHERE topic = %s AND key = %s AND dismissed_at IS NULL AND replayed_at IS NULL ORDER BY "offset"
"""
_FENCE = "SELECT FROM consumer_offsets WHERE topic = %s AND partition = %s FOR UPDATE"
_HEAD = """
UPDATE stream_heads SET version = %s, last_id = %s, reason = %s,
    parked_at = CASE WHEN %s::text IS NULL THEN NULL ELSE parked_at END
WHERE topic = %s AND key = %s
"""
_DISMISS = """
UPDATE dead_letters SET dismissed_at = now(), dismissed_why = %s WHERE topic = %s AND partition = %s AND "offset" = %s
"""
_DECIDE = """
INSERT INTO passed_over (topic, key, partition, "offset", sequence, who, why) VALUES (%s, %s, %s, %s, %s, %s, %s)
ON CONFLICT DO NOTHING
"""
_BURY = """
INSERT INTO dead_letters (topic, partition, "offset", key, headers, value, reason, detail, attempts)
VALUES (%s, %s, %s, %s, %s, %s, 'unappliable', %s, 1)
ON CONFLICT (topic, partition, "offset") DO UPDATE SET detail = excluded.detail, attempts = dead_letters.attempts + 1
"""
_REPLAYED = """
UPDATE dead_letters SET replayed_at = now(), attempts = attempts + 1
WHERE topic = %s AND partition = %s AND "offset" = %s
"""
_FORGET = "DELETE FROM parked_records WHERE topic = %s AND key = %s AND version <= %s"
MOVE_PASSED_OVER: LiteralString = """
UPDATE passed_over SET "offset" = "offset" - (1::bigint << 50) WHERE topic = %s
"""
_RETRIED = "INSERT INTO retries (topic, key, who, why, applied, left_as) VALUES (%s, %s, %s, %s, %s, %s)"


class Standing(NamedTuple):
    """A stream that stands still after `version`; `waiting` records are kept behind it."""

    topic: str
    key: str
    version: int
    reason: str
    since: datetime
    waiting: int
    detail: str | None


class Letter(NamedTuple):
    """A dead letter that is neither dismissed nor replayed."""

    partition: int
    offset: int
    type: str
    value: bytes | None
    reason: str
    detail: str
    recorded_at: datetime


def standing(conn: Connection) -> list[Standing]:
    """Everything that stands still, the oldest first."""
    return [Standing(*row) for row in conn.execute(_LIST).fetchall()]


def letters(conn: Connection, topic: str, key: str) -> list[Letter]:
    """The dead letters of a stream that are still open."""
    rows = conn.execute(_LETTERS, (topic, key)).fetchall()
    found = [Letter(*row) for row in rows]
    return [letter._replace(value=None if letter.value is None else bytes(letter.value)) for letter in found]


def fence(conn: Connection, topic: str, key: str) -> None:
    """Keeps the consumer of the stream's partition out until the transaction ends."""
    conn.execute(_FENCE, (topic, partition_of(key)))


def put_head(conn: Connection, topic: str, key: str, version: int, last_id: str, reason: str | None) -> None:
    """Where the stream stands now; without a reason it is not parked any more."""
    conn.execute(_HEAD, (version, last_id, reason, reason, topic, key))


def pass_over(conn: Connection, topic: str, key: str, letter: Letter, sequence: int | None, who: str, why: str) -> None:
    """Stores the decision that a letter will never be applied."""
    place = (topic, letter.partition, letter.offset)
    conn.execute(_DISMISS, (f"{who}: {why}", *place))
    conn.execute(_DECIDE, (topic, key, letter.partition, letter.offset, sequence, who, why))


def passed_over(conn: Connection, topic: str) -> PassedOver:
    """What was passed over on a topic: (partition, offset) → key and sequence; a rebuild passes over the same.

    Places in a log that is no more are below 0: there the sequence alone tells the fact.
    """
    rows = conn.execute('SELECT partition, "offset", key, sequence FROM passed_over WHERE topic = %s', (topic,))
    return {
        (partition, offset) if offset >= 0 else (key, sequence): (key, sequence)
        for partition, offset, key, sequence in rows.fetchall()
    }


def bury(conn: Connection, topic: str, key: str, place: tuple[int, int], type_: str, value: Any, detail: str) -> None:
    """The dead letter of a record that waited, or once more of one that was tried again."""
    conn.execute(_BURY, (topic, *place, key, type_, value, detail[:2000]))


def applied(conn: Connection, topic: str, key: str, version: int, replayed: Sequence[Letter]) -> None:
    """Forgets what waited and is applied now, and notes which letters were replayed."""
    conn.execute(_FORGET, (topic, key, version))
    for letter in replayed:
        conn.execute(_REPLAYED, (topic, letter.partition, letter.offset))


def note_retry(conn: Connection, topic: str, key: str, who: str, why: str, applied: int, left_as: str | None) -> None:
    """Keeps on record who tried again."""
    conn.execute(_RETRIED, (topic, key, who, why, applied, left_as))
