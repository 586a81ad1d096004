"""What happened in a cabinet, for its owner to read; and tokens that came by mail."""

import hashlib
from datetime import datetime, timedelta
from typing import Literal, NamedTuple

from common.ids import secret_text
from common.postgres import Connection

Kind = Literal[
    "registered", "confirmed", "signed-in", "session-ended", "sessions-ended", "refresh-reused", "account-linked",
    "account-unlinked", "access-revoked", "password-changed", "password-reset", "language-changed",
]  # fmt: skip
Purpose = Literal["confirm", "reset"]


class Entry(NamedTuple):
    """One line of the list."""

    id: int
    at: datetime
    kind: Kind
    account: str | None


_NOTE = "INSERT INTO activity (user_id, at, kind, account) VALUES (%s, %s, %s, %s)"
_PAGE = "SELECT id, at, kind, account FROM activity WHERE user_id = %s AND id < %s ORDER BY id DESC LIMIT %s"


def note(conn: Connection, user_id: str, at: datetime, kind: Kind, account: str | None = None) -> None:
    """Adds a line."""
    conn.execute(_NOTE, (user_id, at, kind, account))


def page(conn: Connection, user_id: str, before: int, limit: int) -> list[Entry]:
    """Newest first, older than line `before`."""
    return [Entry(*row) for row in conn.execute(_PAGE, (user_id, before, limit))]


_ISSUE = "INSERT INTO mail_tokens (hash, user_id, purpose, expires_at) VALUES (%s, %s, %s, %s)"
_OWNER = "SELECT user_id FROM mail_tokens WHERE hash = %s AND purpose = %s AND expires_at > %s"
_SPEND = "UPDATE mail_tokens SET used_at = %s WHERE user_id = %s AND purpose = %s AND used_at IS NULL RETURNING hash"


def issue_token(conn: Connection, user_id: str, purpose: Purpose, now: datetime, life: timedelta) -> str:
    """A new token for a link in a mail; only its hash stays here."""
    token = secret_text()
    conn.execute(_ISSUE, (_hash(token), user_id, purpose, now + life))
    return token


def token_owner(conn: Connection, token: str, purpose: Purpose, now: datetime) -> str | None:
    """Whose token it is, spent or not; None when it is unknown or too old."""
    row = conn.execute(_OWNER, (_hash(token), purpose, now)).fetchone()
    return row[0] if row else None


def spend_tokens(conn: Connection, user_id: str, purpose: Purpose, token: str, now: datetime) -> bool:
    """Spends all tokens the user has for this purpose; False when `token` was not among the good ones."""
    spent = conn.execute(_SPEND, (now, user_id, purpose)).fetchall()
    return _hash(token) in {bytes(found) for (found,) in spent}


def _hash(token: str) -> bytes:
    return hashlib.sha256(token.encode(errors="replace")).digest()
