"""Questions to present holders ("do you know them?"), and which kinds of notices a resident wants."""

import hashlib
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Literal, NamedTuple

from common.ids import secret_text
from common.postgres import Connection

Answer = Literal["known", "not-me"]
Kind = Literal["receipt-ready", "sign-in"]
# A letter a month is for those who ask for it; a sign-in from a new place concerns everybody until they say otherwise.
BY_DEFAULT: dict[Kind, bool] = {"receipt-ready": False, "sign-in": True}


class Notice(NamedTuple):
    """One question: the account of `holder` came into the cabinet of `newcomer`."""

    holder: str
    newcomer: str
    account: str
    linked_at: datetime
    answer: Answer | None


_ASK = """
INSERT INTO link_notices (hash, holder, newcomer, account, linked_at, expires_at) VALUES (%s, %s, %s, %s, %s, %s)
"""
_FIND = """
SELECT n.holder, n.newcomer, n.account, n.linked_at, n.answer
FROM link_notices AS n JOIN links AS l ON l.user_id = n.holder AND l.account = n.account
WHERE n.hash = %s AND n.expires_at > %s
"""
_ANSWER = "UPDATE link_notices SET answer = %s, answered_at = %s WHERE hash = %s"


def ask(conn: Connection, notice: Notice, until: datetime) -> str:
    """Keeps a question; returns the token of its letter."""
    token = secret_text()
    row = (_hash(token), notice.holder, notice.newcomer, notice.account, notice.linked_at, until)
    conn.execute(_ASK, row)
    return token


def find(conn: Connection, token: str, now: datetime) -> Notice | None:
    """The question behind a token, while the one who was asked still has the account."""
    row = conn.execute(_FIND, (_hash(token), now)).fetchone()
    return Notice(*row) if row else None


def answer(conn: Connection, token: str, given: Answer, now: datetime) -> None:
    """Keeps what the holder said."""
    conn.execute(_ANSWER, (given, now, _hash(token)))


def sweep(conn: Connection, before: datetime) -> None:
    """Removes questions whose time ended before."""
    conn.execute("DELETE FROM link_notices WHERE expires_at < %s", (before,))


_CHOOSE = """
INSERT INTO notice_choices (user_id, kind, wanted) VALUES (%s, %s, %s)
ON CONFLICT (user_id, kind) DO UPDATE SET wanted = excluded.wanted
"""


def choose(conn: Connection, user_id: str, wanted: Mapping[Kind, bool]) -> None:
    """Keeps which kinds the resident wants."""
    for kind, value in wanted.items():
        conn.execute(_CHOOSE, (user_id, kind, value))


def choices(conn: Connection, user_id: str) -> dict[Kind, bool]:
    """Every kind, and whether the resident gets it."""
    chosen = dict(conn.execute("SELECT kind, wanted FROM notice_choices WHERE user_id = %s", (user_id,)).fetchall())
    return {kind: chosen.get(kind, default) for kind, default in BY_DEFAULT.items()}


class Reader(NamedTuple):
    """Somebody who asked to hear of the receipts of an account."""

    user_id: str
    account: str
    number: str
    nickname: str | None


# Driven by the few who asked, not by the many statements of a closing month.
_READERS = """
SELECT l.user_id, l.account, n.number, l.nickname
FROM notice_choices AS c
JOIN links AS l USING (user_id)
CROSS JOIN LATERAL (
    SELECT number FROM account_numbers WHERE account = l.account ORDER BY sequence DESC, number LIMIT 1) AS n
WHERE c.kind = 'receipt-ready' AND c.wanted AND l.account = ANY(%s)
ORDER BY l.account, l.user_id
"""


def receipt_readers(conn: Connection, accounts: Sequence[str]) -> list[Reader]:
    """Who of the cabinets with these accounts asked for the letter."""
    return [Reader(*row) for row in conn.execute(_READERS, (list(accounts),))]


def _hash(token: str) -> bytes:
    return hashlib.sha256(token.encode(errors="replace")).digest()
