"""The streams of users: lock the head, fold the events, append; and the links in effect."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import NamedTuple

import msgspec

from common import eventstore
from common.clock import to_wire
from common.ids import uuid7
from common.partitions import partition_of
from common.postgres import Connection
from common.streams import Record
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
    """Stores and queues what was decided for a locked user, with its links in effect; returns the new state."""
    after = user
    for event in said:
        after = evolve(after, event)
    eventstore.append(conn, topic, [_stored(user, index, event, now) for index, event in enumerate(said)])
    conn.execute(_HEAD, (after.version, after.language, after.confirmed, after.closed, user.id))
    for event in said:
        _show(conn, user.id, event, now)
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


_AGAIN = """
INSERT INTO outbox (topic, partition, key, version, type)
SELECT %s, u.partition, e.stream_id, e.version, e.type
FROM unnest(%s::text[], %s::smallint[]) AS u(id, partition) JOIN events AS e ON e.stream_id = u.id
ORDER BY e.stream_id, e.version
"""


def publish_again(conn: Connection, topic: str, user_ids: Sequence[str]) -> None:
    """All events of these users into the outbox once more; readers know them by their sequence."""
    # The relay's hint relies on it: a transaction has its id before it takes its first position in the outbox.
    conn.execute("SELECT pg_current_xact_id()")
    conn.execute(_AGAIN, (topic, list(user_ids), [partition_of(user_id) for user_id in user_ids]))


def store_again(conn: Connection, topic: str, records: Sequence[Record]) -> None:
    """Events of one user as a topic has them, in their order."""
    eventstore.append(conn, topic, [_as_it_was(record) for record in records])


def _as_it_was(record: Record) -> eventstore.NewEvent:
    envelope = record.envelope
    return eventstore.NewEvent(
        stream=record.key,
        version=record.sequence,
        id=envelope.id,
        type=record.type,
        occurred_at=envelope.time,
        recorded_at=envelope.recordedtime,
        source=envelope.source,
        correlation=envelope.correlationid,
        data=bytes(envelope.data).decode(),
        partition=record.partition,
    )


_LINK = """
INSERT INTO links (user_id, account, linked_at, proof_sequence, proof_day, proof_kind, masked_until)
VALUES (%s, %s, %s, %s, %s, %s, %s)
"""
_UNMASK = "UPDATE links SET masked_until = NULL WHERE user_id = %s AND account = %s"


def _show(conn: Connection, user_id: str, event: events.Said, now: datetime) -> None:
    """The read side of what was said of an account."""
    match event:
        case events.AccountLinked(account=account, proof=kind, masked_until=until):
            conn.execute(_LINK, (user_id, account, now, event.proof_sequence, event.proof_day, kind, until))
        case events.AccountUnmasked(account=account):
            conn.execute(_UNMASK, (user_id, account))


class Holder(NamedTuple):
    """Somebody who has an account in the cabinet; `on_probation` while name and address are masked for them too."""

    user_id: str
    on_probation: bool


_HOLDERS = """
SELECT user_id, coalesce(masked_until > %s, false) FROM links WHERE account = %s AND user_id <> %s ORDER BY user_id
"""


def holders(conn: Connection, account: str, but: str, now: datetime) -> list[Holder]:
    """Users other than `but` who have the account in their cabinet."""
    return [Holder(*row) for row in conn.execute(_HOLDERS, (now, account, but))]


class Cabinet(NamedTuple):
    """A cabinet that holds an account, as an operator sees it."""

    user: str
    user_name: str
    email: str
    linked_at: datetime
    proof: str
    masked_until: datetime | None
    last_used_at: datetime | None


_CABINETS = """
SELECT l.user_id, p.user_name, p.email, l.linked_at, l.proof_kind, l.masked_until,
    (SELECT max(used_at) FROM sessions WHERE user_id = l.user_id)
FROM links AS l JOIN people AS p USING (user_id) WHERE l.account = %s ORDER BY l.linked_at, l.user_id
"""


def cabinets(conn: Connection, account: str) -> list[Cabinet]:
    """Who holds the account, the first one first."""
    return [Cabinet(*row) for row in conn.execute(_CABINETS, (account,))]


def rename(conn: Connection, user_id: str, account: str, nickname: str | None) -> bool:
    """Gives a linked account another nickname; False when it is not linked."""
    query = "UPDATE links SET nickname = %s WHERE user_id = %s AND account = %s"
    return conn.execute(query, (nickname, user_id, account)).rowcount > 0


_PROVE_LATER = """
INSERT INTO proved_accounts (user_id, account, proof_sequence, proof_day, proof_kind) VALUES (%s, %s, %s, %s, %s)
"""
_PROVED = """
SELECT account, proof_sequence, proof_day, proof_kind FROM proved_accounts WHERE user_id = %s ORDER BY account
"""


def prove_later(conn: Connection, user_id: str, account: str, proof: Proof) -> None:
    """Keeps a proof until the e-mail is confirmed."""
    conn.execute(_PROVE_LATER, (user_id, account, proof.sequence, proof.day, proof.kind))


def proved(conn: Connection, user_id: str) -> list[tuple[str, Proof]]:
    """What was proved at registration, sorted by account."""
    return [(account, Proof(*proof)) for account, *proof in conn.execute(_PROVED, (user_id,))]


def forget_proofs(conn: Connection, user_ids: Iterable[str]) -> None:
    """What was proved took effect or never will."""
    conn.execute("DELETE FROM proved_accounts WHERE user_id = ANY(%s)", (list(user_ids),))
