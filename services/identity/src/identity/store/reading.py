"""The read side of a user as one value: once folded from the events, once as the tables users and links have it."""

from datetime import date, datetime
from typing import NamedTuple

from common.clock import from_wire
from common.postgres import Connection
from identity import events
from identity.domain.proof import Proof
from identity.domain.user import User, evolve


class ShownLink(NamedTuple):
    """A row of links, but for the nickname."""

    account: str
    linked_at: datetime
    masked_until: datetime | None
    proof: Proof | None


class Shown(NamedTuple):
    """A row of users with its links, sorted by account."""

    id: str
    version: int
    language: str
    confirmed: bool
    closed: bool
    links: tuple[ShownLink, ...]


_IDS = "SELECT DISTINCT stream_id FROM events WHERE stream_id > %s ORDER BY stream_id LIMIT %s"
_EVENTS = "SELECT type, data, recorded_at FROM events WHERE stream_id = %s ORDER BY version"


def stream_ids(conn: Connection, after: str, limit: int) -> list[str]:
    """Ids of users, sorted, beginning after one."""
    return [user_id for (user_id,) in conn.execute(_IDS, (after, limit))]


def hold(conn: Connection, user_id: str) -> None:
    """Keeps the stream as it is until the transaction ends."""
    conn.execute("SELECT FROM users WHERE id = %s FOR UPDATE", (user_id,))


def folded(conn: Connection, user_id: str) -> Shown:
    """What the tables must have, by the events alone."""
    user, linked_at = User(user_id), {}
    for type_name, data, recorded_at in conn.execute(_EVENTS, (user_id,)):
        event = events.said(type_name, data)
        user = evolve(user, event)
        if isinstance(event, events.AccountLinked):
            linked_at[event.account] = recorded_at
    links = tuple(
        ShownLink(account, linked_at[account], _instant(link.masked_until), link.proof)
        for account, link in sorted(user.links.items())
    )
    return Shown(user.id, user.version, user.language, user.confirmed, user.closed, links)


def _instant(text: str | None) -> datetime | None:
    return from_wire(text) if text else None


_USER = "SELECT version, language, confirmed, closed FROM users WHERE id = %s"
_LINKS = """
SELECT account, linked_at, masked_until, proof_sequence, proof_day, proof_kind FROM links
WHERE user_id = %s ORDER BY account
"""


def shown(conn: Connection, user_id: str) -> Shown | None:
    """What the tables have; None when the user's row is gone."""
    row = conn.execute(_USER, (user_id,)).fetchone()
    if row is None:
        return None
    links = tuple(
        ShownLink(account, linked_at, masked, Proof(sequence, day, kind) if sequence is not None else None)
        for account, linked_at, masked, sequence, day, kind in conn.execute(_LINKS, (user_id,))
    )
    version, language, confirmed, closed = row
    return Shown(user_id, version, language, confirmed, closed, links)


def completed(wanted: Shown, kept: Shown | None) -> Shown:
    """Links whose events did not say yet what they stand on keep what the table says."""
    known = {link.account: link.proof for link in kept.links} if kept else {}
    links = (link._replace(proof=link.proof or known.get(link.account)) for link in wanted.links)
    return wanted._replace(links=tuple(links))


_PUT_USER = """
INSERT INTO users (id, version, language, confirmed, closed, created_at)
VALUES (%(id)s, %(version)s, %(language)s, %(confirmed)s, %(closed)s,
        (SELECT min(recorded_at) FROM events WHERE stream_id = %(id)s))
ON CONFLICT (id) DO UPDATE SET version = excluded.version, language = excluded.language,
    confirmed = excluded.confirmed, closed = excluded.closed
"""
_CUT_LINKS = "DELETE FROM links WHERE user_id = %s AND account <> ALL(%s)"
_PUT_LINK = """
INSERT INTO links (user_id, account, linked_at, masked_until, proof_sequence, proof_day, proof_kind)
VALUES (%s, %s, %s, %s, %s, %s, %s)
ON CONFLICT (user_id, account) DO UPDATE SET linked_at = excluded.linked_at, masked_until = excluded.masked_until,
    proof_sequence = excluded.proof_sequence, proof_day = excluded.proof_day, proof_kind = excluded.proof_kind
"""
_BEFORE_PROOFS_WERE_SAID = Proof(0, date.min)


def write(conn: Connection, wanted: Shown) -> None:
    """Makes the tables say what was folded; nicknames of links that stay are kept."""
    conn.execute(_PUT_USER, wanted._asdict())
    conn.execute(_CUT_LINKS, (wanted.id, [link.account for link in wanted.links]))
    for link in wanted.links:
        proof = link.proof or _BEFORE_PROOFS_WERE_SAID
        conn.execute(_PUT_LINK, (wanted.id, link.account, link.linked_at, link.masked_until, *proof))
