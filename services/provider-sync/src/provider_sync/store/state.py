"""What the rules ask besides heads and references: meters, connections, the unmatched queue, the directory, holders."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from psycopg.types.json import Jsonb

from common.envelope import full_type
from common.postgres import Connection, copy_rows
from provider_sync.config import SERVICE
from provider_sync.domain.decided import Matched, Queued
from provider_sync.domain.world import Connection as Connected
from provider_sync.domain.world import Meter, Waiting

Pair = tuple[str, str]

_PROVIDER_NO = "SELECT no FROM providers WHERE id = %s"
_ADD_PROVIDER = "INSERT INTO providers (id) SELECT unnest(%s::text[]) ON CONFLICT DO NOTHING"
_PROVIDERS = "SELECT id FROM providers"
_REGISTER = """
SELECT id, no, NULL FROM providers
UNION ALL SELECT substr(entity, 9), NULL, body ->> 'provider' FROM directory WHERE entity LIKE 'service/%'
"""
_SERVICES = "SELECT substr(entity, 9), body ->> 'provider' FROM directory WHERE entity LIKE 'service/%'"
_BUILDINGS = "SELECT substr(entity, 10) FROM directory WHERE entity = ANY(%s)"
_METERS = """
SELECT account, meter, service, installed_on, removed_on, digits, last_value, last_on, removed FROM meters
WHERE (account, meter) IN (SELECT * FROM unnest(%s::text[], %s::text[]))
"""
_NOTE_METERS = """
INSERT INTO meters (account, meter, service, installed_on, removed_on, digits, last_value, last_on, removed)
VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s)
ON CONFLICT (account, meter) DO UPDATE SET service = excluded.service, installed_on = excluded.installed_on,
    removed_on = excluded.removed_on, digits = excluded.digits, last_value = excluded.last_value,
    last_on = excluded.last_on, removed = excluded.removed
"""
_CONNECTIONS = "SELECT account, service, connected, since FROM connections WHERE account = ANY(%s)"
_CONNECT = """
INSERT INTO connections (account, service, connected, since)
SELECT * FROM unnest(%s::text[], %s::text[], %s::boolean[], %s::date[])
ON CONFLICT (account, service) DO UPDATE SET connected = excluded.connected, since = excluded.since
"""
_PREDECESSORS = """
SELECT jsonb_array_elements_text(body -> 'succeeds') FROM directory
WHERE entity = %s AND jsonb_typeof(body -> 'succeeds') = 'array'
"""
_CHARGED = """
SELECT DISTINCT stream_id, data::json ->> 'service' FROM events WHERE stream_id = ANY(%s) AND type = ANY(%s)
"""
_WAITING = """
SELECT q.number, p.id, q.reference, q.content FROM unmatched AS q JOIN providers AS p ON p.no = q.provider
WHERE q.matched_at IS NULL AND q.returned_at IS NULL AND q.number = ANY(%s) ORDER BY q.id
"""
_MATCHED = """
UPDATE unmatched AS q SET matched_at = %s
FROM unnest(%s::text[], %s::text[]) AS given(provider, reference), providers AS p
WHERE p.id = given.provider AND q.provider = p.no AND q.reference = given.reference
"""
_LOCK_DIRECTORY = "SELECT entity, version FROM directory WHERE entity = ANY(%s) ORDER BY entity FOR UPDATE"
_LOCK_HOLDERS = "SELECT account, version FROM holders WHERE account = ANY(%s) ORDER BY account FOR UPDATE"
_STATE = """
INSERT INTO directory (entity, version, body) VALUES (%s, %s, %s)
ON CONFLICT (entity) DO UPDATE SET version = excluded.version, body = excluded.body
"""
_HOLD = """
INSERT INTO holders (account, version, name, address_ru, address_kk, phone) VALUES (%s, %s, %s, %s, %s, %s)
ON CONFLICT (account) DO UPDATE SET version = excluded.version, name = excluded.name, address_ru = excluded.address_ru,
    address_kk = excluded.address_kk, phone = excluded.phone
"""
_FORGET = """
UPDATE holders SET version = version + 1, name = '', address_ru = '', address_kk = '', phone = NULL
WHERE account = %s AND name <> ''
"""
_MONEY = [
    full_type(SERVICE, kind)
    for kind in ("charge.posted", "charge.adjusted", "benefit.granted", "penalty.accrued", "balance.carried-in")
]


def provider_no(conn: Connection, provider: str) -> int:
    """The sender's short number; a sender has a key, so it is registered."""
    row = conn.execute(_PROVIDER_NO, (provider,)).fetchone()
    if row is None:
        raise LookupError(f"{provider} has a key but is no registered provider")
    return int(row[0])


class Register(NamedTuple):
    """The senders with their short numbers, and each service's provider."""

    numbers: dict[str, int]
    services: dict[str, str]


def register(conn: Connection) -> Register:
    """Both, in one question."""
    rows = conn.execute(_REGISTER).fetchall()
    return Register(
        {name: no for name, no, _ in rows if no is not None}, {name: owner for name, no, owner in rows if no is None}
    )


