"""What operators did: who, what, why; never changed, never removed."""

from datetime import datetime
from typing import Literal, NamedTuple

from common.postgres import Connection

Kind = Literal[
    "find",
    "export",
    "freeze",
    "unfreeze",
    "revoke",
    "one-time-code",
    "remove-second-factor",
    "close",
    "rotate-keys",
    "republish",
    "bring-back",
]


class By(NamedTuple):
    """Who acts, and why."""

    operator: str
    reason: str


class Act(NamedTuple):
    """One line of the list."""

    id: int
    at: datetime
    operator: str
    act: Kind
    account: str | None
    user_id: str | None
    reason: str


_ADD = """
INSERT INTO operator_acts (at, operator, act, account, user_id, reason) VALUES (%s, %s, %s, %s, %s, %s) RETURNING id
"""
_LIST = """
SELECT id, at, operator, act, account, user_id, reason FROM operator_acts
WHERE %(account)s::text IS NULL OR account = %(account)s ORDER BY id DESC LIMIT %(limit)s
"""


def add(
    conn: Connection, by: By, act: Kind, now: datetime, *, account: str | None = None, user_id: str | None = None
) -> int:
    """Keeps an act; returns its id."""
    row = conn.execute(_ADD, (now, by.operator, act, account, user_id, by.reason)).fetchone()
    if row is None:
        raise LookupError("an inserted row answers its id")
    return int(row[0])


def newest(conn: Connection, account: str | None, limit: int) -> list[Act]:
    """The newest acts, of one account or of all."""
    return [Act(*row) for row in conn.execute(_LIST, {"account": account, "limit": limit})]
