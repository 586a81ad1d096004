"""What operators look at; nothing here changes anything."""

from typing import Any
from uuid import UUID

from provider_sync import errors
from provider_sync.domain.sender import OPERATOR
from provider_sync.handlers.base import Base
from provider_sync.store import desk, keys, streams
from provider_sync.store import uploads as jobs

Rows = list[dict[str, Any]]


def providers(base: Base) -> Rows:
    """Senders with their names and live keys."""
    with base.pool.connection() as conn:
        return desk.providers(conn)


def services(base: Base) -> Rows:
    """Services in the order of the bill."""
    with base.pool.connection() as conn:
        return desk.services(conn)


def keys_of(base: Base, *, operators: bool = False) -> Rows:
    """Keys without their secrets: those of senders, or those of operators."""
    with base.pool.connection() as conn:
        found = [key for key in keys.every(conn) if (OPERATOR in key.scopes) is operators]
    return [{name: value for name, value in key._asdict().items() if name != "hash"} for key in found]


def audit(base: Base, **asked: Any) -> Rows:
    """Who did what, when and why, the newest first: `who`, `act` (a beginning), `subject`, `since`, `limit`."""
    with base.pool.connection() as conn:
        return desk.audit(conn, asked)


def uploads(base: Base, limit: int) -> Rows:
    """The newest uploads."""
    with base.pool.connection() as conn:
        return [
            {
                "id": u.id, "provider": u.provider, "format": u.format, "batch": u.batch, "mode": u.mode,
                "state": u.state, "rows": u.total, "accepted": u.accepted, "duplicate": u.duplicate,
                "bad": u.rejected + u.conflict + u.retry, "held": u.held,
                "sum": u.sum_accepted, "received": u.received_at,
            }
            for u in jobs.latest(conn, limit)
        ]  # fmt: skip


def upload(base: Base, ident: UUID) -> dict[str, Any] | None:
    """One upload, without what concerns only its loading."""
    with base.pool.connection() as conn:
        found = jobs.find(conn, ident)
    hidden = ("lease", "next_offset", "next_line", "scopes")
    return {n: v for n, v in vars(found).items() if n not in hidden} if found else None


def unmatched(base: Base, limit: int) -> Rows:
    """Payments that wait for their account."""
    with base.pool.connection() as conn:
        return desk.unmatched(conn, limit)


def trace(base: Base, number: str, limit: int) -> Rows:
    """An account's events; raises UnknownAccount."""
    with base.pool.connection() as conn:
        head = streams.head(conn, number)
        if head is None:
            raise errors.UnknownAccount(account=number)
        return desk.trace(conn, head[0], limit)
