"""References: which were taken, by what content, and what a correction finds behind one."""

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime

import msgspec

from common.envelope import full_type
from common.eventstore import IN_A_PACK
from common.postgres import Connection, copy_lines, escaped, texts
from provider_sync.config import SERVICE
from provider_sync.domain.decided import Claimed, Matched
from provider_sync.domain.world import Assigned, Corrected, Known

_KNOWN = """
SELECT reference, replace(digest::text, '-', ''), account, version FROM said
WHERE provider = %s AND reference = ANY(%s::text[])
"""
# Accounts are kept in the collation C, streams in the database's: only a comparison in that one finds its index.
_CORRECTED = """
SELECT s.reference, s.account, e.type, coalesce(e.data, q.content, h.content), s.version IS NULL,
    u.reference IS NOT NULL OR q.returned_at IS NOT NULL, h.state IS NOT NULL
FROM said AS s
LEFT JOIN events AS e ON e.stream_id = s.account COLLATE "default" AND e.version = s.version
LEFT JOIN unmatched AS q ON q.provider = s.provider AND q.reference = s.reference AND s.version IS NULL
LEFT JOIN held AS h ON h.provider = s.provider AND h.reference = s.reference AND s.version = 0
LEFT JOIN undone AS u ON u.provider = s.provider AND u.reference = s.reference
WHERE s.provider = %s AND s.reference = ANY(%s::text[])
    AND (e.type IS NOT NULL OR q.content IS NOT NULL OR h.content IS NOT NULL)
"""
_MATCHED = """
UPDATE said AS s SET account = given.account, version = given.version
FROM unnest(%s::text[], %s::text[], %s::text[], %s::int[]) AS given(provider, reference, account, version),
    providers AS p
WHERE p.id = given.provider AND s.provider = p.no AND s.reference = given.reference
"""
_ASSIGNED = """
SELECT q.reference, q.number, s.account FROM unmatched AS q JOIN said AS s USING (provider, reference)
WHERE q.provider = %s AND q.reference = ANY(%s::text[]) AND q.matched_at IS NOT NULL AND s.account <> q.number
"""
_SETTLE = """
UPDATE said AS s SET account = given.account, version = given.version
FROM unnest(%s::text[], %s::text[], %s::int[]) AS given(reference, account, version)
WHERE s.provider = %s AND s.reference = given.reference
"""
_FACT = f"""
SELECT s.account, s.version, e.type, e.recorded_at, u.reference IS NOT NULL, q.returned_at IS NOT NULL,
    e.version IS NOT NULL AND NOT EXISTS (
        SELECT FROM outbox AS o WHERE o.key = s.account COLLATE "default" AND o.version = s.version)
    AND NOT {IN_A_PACK}
FROM said AS s JOIN providers AS p ON p.no = s.provider
LEFT JOIN unmatched AS q ON q.provider = s.provider AND q.reference = s.reference
LEFT JOIN events AS e ON e.stream_id = s.account COLLATE "default" AND e.version = s.version
LEFT JOIN undone AS u ON u.provider = s.provider AND u.reference = s.reference
WHERE p.id = %s AND s.reference = %s
"""
_NULL = "\\N"
_PREFIX, _SUFFIX = full_type(SERVICE, "").removesuffix(".v1"), ".v1"


class _Data(msgspec.Struct):
    """The fields of a stored fact that corrections look at."""

    kind: str = "payment.received"
    service: str = ""
    period: str = ""
    posting_period: str = ""
    amount: int = 0
    paid_at: str = ""


_decode = msgspec.json.Decoder(_Data).decode


def known(conn: Connection, provider_no: int, references: Sequence[str]) -> dict[str, Known]:
    """The references among these that were said before."""
    rows = conn.execute(_KNOWN, (provider_no, texts(references))).fetchall()
    return {reference: Known(digest, account, version) for reference, digest, account, version in rows}


def corrected(conn: Connection, provider_no: int, references: Collection[str]) -> dict[str, Corrected]:
    """The stored facts behind references that corrections name."""
    found = {}
    rows = conn.execute(_CORRECTED, (provider_no, texts(references))).fetchall()
    for reference, account, type_, text, waiting, undone, held in rows:
        data = _decode(text)
        kind = short_kind(type_) if type_ else data.kind
        found[reference] = Corrected(
            account,
            kind,
            data.service,
            data.period,
            data.posting_period,
            data.amount,
            data.paid_at,
            undone,
            waiting,
            held,
        )
    return found


def assigned(conn: Connection, provider_no: int, references: Collection[str]) -> dict[str, Assigned]:
    """The payments among these that found another account than the number they were sent under."""
    rows = conn.execute(_ASSIGNED, (provider_no, texts(references))).fetchall()
    return {reference: Assigned(number, account) for reference, number, account in rows}


def short_kind(type_: str) -> str:
    """`kz.settlement.provider-sync.charge.posted.v1` → `charge.posted`."""
    return type_.removeprefix(_PREFIX).removesuffix(_SUFFIX)


def claim(conn: Connection, provider_no: int, claims: Iterable[Claimed]) -> None:
    """Takes references for ever, sorted; raises UniqueViolation when another transaction took one meanwhile."""
    lines = [
        f"{provider_no}\t{escaped(c.reference)}\t{c.account}\t{_NULL if c.version is None else c.version}\t{c.digest}"
        for c in sorted(claims)
    ]
    with conn.cursor() as cursor:
        copy_lines(cursor, "said (provider, reference, account, version, digest)", lines)


def settle(conn: Connection, provider_no: int, settled: Sequence[Claimed]) -> None:
    """Gives references of held facts the place that their approval brought."""
    columns = ([c.reference for c in settled], [c.account for c in settled], [c.version for c in settled])
    conn.execute(_SETTLE, (*columns, provider_no))


def undo(conn: Connection, provider_no: int, references: Iterable[str]) -> None:
    """Marks facts as undone; a second time is a UniqueViolation."""
    with conn.cursor() as cursor:
        lines = [f"{provider_no}\t{escaped(r)}" for r in sorted(references)]
        copy_lines(cursor, "undone (provider, reference)", lines)


def match(conn: Connection, matched: Sequence[Matched]) -> None:
    """Gives the references of queued payments their place in the stream."""
    columns = ([m.provider for m in matched], [m.reference for m in matched])
    conn.execute(_MATCHED, (*columns, [m.account for m in matched], [m.version for m in matched]))


def find(
    conn: Connection, provider: str, reference: str
) -> tuple[str, int | None, str | None, datetime | None, bool, bool, bool] | None:
    """Account or place, version, type, when recorded, whether undone, given back, published, of one fact."""
    return conn.execute(_FACT, (provider, reference)).fetchone()
