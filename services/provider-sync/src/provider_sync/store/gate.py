"""What the gate asks and keeps: the history of charges, and homes. Set by set, never row by row."""

from collections.abc import Collection, Mapping, Sequence

from psycopg import sql

from common.postgres import Connection, ints, texts
from provider_sync.domain.plausible import Charges, Odd, Tariff

_MOST = 2_147_483_647

# A conflict, too, would use up one of 32,767 numbers.
_ADD_SERVICES = """
INSERT INTO service_numbers (id) SELECT g.id FROM unnest(%s::text[]) AS g (id)
WHERE NOT EXISTS (SELECT FROM service_numbers AS s WHERE s.id = g.id) ON CONFLICT DO NOTHING
"""
# LATERAL with LIMIT: one look into the index per row, whatever the planner thinks of an unanalysed table.
_ODD = """
SELECT g.n - 1, h.usual
FROM unnest(%(accounts)s::text[], %(tenge)s::bigint[]) WITH ORDINALITY AS g (account, tenge, n)
LEFT JOIN LATERAL (
    SELECT true AS known, {usual} AS usual FROM history AS h
    WHERE h.service = (SELECT no FROM service_numbers WHERE id = %(service)s) AND h.account = g.account LIMIT 1
) AS h ON true
WHERE h.usual > 0 AND g.tenge > h.usual * %(times)s::float8
    OR %(connected)s AND h.known IS NULL AND EXISTS (SELECT FROM connected_services WHERE service = %(service)s)
        AND NOT EXISTS (SELECT FROM connections AS c WHERE c.account = g.account AND c.service = %(service)s)
ORDER BY g.n
"""
# A month's sum grows by what comes of that month; the first of a newer one takes the place of last year's.
_LEARN = """
INSERT INTO history AS h (service, account, last, {month})
SELECT (SELECT no FROM service_numbers WHERE id = %(service)s), account, %(last)s, tenge
FROM unnest(%(accounts)s::text[], %(tenge)s::int[]) AS g (account, tenge)
ON CONFLICT (service, account) DO UPDATE SET last = greatest(h.last, excluded.last),
    {month} = CASE WHEN excluded.last > h.last THEN excluded.{month}
        ELSE least(greatest(coalesce(h.{month}, 0)::bigint + excluded.{month}, -2147483648), 2147483647)::int END
WHERE excluded.last > h.last - 12
"""
_NOTE_CONNECTED = "INSERT INTO connected_services SELECT unnest(%s::text[]) ON CONFLICT DO NOTHING"
_ALL_CONNECTED = "INSERT INTO connected_services SELECT DISTINCT service FROM connections ON CONFLICT DO NOTHING"
_FORGET_HISTORY = """
DELETE FROM history WHERE service IN (SELECT no FROM service_numbers) AND account = ANY(%s::text[])
"""
_FORGET_HOMES = "DELETE FROM homes WHERE account = ANY(%s::text[])"
_HOMES = "SELECT account, building, residents FROM homes WHERE account = ANY(%s::text[])"
_HOUSES = "SELECT account, building FROM homes WHERE building = ANY(%s)"
_SETTLE = """
INSERT INTO homes AS h (account, building, residents)
SELECT account, building, residents
FROM unnest(%s::text[], %s::text[], %s::smallint[]) AS g (account, building, residents)
WHERE building IS NOT NULL
ON CONFLICT (account) DO UPDATE SET building = excluded.building, residents = excluded.residents
"""
_RECOUNT = """
UPDATE homes AS h SET residents = g.residents
FROM unnest(%s::text[], %s::smallint[]) AS g (account, residents) WHERE h.account = g.account
"""
_TARIFFS = """
SELECT coalesce(body ->> 'tariff_group', ''), body ->> 'effective_from',
    coalesce(body ->> 'price', body -> 'tiers' -> 0 ->> 'price')::float8
FROM directory WHERE entity LIKE 'tariff/%%' AND body ->> 'service' = %s
"""
# A reversed charge does not stand; both are counted under the month of the bill.
_CHARGED = """
SELECT period, sum(CASE kind WHEN 'charge.reversed' THEN -sum ELSE sum END)::bigint FROM tallies
WHERE provider = (SELECT no FROM providers WHERE id = %s) AND period = ANY(%s) AND service = %s
    AND kind IN ('charge.posted', 'charge.reversed')
GROUP BY period
"""


