"""Keys that sign access tokens, and their publication on the compacted topic of keys."""

from datetime import datetime
from typing import Any, NamedTuple

import msgspec

from common import eventstore
from common.clock import to_wire
from common.envelope import render
from common.ids import uuid7
from common.partitions import partition_of
from common.postgres import Connection
from identity.events import KeyPublished, type_of
from identity.store.users import SOURCE


class Key(NamedTuple):
    """One key; `sealed` is its private part, None once it was forgotten."""

    kid: str
    version: int
    state: str
    jwk: dict[str, Any]
    sealed: bytes | None
    changed_at: datetime


_ALL = "SELECT kid, version, state, jwk, sealed, changed_at FROM signing_keys ORDER BY changed_at, kid"
ACTIVE = "SELECT kid, sealed FROM signing_keys WHERE state = 'active'"
_ADD = "INSERT INTO signing_keys (kid, version, state, jwk, sealed, changed_at) VALUES (%s, 1, %s, %s, %s, %s)"
_MOVE = """
UPDATE signing_keys SET state = %s, version = version + 1, changed_at = %s,
    sealed = CASE WHEN %s = 'retired' THEN NULL ELSE sealed END
WHERE kid = %s RETURNING version, jwk
"""


def lock(conn: Connection) -> list[Key]:
    """All keys, oldest change first, with the table locked against another rotation."""
    conn.execute("LOCK TABLE signing_keys IN SHARE ROW EXCLUSIVE MODE")
    return everything(conn)


def everything(conn: Connection) -> list[Key]:
    """All keys, oldest change first."""
    return [Key(*row) for row in conn.execute(_ALL)]


def add(conn: Connection, topic: str, kid: str, state: str, jwk: dict[str, Any], sealed: bytes, now: datetime) -> None:
    """Stores and publishes a new key."""
    conn.execute(_ADD, (kid, state, msgspec.json.encode(jwk).decode(), sealed, now))
    _publish(conn, topic, KeyPublished(1, kid, state, jwk), now)  # type: ignore[arg-type]  # the table checks the state


def move(conn: Connection, topic: str, kid: str, state: str, now: datetime) -> None:
    """Stores and publishes another state of a key; a retired key can sign no more."""
    row = conn.execute(_MOVE, (state, now, state, kid)).fetchone()
    if row is None:
        raise LookupError(kid)
    _publish(conn, topic, KeyPublished(row[0], kid, state, row[1]), now)  # type: ignore[arg-type]  # as above


def publish_all(conn: Connection, topic: str) -> None:
    """Every key once more, as it stands."""
    for key in everything(conn):
        _publish(conn, topic, KeyPublished(key.version, key.kid, key.state, key.jwk), key.changed_at)  # type: ignore[arg-type]  # as above


def remove(conn: Connection, topic: str, kid: str) -> None:
    """Forgets a key that no living token was signed with, here and, by a tombstone, on the topic."""
    conn.execute("DELETE FROM signing_keys WHERE kid = %s", (kid,))
    partition = partition_of(kid)
    eventstore.enqueue(conn, [eventstore.OutboxRow(topic, partition, kid, _TYPE, None)])


_TYPE = type_of(KeyPublished(1, "", "next", {}))


def _publish(conn: Connection, topic: str, key: KeyPublished, now: datetime) -> None:
    instant = to_wire(now)
    body = render(
        ident=str(uuid7()),
        source=SOURCE,
        type=_TYPE,
        key=key.kid,
        time=instant,
        recorded=instant,
        data=msgspec.json.encode(key).decode(),
        sequence=None,
    )
    row = eventstore.OutboxRow(topic, partition_of(key.kid), key.kid, _TYPE, body.decode())
    eventstore.enqueue(conn, [row])