def add_providers(conn: Connection, ids: Collection[str]) -> None:
    """Registers senders; those known stay as they are."""
    conn.execute(_ADD_PROVIDER, (sorted(ids),))


def mark_agent(conn: Connection, ident: str) -> bool:
    """Notes that a sender is a payment agent; False when that was known."""
    return conn.execute("UPDATE providers SET agent = true WHERE id = %s AND NOT agent", (ident,)).rowcount == 1


def providers(conn: Connection) -> set[str]:
    """All registered senders."""
    return {row[0] for row in conn.execute(_PROVIDERS).fetchall()}


def services(conn: Connection) -> dict[str, str]:
    """Service → its provider."""
    return dict(conn.execute(_SERVICES).fetchall())


def buildings(conn: Connection, ids: Collection[str]) -> set[str]:
    """Those of the buildings that stand in the register."""
    return {row[0] for row in conn.execute(_BUILDINGS, ([f"building/{i}" for i in ids],)).fetchall()}


def meters(conn: Connection, wanted: Collection[Pair]) -> dict[Pair, Meter]:
    """(account, meter) → what is known of it, also once it is removed."""
    rows = conn.execute(_METERS, ([a for a, _ in wanted], [m for _, m in wanted])).fetchall()
    return {(account, meter): Meter(*rest) for account, meter, *rest in rows}


def note_meters(conn: Connection, changed: dict[Pair, Meter]) -> None:
    """Stores what became of meters."""
    conn.cursor().executemany(_NOTE_METERS, [(*place, *meter) for place, meter in changed.items()])


def connections(conn: Connection, accounts: Collection[str]) -> dict[Pair, Connected]:
    """(account, service) → whether it is connected and since when."""
    rows = conn.execute(_CONNECTIONS, (list(accounts),)).fetchall()
    return {(account, service): Connected(*rest) for account, service, *rest in rows}


def connect(conn: Connection, changed: dict[Pair, Connected]) -> None:
    """Stores which services were connected and disconnected, and from when on."""
    states = [c.connected for c in changed.values()], [c.since for c in changed.values()]
    conn.execute(_CONNECT, ([a for a, _ in changed], [s for _, s in changed], *states))


def predecessors(conn: Connection, provider: str) -> frozenset[str]:
    """The providers whose facts this one took over, as the directory says."""
    return frozenset(row[0] for row in conn.execute(_PREDECESSORS, (f"provider/{provider}",)).fetchall())


def charged(conn: Connection, accounts: Collection[str]) -> set[Pair]:
    """(account, service) with any money fact; reads whole streams, asked only when balances are carried in."""
    return {(a, s) for a, s in conn.execute(_CHARGED, (list(accounts), _MONEY)).fetchall()}


def waiting(conn: Connection, numbers: Collection[str]) -> dict[str, list[Waiting]]:
    """The unmatched queue of numbers, in order of arrival."""
    found: dict[str, list[Waiting]] = {}
    for number, provider, reference, content in conn.execute(_WAITING, (list(numbers),)).fetchall():
        found.setdefault(number, []).append(Waiting(provider, reference, content))
    return found


def queue(
    conn: Connection, provider_no: int, queued: Sequence[Queued], received_at: datetime, correlation: str
) -> None:
    """Puts payments for unknown accounts aside."""
    rows = ((q.number, provider_no, q.reference, q.content, received_at, correlation) for q in queued)
    with conn.cursor() as cursor:
        copy_rows(cursor, "unmatched (number, provider, reference, content, received_at, correlation)", rows)


def match(conn: Connection, matched: Sequence[Matched], at: datetime) -> None:
    """Takes payments out of the queue."""
    conn.execute(_MATCHED, (at, [m.provider for m in matched], [m.reference for m in matched]))


def lock_directory(conn: Connection, entities: Collection[str]) -> dict[str, int]:
    """Locks reference data sorted; entity → version."""
    return dict(conn.execute(_LOCK_DIRECTORY, (list(entities),)).fetchall())


def lock_holders(conn: Connection, accounts: Collection[str]) -> dict[str, int]:
    """Locks holders sorted; account → version."""
    return dict(conn.execute(_LOCK_HOLDERS, (list(accounts),)).fetchall())


def entity(conn: Connection, name: str) -> dict[str, Any] | None:
    """Reference data as stated last."""
    row = conn.execute("SELECT body FROM directory WHERE entity = %s", (name,)).fetchone()
    return row[0] if row else None


def state(conn: Connection, rows: Sequence[tuple[str, int, dict[str, Any]]]) -> None:
    """Stores reference data: entity, version, body."""
    conn.cursor().executemany(_STATE, [(entity, version, Jsonb(body)) for entity, version, body in rows])


def forget_holder(conn: Connection, account: str) -> bool:
    """Empties a holder's row, whose version stays behind whatever is stated next; False when it held nobody."""
    return conn.execute(_FORGET, (account,)).rowcount > 0


def hold(conn: Connection, rows: Sequence[tuple[str, int, str, str, str, str | None]]) -> None:
    """Stores holders: account, version, name, address ru, address kk, phone."""
    conn.cursor().executemany(_HOLD, rows)
