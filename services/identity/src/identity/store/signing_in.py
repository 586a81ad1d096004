"""Signing in, in two statements: what is counted and looked up before the hash, what is written after it.

Each is one round trip and one commit over the thread's own connection. An answer that was lost is asked for once more:
then a try counts twice, which errs on the safe side, and the session is there already.
"""

from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from common.reading import Writing
from identity.store import budgets, keys, people
from identity.store.budgets import Throttle
from identity.store.people import Person


class Known(NamedTuple):
    """Who is meant, whether they sign in from here as a rule, whether a code is asked beside the password.

    `counted`: the try was counted; otherwise it came too early.
    """

    counted: bool
    person: Person | None
    here: bool
    second_factor: bool


# Of nobody as much is asked as of anybody: the time would tell who has a cabinet.
_COUNT = f"""
WITH counted AS ({budgets.TRY.format(kind="$1", key="$2", now="$3", since="$4", free="$5", longest_s="$6")}
    RETURNING true),
found AS (%s)
SELECT EXISTS (SELECT FROM counted), f.*,
    EXISTS (SELECT FROM sessions AS s
        WHERE s.user_id = f.user_id AND s.source = $8::bytea AND s.used_at > $9::timestamptz),
    EXISTS (SELECT FROM second_factors AS x WHERE x.user_id = f.user_id AND x.confirmed_at IS NOT NULL)
FROM (SELECT) AS one LEFT JOIN found AS f ON true
"""
_BY_NAME = _COUNT % f"{people.FROM} AND p.name_key = $7"
_BY_EMAIL = _COUNT % f"{people.FROM} AND p.email_key = $7 AND p.holds_email"


def count(
    at_once: Writing, login: tuple[str, bool], throttle: Throttle, source: bytes, now: datetime, lately: datetime
) -> Known:
    """Counts a try and looks up whoever signs in with this user name or confirmed address."""
    key, by_email = login
    given = (
        throttle.kind, _bytea(throttle.key), now.isoformat(), (now - budgets.WINDOW).isoformat(), str(throttle.free),
        str(throttle.longest_s), key, _bytea(source), lately.isoformat(),
    )  # fmt: skip
    ((counted, *columns, here, second_factor),) = at_once.rows(_BY_EMAIL if by_email else _BY_NAME, *given)
    return Known(counted, Person(*columns) if columns[0] is not None else None, here, second_factor)


_OPEN = f"""
WITH forgiven AS (
    DELETE FROM sign_in_tries WHERE (kind, key) IN (($1, $2::bytea), ($3, $4::bytea))),
started AS (
    INSERT INTO sessions (id, user_id, device, source, started_at, used_at, expires_at)
    VALUES ($5::uuid, $6, $7, $8::bytea, $9::timestamptz, $9::timestamptz, $10::timestamptz)
    ON CONFLICT DO NOTHING RETURNING user_id),
noted AS (
    INSERT INTO activity (user_id, at, kind) SELECT user_id, $9::timestamptz, 'signed-in' FROM started)
{keys.ACTIVE}
"""


class Opening(NamedTuple):
    """A session to be: its id and owner, what the device calls itself, where it is, from when until when."""

    session: UUID
    user_id: str
    device: str
    source: bytes
    now: datetime
    until: datetime


def open_session(at_once: Writing, opening: Opening, here: Throttle, anywhere: Throttle) -> tuple[str, bytes]:
    """Starts a session whose first refresh token is good, notes it, and forgives the tries that came before.

    Returns the id and the sealed private part of the key that signs; raises LookupError before `keys` made one.
    """
    tries = (here.kind, _bytea(here.key), anywhere.kind, _bytea(anywhere.key))
    times = (opening.now.isoformat(), opening.until.isoformat())
    rows = at_once.rows(
        _OPEN, *tries, str(opening.session), opening.user_id, opening.device, _bytea(opening.source), *times
    )
    if not rows:
        raise LookupError("there is no signing key; run `python -m identity migrate`")
    return rows[0][0], bytes(rows[0][1])


def _bytea(value: bytes) -> str:
    return f"\\x{value.hex()}"
