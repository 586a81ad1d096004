"""What a provider may know of its own services: which accounts they have, what residents paid."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

from provider_sync import errors
from provider_sync.domain.sender import Sender
from provider_sync.handlers.base import Base
from provider_sync.store import heard, served, state
from provider_sync.store.heard import Line
from provider_sync.store.keys import Key
from provider_sync.store.served import Served

_PAGE = 1_000


@dataclass(frozen=True)
class Total:
    """What was paid for a service on a day; `amount` in tiyn."""

    service: str
    amount: int
    parts: int


def accounts(base: Base, key: Key, service: str, after: str, limit: int) -> list[Served]:
    """The accounts of one of the sender's own services; raises UnknownService, ForeignService."""
    with base.pool.connection() as conn:
        owner = state.services(conn).get(service)
        if owner is None:
            raise errors.UnknownService("/service", service=service[:40])
        if owner != key.owner or not Sender.of(key.owner, key.scopes).serves(service):
            raise errors.ForeignService("/service", service=service)
        return served.page(conn, service, after, limit)


def allocations(base: Base, key: Key, day: date, after: tuple[str, str], limit: int) -> list[Line]:
    """What was paid to the sender on a day (Almaty), by account and service, behind a pair of them."""
    with base.pool.connection() as conn:
        return heard.of_day(conn, key.owner, day, _services(key), after, limit)


def every_allocation(base: Base, key: Key, day: date) -> Iterator[Line]:
    """All of them, page by page, no connection held while the reader is slow."""
    after = ("", "")
    while page := allocations(base, key, day, after, _PAGE):
        yield from page
        after = (page[-1].account, page[-1].service)


def totals(base: Base, key: Key, day: date) -> list[Total]:
    """The day's sums by service."""
    with base.pool.connection() as conn:
        return [Total(*row) for row in heard.totals(conn, key.owner, day, _services(key))]


def _services(key: Key) -> list[str] | None:
    """The services that the key is for; None for all of the sender's own."""
    named = Sender.of(key.owner, key.scopes).services
    return None if named is None else sorted(named)
