"""The digest of what a transaction appended, sender by sender. Pure; `store/verify.py` computes the same in SQL."""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import NamedTuple, Protocol

_EPOCH, _MICROSECOND = datetime(1970, 1, 1, tzinfo=UTC), timedelta(microseconds=1)


class Stored(Protocol):
    """An event as it is about to be stored, `occurred_at` RFC 3339."""

    @property
    def stream(self) -> str: ...
    @property
    def version(self) -> int: ...
    @property
    def id(self) -> str: ...
    @property
    def type(self) -> str: ...
    @property
    def occurred_at(self) -> str: ...
    @property
    def source(self) -> str: ...
    @property
    def data(self) -> str: ...


class Entry(NamedTuple):
    """What a sender's events of one transaction are: how many, and their digest."""

    events: int
    digest: bytes


def entries(events: Iterable[Stored]) -> dict[str, Entry]:
    """By source: the digest over the sorted digests of its events, so that no order has to be kept beside them."""
    leaves: dict[str, list[bytes]] = {}
    instants: dict[str, int] = {}
    for event in events:
        at = instants.get(event.occurred_at)
        if at is None:
            at = instants[event.occurred_at] = (datetime.fromisoformat(event.occurred_at) - _EPOCH) // _MICROSECOND
        line = f"{event.stream}\t{event.version}\t{event.id}\t{event.type}\t{at}\t{event.data}"
        leaf = sha256(line.encode()).digest()
        found = leaves.get(event.source)
        if found is None:
            leaves[event.source] = [leaf]
        else:
            found.append(leaf)
    return {source: Entry(len(found), together(found)) for source, found in leaves.items()}


def together(leaves: Iterable[bytes]) -> bytes:
    """One digest of many, whatever their order."""
    return sha256(b"".join(sorted(leaves))).digest()
