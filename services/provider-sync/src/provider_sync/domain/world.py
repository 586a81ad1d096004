"""What is known while a batch is decided: loaded once under the locks, moved on by every fact that is accepted."""

from dataclasses import dataclass, field
from datetime import date, datetime
from typing import NamedTuple

from msgspec import Struct

from common.errors import Refusal
from provider_sync.domain.posting import Calendar

UNKNOWN, OPEN, CLOSED = 0, 1, 2
# In the place of a reference's version: its fact has none, because the gate holds it, or because it was refused.
HELD, REFUSED = 0, -1


@dataclass(slots=True)
class Account:
    """A locked stream. UNKNOWN is a number somebody mentioned before its account was opened."""

    id: str
    partition: int
    version: int = 0
    standing: int = UNKNOWN


def position_of(place: str, version: int | None) -> str | None:
    """`account/100000123@17`; reference data and holders have the kind of their place in front already."""
    if version is None or version <= HELD:
        return None
    return f"{place}@{version}" if "/" in place else f"account/{place}@{version}"


class Known(Struct, frozen=True, gc=False):
    """A reference said before; `version` None while its payment waits for an account, or HELD, REFUSED."""

    digest: str
    account: str
    version: int | None

    @property
    def position(self) -> str | None:
        """Where it stands; None while it waits."""
        return position_of(self.account, self.version)


@dataclass(slots=True)
class Corrected:
    """A stored fact that a correction names."""

    account: str
    kind: str
    service: str
    period: str
    posting_period: str
    amount: int
    paid_at: str = ""
    undone: bool = False
    waiting: bool = False
    held: bool = False


class Connection(NamedTuple):
    """Whether an account has a service, and since when; days are unknown where they were never told."""

    connected: bool
    since: date | None = None


class Meter(NamedTuple):
    """A meter's life on an account and its newest reading; `removed_on` None while it counts."""

    service: str
    installed_on: date | None = None
    removed_on: date | None = None
    digits: int | None = None
    last_value: str | None = None
    last_on: date | None = None
    removed: bool = False


class Assigned(NamedTuple):
    """Where a payment went that was sent under `number`."""

    number: str
    account: str


class Waiting(NamedTuple):
    """A payment (or its reversal) in the unmatched queue: `content` is the encoded fact."""

    provider: str
    reference: str
    content: str


class Money(Struct, frozen=True, gc=False):
    """What a fact moves: the service (none of a payment), the month of the bill or of the money, tiyn."""

    service: str
    period: str
    amount: int


@dataclass
class World:
    """Everything the facts of one batch may ask; `sender_no` is the short number of who sent them.

    `named` are the references that corrections of this batch name, `corrected` what is known of them (all own);
    `inherited` are named facts of `predecessors`, the providers whose facts the sender took over.
    `places` are the versions of reference data and holders. `charged` are the services of an account with money facts;
    it is kept only while the batch is `carrying` balances in. `suspects` are references that the gate will hold, with
    why; `doubts` those of references held before.
    """

    calendar: Calendar
    now: datetime
    numbers: dict[str, Account] = field(default_factory=dict)
    services: dict[str, str] = field(default_factory=dict)
    providers: set[str] = field(default_factory=set)
    sender_no: int = 0
    buildings: set[str] = field(default_factory=set)
    said: dict[str, Known] = field(default_factory=dict)
    named: set[str] = field(default_factory=set)
    corrected: dict[str, Corrected] = field(default_factory=dict)
    predecessors: frozenset[str] = frozenset()
    inherited: dict[tuple[str, str], Corrected] = field(default_factory=dict)
    meters: dict[tuple[str, str], Meter] = field(default_factory=dict)
    connections: dict[tuple[str, str], Connection] = field(default_factory=dict)
    waiting: dict[str, list[Waiting]] = field(default_factory=dict)
    assigned: dict[tuple[str, str], Assigned] = field(default_factory=dict)
    places: dict[str, int] = field(default_factory=dict)
    carrying: bool = False
    charged: set[tuple[str, str]] = field(default_factory=set)
    suspects: dict[str, Refusal] = field(default_factory=dict)
    doubts: dict[str, Refusal] = field(default_factory=dict)
