"""Keys of access tokens: next → active → retired → forgotten."""

from datetime import datetime, timedelta

from common.clock import now as clock
from common.postgres import Connection
from identity import events
from identity.errors import RotationTooEarly
from identity.gateways.signing import LIFE, new_key
from identity.handlers.desk import Desk
from identity.store import acts, keys
from identity.store.acts import By
from identity.store.keys import Key

# Long enough for every service to have heard of the next key before it signs.
_KNOWN_AFTER = timedelta(minutes=5)
_FORGOTTEN_AFTER = LIFE + timedelta(minutes=5)


def rotate(desk: Desk, by: By, *, at_once: bool = False) -> list[Key]:
    """Moves every key one state on and makes a new next one. Raises RotationTooEarly unless `at_once`."""
    now = clock()
    topic = desk.config.topic_prefix + events.KEYS
    with desk.pool.connection() as conn, conn.transaction():
        by_state = {key.state: key for key in keys.lock(conn)}
        coming = by_state.get("next")
        if coming is not None and not at_once and now - coming.changed_at < _KNOWN_AFTER:
            left_s = round((_KNOWN_AFTER - (now - coming.changed_at)).total_seconds())
            raise RotationTooEarly(retry_after_s=left_s, seconds=left_s)
        if "active" in by_state:
            keys.move(conn, topic, by_state["active"].kid, "retired", now)
        if coming is not None:
            keys.move(conn, topic, coming.kid, "active", now)
        _fill(desk, conn, topic, now)
        acts.add(conn, by, "rotate-keys", now)
        return keys.everything(conn)


def provide(desk: Desk) -> list[Key]:
    """Makes the first keys where there are none."""
    now = clock()
    with desk.pool.connection() as conn, conn.transaction():
        keys.lock(conn)
        _fill(desk, conn, desk.config.topic_prefix + events.KEYS, now)
        return keys.everything(conn)


def _fill(desk: Desk, conn: Connection, topic: str, now: datetime) -> None:
    present = {key.state for key in keys.everything(conn)}
    for state in ("active", "next"):
        if state not in present:
            kid, public, sealed = new_key(desk.sealer)
            keys.add(conn, topic, kid, state, public, sealed, now)


def forget_retired(desk: Desk, conn: Connection, now: datetime) -> None:
    """Removes keys whose last token has expired."""
    for key in keys.everything(conn):
        if key.state == "retired" and now - key.changed_at > _FORGOTTEN_AFTER:
            keys.remove(conn, desk.config.topic_prefix + events.KEYS, key.kid)


def published(desk: Desk) -> list[Key]:
    """All keys with which a living token may be checked."""
    with desk.pool.connection() as conn:
        return keys.everything(conn)
