"""Tables filled from other services' topics: statements, holders, access."""

from collections.abc import Sequence
from dataclasses import astuple
from datetime import datetime

from common.postgres import Connection
from receipts.events.heard import Building, Link
from receipts.events.holder import Holder
from receipts.projections import StatementRow

_ADD_STATEMENTS = """
INSERT INTO statements (account, period, version, facts_hash, to_pay, currency, data, building, flat)
SELECT * FROM unnest(%s::text[], %s::text[], %s::int[], %s::text[], %s::bigint[], %s::text[], %s::text[], %s::text[],
                     %s::text[])
ON CONFLICT DO NOTHING
"""
_STATE_HOLDERS = """
INSERT INTO holders (account, version, name, address_ru, address_kk)
SELECT * FROM unnest(%s::text[], %s::int[], %s::text[], %s::text[], %s::text[])
ON CONFLICT (account) DO UPDATE SET version = excluded.version, name = excluded.name,
    address_ru = excluded.address_ru, address_kk = excluded.address_kk
WHERE holders.version < excluded.version
"""
# A link that was made before the account changed hands is none, whichever topic told of it first.
_LINK = """
INSERT INTO access (user_id, account, masked_until, linked_at)
SELECT %(user)s, %(account)s, %(masked_until)s, %(at)s
WHERE NOT EXISTS (SELECT FROM sales WHERE account = %(account)s AND at >= %(at)s)
ON CONFLICT (user_id, account) DO UPDATE SET masked_until = excluded.masked_until, linked_at = excluded.linked_at
"""
_SELL = """
INSERT INTO sales (account, at) VALUES (%s, %s)
ON CONFLICT (account) DO UPDATE SET at = greatest(sales.at, excluded.at)
"""
_BUILDING = """
INSERT INTO buildings (id, version, address, walk) VALUES (%s, %s, %s, %s)
ON CONFLICT (id) DO UPDATE SET version = excluded.version, address = excluded.address, walk = excluded.walk
WHERE buildings.version < excluded.version
"""


def add_statements(conn: Connection, rows: Sequence[StatementRow]) -> None:
    """Stores issued statements; one that is known already stays as it is."""
    columns = zip(*map(astuple, rows), strict=True)
    conn.execute(_ADD_STATEMENTS, [list(column) for column in columns])


def state_holders(conn: Connection, holders: Sequence[Holder]) -> None:
    """Stores the newest version of each holder; an older one never replaces a newer one."""
    newest = {h.account: h for h in sorted(holders, key=lambda h: h.version)}.values()
    columns = zip(*((h.account, h.version, h.name, h.address_ru, h.address_kk) for h in newest), strict=True)
    conn.execute(_STATE_HOLDERS, [list(column) for column in columns])


def erase_holder(conn: Connection, account: str) -> None:
    """Forgets name and address but not the version, so that an older record cannot bring them back."""
    conn.execute(
        "UPDATE holders SET name = '', address_ru = '', address_kk = '' WHERE account = %s",
        (account,),
    )


def link(conn: Connection, fact: Link, at: datetime) -> None:
    """The user may see the account from `at` on."""
    given = {"user": fact.user, "account": fact.account, "masked_until": fact.masked_until, "at": at}
    conn.execute(_LINK, given)


def sell(conn: Connection, account: str, at: datetime) -> None:
    """Ends the links that were made before `at`; identity, which says so to its users, follows."""
    conn.execute(_SELL, (account, at))
    conn.execute("DELETE FROM access WHERE account = %s AND linked_at <= %s", (account, at))


def add_alias(conn: Connection, number: str, account: str) -> None:
    """One more number under which the account may be asked for; a number never moves."""
    conn.execute("INSERT INTO aliases (number, account) VALUES (%s, %s) ON CONFLICT DO NOTHING", (number, account))


def account_of(conn: Connection, number: str) -> str:
    """The account behind any of its numbers; an unknown number stays what it is."""
    row = conn.execute("SELECT account FROM aliases WHERE number = %s", (number,)).fetchone()
    return str(row[0]) if row else number


def state_building(conn: Connection, ident: str, building: Building, walk: str) -> None:
    """Stores the newest version of a building and its place on the way."""
    conn.execute(_BUILDING, (ident, building.version, building.address_ru, walk))


def unlink(conn: Connection, user: str, account: str) -> None:
    """The user may no longer see the account."""
    conn.execute("DELETE FROM access WHERE user_id = %s AND account = %s", (user, account))


def unmask(conn: Connection, user: str, account: str) -> None:
    """The user may see the holder's full name."""
    conn.execute("UPDATE access SET masked_until = NULL WHERE user_id = %s AND account = %s", (user, account))


def close_user(conn: Connection, user: str) -> None:
    """The user may see nothing any more."""
    conn.execute("DELETE FROM access WHERE user_id = %s", (user,))


def user_head(conn: Connection, topic: str, user: str) -> int:
    """The last fact about a user that is visible here."""
    row = conn.execute("SELECT version FROM stream_heads WHERE topic = %s AND key = %s", (topic, user)).fetchone()
    return row[0] if row else 0
