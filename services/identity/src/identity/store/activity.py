"""What happened in a cabinet, for its owner to read; and tokens that came by mail."""

import hashlib
from datetime import datetime, timedelta
from typing import Literal, NamedTuple

from common.ids import secret_text
from common.postgres import Connection

Kind = Literal[
    "registered", "confirmed", "signed-in", "session-ended", "sessions-ended", "refresh-reused", "account-linked",
    "account-unlinked", "access-revoked", "password-changed", "password-reset", "language-changed",
    "linked-elsewhere", "account-unmasked", "account-frozen", "account-unfrozen", "email-changed", "email-restored",
    "notices-changed", "second-factor-on", "second-factor-off", "recovery-code-used", "recovery-codes-made",
    "operator-looked", "operator-exported", "one-time-code-issued",
]  # fmt: skip
Purpose = Literal["confirm", "reset", "email", "email-undo"]


class Entry(NamedTuple):
    """One line of the list."""

    id: int
    at: datetime
    kind: Kind
    account: str | None
    operator: str | None
    reason: str | None


_NOTE = "INSERT INTO activity (user_id, at, kind, account, act) VALUES (%s, %s, %s, %s, %s)"
_PAGE = """
SELECT l.id, l.at, l.kind, l.account, a.operator, a.reason
FROM activity AS l LEFT JOIN operator_acts AS a ON a.id = l.act
WHERE l.user_id = %s AND l.id < %s ORDER BY l.id DESC LIMIT %s
"""


def note(
    conn: Connection, user_id: str, at: datetime, kind: Kind, account: str | None = None, act: int | None = None
) -> None:
    """Adds a line; `act`: the operator's act that caused it."""
    conn.execute(_NOTE, (user_id, at, kind, account, act))


def page(conn: Connection, user_id: str, before: int, limit: int) -> list[Entry]:
    """Newest first, older than line `before`."""
    return [Entry(*row) for row in conn.execute(_PAGE, (user_id, before, limit))]


_ISSUE = "INSERT INTO mail_tokens (hash, user_id, purpose, expires_at, about) VALUES (%s, %s, %s, %s, %s)"
_OWNER = "SELECT user_id FROM mail_tokens WHERE hash = %s AND purpose = %s AND expires_at > %s"
_SPEND = "UPDATE mail_tokens SET used_at = %s WHERE user_id = %s AND purpose = %s AND used_at IS NULL RETURNING hash"


def issue_token(
    conn: Connection, user_id: str, purpose: Purpose, now: datetime, life: timedelta, about: str | None = None
) -> str:
    """A new token for a link in a mail; only its hash stays here. `about`: the address it stands for."""
    token = secret_text()
    conn.execute(_ISSUE, (_hash(token), user_id, purpose, now + life, about))
    return token


class Given(NamedTuple):
    """A token that stands for an address, spent or not."""

    user_id: str
    about: str
    used: bool
    expires_at: datetime


_GIVEN = """
SELECT user_id, about, used_at IS NOT NULL, expires_at FROM mail_tokens
WHERE hash = %s AND purpose = %s AND expires_at > %s
"""
_DROP = """
DELETE FROM mail_tokens WHERE user_id = %s AND purpose = %s AND (%s::timestamptz IS NULL OR expires_at > %s)
"""


def given(conn: Connection, token: str, purpose: Purpose, now: datetime) -> Given | None:
    """What a token stands for; None when it is unknown or too old."""
    row = conn.execute(_GIVEN, (_hash(token), purpose, now)).fetchone()
    return Given(*row) if row else None


def use_token(conn: Connection, token: str, now: datetime) -> None:
    """Spends this token alone."""
    conn.execute("UPDATE mail_tokens SET used_at = %s WHERE hash = %s", (now, _hash(token)))


def drop_tokens(conn: Connection, user_id: str, purpose: Purpose, after: datetime | None = None) -> None:
    """Tokens of this purpose are good no more, or only those that would outlive `after`."""
    conn.execute(_DROP, (user_id, purpose, after, after))


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
