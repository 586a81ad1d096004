"""What the compacted topics and the users topic say: the newest version of each record stays."""

from collections.abc import Sequence
from datetime import datetime

import msgspec

from common.postgres import Connection
from ledger.events.heard import Holder, StatedKey

_HOLDER = """
INSERT INTO holders AS h (account, version, name, address_ru, address_kk, phone) VALUES (%s, %s, %s, %s, %s, %s)
ON CONFLICT (account) DO UPDATE SET version = excluded.version, name = excluded.name, phone = excluded.phone,
    address_ru = excluded.address_ru, address_kk = excluded.address_kk
WHERE h.version < excluded.version
"""
_FRESH = """
INSERT INTO fresh AS f (topic, partition, at) SELECT %s, p, %s FROM unnest(%s::smallint[]) AS p
ON CONFLICT (topic, partition) DO UPDATE SET at = greatest(f.at, excluded.at)
"""
_AGE = """
SELECT CASE WHEN count(*) >= %s THEN extract(epoch FROM clock_timestamp() - min(at)) END FROM fresh WHERE topic = %s
"""
_ERASE = "UPDATE holders SET name = NULL, address_ru = NULL, address_kk = NULL, phone = NULL WHERE account = %s"
_DIRECTORY = """
INSERT INTO directory AS d (kind, id, version, data) VALUES (%s, %s, %s, %s)
ON CONFLICT (kind, id) DO UPDATE SET version = excluded.version, data = excluded.data WHERE d.version < excluded.version
"""
# The first place a service is stated with is its place in the rule for good.
_PLACE = """
INSERT INTO split_orders (version, service, place) SELECT max(version), %s, %s FROM split_rules ON CONFLICT DO NOTHING
"""
_LINK = """
INSERT INTO links (user_id, account, masked_until, linked_at) VALUES (%s, %s, %s, %s)
ON CONFLICT (user_id, account) DO UPDATE SET masked_until = excluded.masked_until, linked_at = excluded.linked_at
"""
_HOLDER_SINCE = """
UPDATE accounts AS a SET holder_since = given.since
FROM (SELECT account, max(since) AS since FROM unnest(%(accounts)s::text[], %(moments)s::timestamptz[])
      AS sold(account, since) GROUP BY account) AS given
WHERE a.account = given.account AND (a.holder_since IS NULL OR a.holder_since < given.since)
"""
_CUT = """
DELETE FROM links AS l USING accounts AS a
WHERE a.account = l.account AND a.account = ANY(%(accounts)s) AND l.linked_at <= a.holder_since
"""


def put_holder(conn: Connection, account: str, h: Holder) -> None:
    """States name and address."""
    conn.execute(_HOLDER, (account, h.version, h.name, h.address_ru, h.address_kk, h.phone))


def erase_holder(conn: Connection, account: str) -> None:
    """Forgets name and address; the version stays, for an older record may come late."""
    conn.execute(_ERASE, (account,))


def put_directory(conn: Connection, kind: str, name: str, version: int, data: str) -> None:
    """States a record of the directory."""
    conn.execute(_DIRECTORY, (kind, name, version, data))


def remove_directory(conn: Connection, kind: str, name: str) -> None:
    """Forgets a record of the directory."""
    conn.execute("DELETE FROM directory WHERE kind = %s AND id = %s", (kind, name))


def utilities(conn: Connection) -> dict[str, str]:
    """Which provider a service belongs to."""
    rows = conn.execute("SELECT id, data::jsonb ->> 'provider' FROM directory WHERE kind = 'service'").fetchall()
    return {service: provider for service, provider in rows if provider}


def stated_key(conn: Connection, kind: str, ident: str) -> StatedKey | None:
    """A key of the directory: `agent-key` or `operator-key`."""
    row = conn.execute("SELECT data FROM directory WHERE kind = %s AND id = %s", (kind, ident)).fetchone()
    return msgspec.json.decode(row[0], type=StatedKey) if row else None


def put_fresh(conn: Connection, topic: str, partitions: Sequence[int], at: datetime) -> None:
    """Notes that partitions were read to their end at a moment."""
    conn.execute(_FRESH, (topic, at, list(partitions)))


def age_s(conn: Connection, topic: str, partitions: int) -> float | None:
    """How many seconds ago the whole topic was last known to be read to its end; None before it first was."""
    row = conn.execute(_AGE, (partitions, topic)).fetchone()
    return None if row is None or row[0] is None else float(row[0])


def place_service(conn: Connection, service: str, place: int) -> None:
    """Gives a service its place in the newest split rule unless it has one."""
    conn.execute(_PLACE, (service, place))


def link(conn: Connection, user: str, account: str, masked_until: str | None, linked_at: str) -> None:
    """Lets a user see an account."""
    conn.execute(_LINK, (user, account, masked_until, linked_at))


def cut_links(conn: Connection, sold: Sequence[tuple[str, str]]) -> None:
    """Ends what was linked before an account got another holder: (account, when that was recorded)."""
    given = {"accounts": [account for account, _ in sold], "moments": [moment for _, moment in sold]}
    conn.execute(_HOLDER_SINCE, given)
    conn.execute(_CUT, given)


def unmask(conn: Connection, user: str, account: str) -> None:
    """Shows the holder's name in full."""
    conn.execute("UPDATE links SET masked_until = NULL WHERE user_id = %s AND account = %s", (user, account))


def unlink(conn: Connection, user: str, account: str) -> None:
    """Lets a user see an account no more."""
    conn.execute("DELETE FROM links WHERE user_id = %s AND account = %s", (user, account))


def close_user(conn: Connection, user: str) -> None:
    """Ends all links of a user."""
    conn.execute("DELETE FROM links WHERE user_id = %s", (user,))
