"""Tables filled from other services' topics: statements, holders, access."""

from collections.abc import Sequence

from common.postgres import Connection
from receipts.events.heard import Link
from receipts.events.holder import Holder
from receipts.projections import StatementRow

_ADD_STATEMENTS = """
INSERT INTO statements (account, period, version, facts_hash, to_pay, currency, data)
SELECT * FROM unnest(%s::text[], %s::text[], %s::int[], %s::text[], %s::bigint[], %s::text[], %s::text[])
ON CONFLICT DO NOTHING
"""
_STATE_HOLDERS = """
INSERT INTO holders (account, version, name, address_ru, address_kk)
SELECT * FROM unnest(%s::text[], %s::int[], %s::text[], %s::text[], %s::text[])
ON CONFLICT (account) DO UPDATE SET version = excluded.version, name = excluded.name,
    address_ru = excluded.address_ru, address_kk = excluded.address_kk
WHERE holders.version < excluded.version
"""
_LINK = """
INSERT INTO access (user_id, account, masked_until) VALUES (%s, %s, %s)
ON CONFLICT (user_id, account) DO UPDATE SET masked_until = excluded.masked_until
"""


def add_statements(conn: Connection, rows: Sequence[StatementRow]) -> None:
    """Stores issued statements; one that is known already stays as it is."""
    columns = zip(
        *((r.account, r.period, r.version, r.facts_hash, r.to_pay, r.currency, r.data) for r in rows), strict=True
    )
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


def link(conn: Connection, fact: Link) -> None:
    """The user may see the account from now on."""
    conn.execute(_LINK, (fact.user, fact.account, fact.masked_until))


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
