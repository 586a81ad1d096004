"""What came of a batch: outcomes row by row, and everything that is to be written because of them."""

from dataclasses import dataclass, field, replace
from typing import Literal, NamedTuple, Self

from msgspec import Struct

from common.errors import Refusal
from provider_sync.domain.facts import Stated
from provider_sync.domain.world import Account, Connection, Meter, position_of

Status = Literal["accepted", "duplicate", "conflict", "rejected", "unmatched", "held", "retry"]
# What was stored because of this very row.
TAKEN: tuple[Status, ...] = ("accepted", "unmatched")


# In the place of a digest: the fact came back from the topic, and how exactly its sender had written it is not known.
BROUGHT_BACK = "0" * 32


class Outcome(Struct, frozen=True):
    """One row's answer. `position` is that of the first answer for duplicates; `amount` in tiyn counts if accepted.

    `doubt` is why the gate holds the row: no refusal, the row is good.
    """

    status: Status
    place: str = ""
    version: int | None = None
    refusal: Refusal | None = None
    amount: int = 0
    doubt: Refusal | None = None

    @property
    def position(self) -> str | None:
        """`account/100000123@17`, or None."""
        return position_of(self.place, self.version)


class Appended(Struct, frozen=True, gc=False):
    """An event about to be stored: `occurred_at` RFC 3339, `data` JSON text."""

    account: str
    partition: int
    version: int
    kind: str
    provider: str
    occurred_at: str
    data: str


class Claimed(Struct, frozen=True, order=True, gc=False):
    """A reference taken for ever; no version while the payment waits."""

    reference: str
    account: str
    version: int | None
    digest: str


class Queued(NamedTuple):
    """A payment for a number nobody opened yet."""

    number: str
    reference: str
    content: str


class Held(NamedTuple):
    """A good fact that waits for an operator; `content` is the encoded fact."""

    reference: str
    account: str
    content: str
    doubt: Refusal


class Matched(NamedTuple):
    """A queued payment that found its account."""

    provider: str
    reference: str
    account: str
    version: int


@dataclass
class Decided:
    """The whole outcome of a batch, ready to be written; `whole` says that what is held of it is one decision.

    `settled` are references of held facts that were approved. `learned` is what the gate will know of charges: by
    service and month, account → tiyn. `counted` are rows and tiyn by provider, kind, service and month of the bill.
    `homes` are buildings and residents of accounts; None for the building leaves it as it is.
    """

    outcomes: list[Outcome] = field(default_factory=list)
    events: list[Appended] = field(default_factory=list)
    claims: list[Claimed] = field(default_factory=list)
    touched: dict[str, Account] = field(default_factory=dict)
    aliases: dict[str, str] = field(default_factory=dict)
    queued: list[Queued] = field(default_factory=list)
    matched: list[Matched] = field(default_factory=list)
    undone: list[tuple[str, str]] = field(default_factory=list)
    meters: dict[tuple[str, str], Meter] = field(default_factory=dict)
    connections: dict[tuple[str, str], Connection] = field(default_factory=dict)
    stated: dict[str, tuple[int, Stated]] = field(default_factory=dict)
    first_posted: str | None = None
    held: list[Held] = field(default_factory=list)
    whole: bool = False
    atomic: bool = False
    settled: list[Claimed] = field(default_factory=list)
    learned: dict[tuple[str, str], dict[str, int]] = field(default_factory=dict)
    counted: dict[tuple[str, str, str, str], list[int]] = field(default_factory=dict)
    homes: dict[str, tuple[str | None, int | None]] = field(default_factory=dict)

    def following(self) -> Self:
        """For the next batch of a transaction: what is written once goes on, what is the batch's own begins anew."""
        return replace(self, outcomes=[], events=[], queued=[], held=[], counted={}, whole=False)

    def posted(self, period: str) -> None:
        """Remembers the earliest month anything was posted in."""
        if self.first_posted is None or period < self.first_posted:
            self.first_posted = period
