"""Which accounts a service has."""

from typing import NamedTuple

from common.postgres import Connection

_PAGE = """
SELECT c.account, n.standing, c.since::text,
    ARRAY(SELECT a.number FROM numbers AS a WHERE a.account = c.account AND a.alias ORDER BY a.number)
FROM (
    SELECT account, since FROM connections
    WHERE service = %s AND connected AND account > %s ORDER BY account LIMIT %s) AS c
JOIN numbers AS n ON n.number = c.account ORDER BY c.account
"""


class Served(NamedTuple):
    """An account with a connected service: its standing, since when it is connected, its further numbers."""

    account: str
    standing: int
    since: str | None
    aliases: list[str]


def page(conn: Connection, service: str, after: str, limit: int) -> list[Served]:
    """Accounts of a service behind an account."""
    return [Served(*row) for row in conn.execute(_PAGE, (service, after, limit)).fetchall()]
