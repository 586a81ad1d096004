"""Counts what a batch appended: by sender, kind, service and month of the bill. Pure."""

from collections.abc import Iterable
from typing import NamedTuple

import msgspec

from provider_sync.domain.decided import Appended


class Place(NamedTuple):
    """What is counted together; payments have no service."""

    provider: str
    kind: str
    service: str
    period: str


class Counted(NamedTuple):
    """How many facts, and their money in tiyn."""

    facts: int
    total: int


class _Money(msgspec.Struct, gc=False):
    """What counting looks at; a late payment belongs to the month it was paid in."""

    amount: int | None = None
    service: str = ""
    period: str = ""
    posting_period: str = ""
    late_for: str = ""


_decode = msgspec.json.Decoder(_Money).decode


def tally(events: Iterable[Appended]) -> dict[Place, Counted]:
    """The counts of all facts with money among these; a reversal counts under its own kind."""
    counts: dict[tuple[str, str, str, str], list[int]] = {}
    for event in events:
        money = _decode(event.data)
        if money.amount is None:
            continue
        place = (event.provider, event.kind, money.service, money.period or money.late_for or money.posting_period)
        found = counts.get(place)
        if found is None:
            counts[place] = [1, money.amount]
        else:
            found[0] += 1
            found[1] += money.amount
    return {Place(*place): Counted(*found) for place, found in counts.items()}
