"""A posting: the atom of every balance."""

from collections.abc import Mapping

from msgspec import Struct
from msgspec.structs import replace

from ledger.domain.split import PAID

MADE_BY_CLOSE = 0


class Entry(Struct, frozen=True, gc=False, array_like=True):
    """An amount counted in one part of one service's month; `line` numbers the shares of a payment.

    `sequence` is the fact's number in its account's log; entries made by a close have MADE_BY_CLOSE. `detail` is the
    JSON of `heard.Detail`: what is shown but never counted. As JSON itself it is an array, which SQL makes of a row.
    """

    account: str
    period: str
    sequence: int
    line: int
    kind: str
    part: str
    service: str
    provider: str
    amount: int
    reference: str
    for_period: str | None
    happened_at: str
    recorded_at: str
    detail: str


class Moved(Struct, frozen=True, gc=False, array_like=True):
    """What counts of a posting, where nothing else of it is shown."""

    period: str
    service: str
    part: str
    amount: int


def shared(entry: Entry, shares: Mapping[str, int]) -> list[Entry]:
    """The entry once per service; only the first carries the detail."""
    return [
        replace(entry, line=line, service=service, amount=amount, detail=entry.detail if line == 0 else "{}")
        for line, (service, amount) in enumerate(shares.items())
    ]


def applied_advance(account: str, period: str, shares: Mapping[str, int], cut_off: str) -> list[Entry]:
    """The entries of an advance that the close of `period` moved to what was due."""
    return shared(
        Entry(
            account,
            period,
            MADE_BY_CLOSE,
            0,
            "advance.applied",
            PAID.name,
            "",
            "",
            0,
            f"close/{period}",
            None,
            cut_off,
            cut_off,
            "{}",
        ),
        shares,
    )
