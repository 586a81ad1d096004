"""Personal data: who a user is to people. Nothing of this table ever goes into an event or a log."""

from datetime import datetime
from typing import NamedTuple

from psycopg.errors import UniqueViolation

from common.postgres import Connection
from identity.domain.names import email_key, name_key
from identity.errors import LinkExpired, UserNameTaken


class Person(NamedTuple):
    """A user with personal data and what signing in needs."""

    user_id: str
    user_name: str
    email: str
    password_hash: str
    language: str
    confirmed: bool
    version: int


_COLUMNS = "p.user_id, p.user_name, p.email, p.password_hash, u.language, u.confirmed, u.version"
FROM = f"SELECT {_COLUMNS} FROM people AS p JOIN users AS u ON u.id = p.user_id WHERE NOT u.closed"
_BY_ID = f"{FROM} AND p.user_id = %s"
_BY_NAME = f"{FROM} AND p.name_key = %s"
_BY_EMAIL = f"{FROM} AND p.email_key = %s AND p.holds_email"
_ASKING = f"{FROM} AND p.email_key = %s AND NOT p.holds_email ORDER BY u.created_at DESC LIMIT 1"
_ADD = """
INSERT INTO people (user_id, user_name, name_key, email, email_key, password_hash) VALUES (%s, %s, %s, %s, %s, %s)
"""


def _one(conn: Connection, query: str, value: str) -> Person | None:
    row = conn.execute(query.encode(), (value,)).fetchone()
    return Person(*row) if row else None


def by_id(conn: Connection, user_id: str) -> Person | None:
    """The person behind a user id."""
    return _one(conn, _BY_ID, user_id)


def by_name(conn: Connection, user_name: str) -> Person | None:
    """The person with this user name or one that looks the same."""
    return _one(conn, _BY_NAME, name_key(user_name))


def by_email(conn: Connection, email: str) -> Person | None:
    """The person who confirmed this address."""
    return _one(conn, _BY_EMAIL, email_key(email))


def asking(conn: Connection, email: str) -> Person | None:
    """The newest registration that waits for this address to be confirmed."""
    return _one(conn, _ASKING, email_key(email))


def add(conn: Connection, user_id: str, user_name: str, email: str, password_hash: str) -> None:
    """Stores a new person; raises UserNameTaken."""
    try:
        conn.execute(_ADD, (user_id, user_name, name_key(user_name), email, email_key(email), password_hash))
    except UniqueViolation as error:
        raise UserNameTaken(field="/user_name") from error


def hold_email(conn: Connection, user_id: str) -> None:
    """The address is theirs now; raises LinkExpired when another user confirmed it first."""
    try:
        conn.execute("UPDATE people SET holds_email = true WHERE user_id = %s", (user_id,))
    except UniqueViolation as error:
        raise LinkExpired from error


def set_email(conn: Connection, user_id: str, email: str) -> None:
    """Replaces a confirmed address; raises LinkExpired when another user has confirmed it meanwhile."""
    try:
        query = "UPDATE people SET email = %s, email_key = %s WHERE user_id = %s"
        conn.execute(query, (email, email_key(email), user_id))
    except UniqueViolation as error:
        raise LinkExpired from error


def set_password(conn: Connection, user_id: str, password_hash: str) -> None:
    """Replaces the hash."""
    conn.execute("UPDATE people SET password_hash = %s WHERE user_id = %s", (password_hash, user_id))


_STALE = "SELECT id FROM users WHERE NOT confirmed AND NOT closed AND created_at < %s ORDER BY id LIMIT 100"


def unconfirmed_since(conn: Connection, before: datetime) -> list[str]:
    """Registrations that nobody confirmed in time."""
    return [user_id for (user_id,) in conn.execute(_STALE, (before,))]


# Refresh tokens go with their sessions; nicknames went with the links. What stays names nobody: the events, the head of
# the stream, and what operators did, by id.
_ERASE = tuple(
    f"DELETE FROM {table} WHERE {column} = %s"
    for table, column in (
        ("mail_tokens", "user_id"),
        ("mail", "user_id"),
        ("link_notices", "holder"),
        ("link_notices", "newcomer"),
        ("notice_choices", "user_id"),
        ("second_factors", "user_id"),
        ("recovery_codes", "user_id"),
        ("sessions", "user_id"),
        ("activity", "user_id"),
        ("proved_accounts", "user_id"),
        ("idempotency_keys", "owner"),
        ("people", "user_id"),
    )
)


def erase(conn: Connection, user_id: str) -> None:
    """Removes the personal data of a user from every table; the events stay, without it."""
    for query in _ERASE:
        conn.execute(query.encode(), (user_id,))
