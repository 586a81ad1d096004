"""The streams of users: lock the head, fold the events, append; and the links in effect."""

from collections.abc import Iterable, Sequence
from datetime import datetime

import msgspec

from common import eventstore
from common.clock import to_wire
from common.ids import uuid7
from common.partitions import partition_of
from common.postgres import Connection
from identity import events
from identity.domain.proof import Proof
from identity.domain.user import User, evolve, fold

SOURCE = "/identity"

_LOCK = "SELECT FROM users WHERE id = %s FOR UPDATE"
_EVENTS = "SELECT type, data FROM events WHERE stream_id = %s ORDER BY version"
_CREATE = (
    "INSERT INTO users (id, version, language, confirmed, closed, created_at) VALUES (%s, 0, 'ru', false, false, %s)"
)
_HEAD = "UPDATE users SET version = %s, language = %s, confirmed = %s, closed = %s WHERE id = %s"
_UNLINK = "DELETE FROM links WHERE user_id = %s AND account = ANY(%s)"


def lock(conn: Connection, user_id: str) -> User | None:
    """The user's state, with the stream locked until the transaction ends; None when there is no such user."""
    if conn.execute(_LOCK, (user_id,)).rowcount == 0:
        return None
    return fold(user_id, stream(conn, user_id))


def stream(conn: Connection, user_id: str) -> list[events.Said]:
    """All events of a user, in their order."""
    return [events.said(type_name, data) for type_name, data in conn.execute(_EVENTS, (user_id,))]


def create(conn: Connection, user_id: str, now: datetime) -> User:
    """An empty stream, locked by having been made here."""
    conn.execute(_CREATE, (user_id, now))
    return User(user_id)


def append(conn: Connection, topic: str, user: User, said: Sequence[events.Said], now: datetime) -> User:
    """Stores and queues what was decided for a locked user, removes links that ended; returns the new state."""
    after = user
    for event in said:
        after = evolve(after, event)
    eventstore.append(conn, topic, [_stored(user, index, event, now) for index, event in enumerate(said)])
    conn.execute(_HEAD, (after.version, after.language, after.confirmed, after.closed, user.id))
    if ended := sorted(user.accounts - after.accounts):
        conn.execute(_UNLINK, (user.id, ended))
    return after


def _stored(user: User, index: int, event: events.Said, now: datetime) -> eventstore.NewEvent:
    instant = to_wire(now)
    return eventstore.NewEvent(
        stream=user.id,
        version=user.version + 1 + index,
        id=str(uuid7()),
        type=events.type_of(event),
        occurred_at=instant,
        recorded_at=instant,
        source=SOURCE,
        correlation="",
        data=msgspec.json.encode(event).decode(),
        partition=partition_of(user.id),
    )


_LINK = """
INSERT INTO links (user_id, account, nickname, linked_at, proof_sequence, proof_day) VALUES (%s, %s, %s, %s, %s, %s)
"""


def link(conn: Connection, user: User, account: str, proof: Proof, now: datetime, nickname: str | None = None) -> None:
    """The read side of account.linked."""
    conn.execute(_LINK, (user.id, account, nickname, now, proof.sequence, proof.day))


def holders(conn: Connection, account: str, but: str) -> list[str]:
    """Users other than `but` who have the account in their cabinet."""
    rows = conn.execute("SELECT user_id FROM links WHERE account = %s AND user_id <> %s ORDER BY 1", (account, but))
    return [user_id for (user_id,) in rows]


def rename(conn: Connection, user_id: str, account: str, nickname: str | None) -> bool:
    """Gives a linked account another nickname; False when it is not linked."""
    query = "UPDATE links SET nickname = %s WHERE user_id = %s AND account = %s"
    return conn.execute(query, (nickname, user_id, account)).rowcount > 0


def prove_later(conn: Connection, user_id: str, account: str, proof: Proof) -> None:
    """Keeps a proof until the e-mail is confirmed."""
    query = "INSERT INTO proved_accounts (user_id, account, proof_sequence, proof_day) VALUES (%s, %s, %s, %s)"
    conn.execute(query, (user_id, account, proof.sequence, proof.day))


def proved(conn: Connection, user_id: str) -> list[tuple[str, Proof]]:
    """What was proved at registration, sorted by account."""
    query = "SELECT account, proof_sequence, proof_day FROM proved_accounts WHERE user_id = %s ORDER BY account"
    return [(account, Proof(sequence, day)) for account, sequence, day in conn.execute(query, (user_id,))]


def forget_proofs(conn: Connection, user_ids: Iterable[str]) -> None:
    """What was proved took effect or never will."""
    conn.execute("DELETE FROM proved_accounts WHERE user_id = ANY(%s)", (list(user_ids),))