def odd(conn: Connection, charges: Charges, months: Sequence[int], times: float, *, connected: bool) -> list[Odd]:
    """Rows above `times` the largest sum of `months`.

    If `connected`, also those of accounts without the service, where connections of the service are told to us.
    """
    usual = sql.SQL(", ").join(sql.Identifier("h", f"m{month}") for month in months)
    query = sql.SQL(_ODD).format(usual=sql.SQL("greatest({})").format(usual))
    values = {
        "accounts": texts(charges.accounts),
        "tenge": ints(charges.tenge),
        "service": charges.service,
        "times": times or float("inf"),
        "connected": connected,
    }
    return [Odd(row, usual) for row, usual in conn.execute(query, values).fetchall()]


def learn(conn: Connection, learned: Mapping[tuple[str, str], Mapping[str, int]]) -> None:
    """Adds charges (service, month → account → tiyn) to the history; the streams of all accounts are locked."""
    conn.execute(_ADD_SERVICES, (sorted({service for service, _ in learned}),))
    for (service, period), unsorted in learned.items():
        sums = dict(sorted(unsorted.items()))
        month = int(period[5:])
        query = sql.SQL(_LEARN).format(month=sql.Identifier(f"m{month}"))
        values = {
            "service": service,
            "last": int(period[:4]) * 12 + month - 1,
            "accounts": texts(sums),
            "tenge": ints(max(-_MOST, min(_MOST, tiyn // 100)) for tiyn in sums.values()),
        }
        conn.execute(query, values)


def note_connected(conn: Connection, services: Collection[str]) -> None:
    """From now on connections of these services are known."""
    conn.execute(_NOTE_CONNECTED, (sorted(services),))


def note_all_connected(conn: Connection) -> None:
    """The same for every service that has a connection."""
    conn.execute(_ALL_CONNECTED)


def forget(conn: Connection, accounts: Collection[str]) -> None:
    """Takes away what is known of these accounts, to learn it anew; their streams are locked."""
    conn.execute(_FORGET_HISTORY, (texts(accounts),))
    conn.execute(_FORGET_HOMES, (texts(accounts),))


def homes(conn: Connection, accounts: Collection[str]) -> dict[str, tuple[str, int | None]]:
    """Account → building and residents."""
    return {a: (b, r) for a, b, r in conn.execute(_HOMES, (texts(accounts),)).fetchall()}


def houses(conn: Connection, buildings: Collection[str]) -> dict[str, str]:
    """Account → building, of all accounts of these buildings."""
    return dict(conn.execute(_HOUSES, (list(buildings),)).fetchall())


def settle(conn: Connection, changed: Mapping[str, tuple[str | None, int | None]]) -> None:
    """Stores where new accounts are and how many live in them, and changed numbers of residents."""
    accounts = list(changed)
    residents = [count for _, count in changed.values()]
    conn.execute(_SETTLE, (accounts, [building for building, _ in changed.values()], residents))
    moved = [(account, count) for account, (building, count) in changed.items() if building is None]
    if moved:
        conn.execute(_RECOUNT, ([account for account, _ in moved], [count for _, count in moved]))


def tariffs(conn: Connection, service: str) -> list[Tariff]:
    """Declared prices of a service."""
    rows = conn.execute(_TARIFFS, (service,)).fetchall()
    return [Tariff(group, since, price) for group, since, price in rows if price is not None]


def charged(conn: Connection, provider: str, service: str, periods: Sequence[str]) -> dict[str, int]:
    """What a provider charged for a service in months, in tiyn."""
    return dict(conn.execute(_CHARGED, (provider, list(periods), service)).fetchall())
