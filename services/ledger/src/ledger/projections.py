"""Facts of the accounts topic → rows of the ledger. Pure; the same rows whatever the batching.

A payment without split and a reversed payment depend on what stands before them, so they come out as `Unsplit` and
`Undo` and are resolved by `resolve` over the dues of only those accounts that need it.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple, Protocol

import msgspec

from common.clock import from_wire
from common.envelope import Envelope
from common.period import day_at
from ledger.domain.entry import Entry, shared
from ledger.domain.split import (
    ADJUSTED,
    BENEFIT,
    BY_PAYER,
    CHARGED,
    OPENING,
    PAID,
    PENALTY,
    Dues,
    Part,
    SplitRule,
    rule_for,
    split,
    undone,
)
from ledger.events import heard
from ledger.events.heard import accounts_type


class BadFact(ValueError):
    """A fact that cannot be counted as it stands; it parks its account."""


class Unsplit(msgspec.Struct, frozen=True, gc=False):
    """A payment whose shares the rule decides; `entry` holds its whole amount."""

    entry: Entry


class Undo(msgspec.Struct, frozen=True, gc=False):
    """A payment taken back; `entry` holds its amount, `provider` and `reference` name the payment."""

    entry: Entry
    provider: str
    reference: str


class Record(Protocol):
    """What is read of a record of the accounts topic; common's records have it."""

    @property
    def partition(self) -> int: ...
    @property
    def key(self) -> str: ...
    @property
    def type(self) -> str: ...
    @property
    def envelope(self) -> Envelope: ...


Posted = Entry | Unsplit | Undo
Ref = tuple[str, str, str]


class ChangeRow(NamedTuple):
    """A change of base data as it is kept."""

    account: str
    sequence: int
    kind: str
    holds_from: str
    recorded_at: str
    data: str


class ReadingRow(NamedTuple):
    """A meter reading as it is kept."""

    account: str
    meter: str
    taken_on: str
    sequence: int
    value: str
    source: str
    provider: str
    recorded_at: str


class Reissue(NamedTuple):
    """An issued statement that is to be shown anew, asked for as fact `sequence` of the account's log."""

    account: str
    sequence: int
    recorded_at: str
    asked: heard.ReissueRequested


class Allocation(msgspec.Struct, frozen=True):
    """How money went to the services; becomes payment.allocated."""

    account: str
    provider: str
    reference: str
    shares: Mapping[str, int]
    rule: int
    day: str
    sequence: int


@dataclass
class Projected:
    """The rows of one batch; `allocations` of payments that brought their split, `sold` when accounts changed hands."""

    posted: list[Posted] = field(default_factory=list)
    changes: list[ChangeRow] = field(default_factory=list)
    readings: list[ReadingRow] = field(default_factory=list)
    opened: list[tuple[str, int]] = field(default_factory=list)
    numbers: list[tuple[str, str]] = field(default_factory=list)
    allocations: list[Allocation] = field(default_factory=list)
    reissues: list[Reissue] = field(default_factory=list)
    sold: list[tuple[str, str]] = field(default_factory=list)

    def needing_dues(self) -> set[str]:
        """The accounts that have a payment without split."""
        return {item.entry.account for item in self.posted if type(item) is Unsplit}

    def undoing(self) -> list[Undo]:
        """The reversals, whose stored splits are needed."""
        return [item for item in self.posted if type(item) is Undo]


_detail_of = msgspec.json.Decoder(heard.Detail).decode
_encode = msgspec.json.encode
_money_of = msgspec.json.Decoder(heard.Money).decode
_payment_of = msgspec.json.Decoder(heard.Payment).decode
_reversal_of = msgspec.json.Decoder(heard.PaymentReversed).decode
_change_of = msgspec.json.Decoder(heard.Change).decode
_reading_of = msgspec.json.Decoder(heard.MeterRead).decode
_reissue_of = msgspec.json.Decoder(heard.ReissueRequested).decode

Project = Callable[[Record, Projected], None]


def _detail(data: msgspec.Raw) -> str:
    return _encode(_detail_of(data)).decode()


def _money(kind: str, part: Part, sign: int) -> Project:
    """A projector that adds `sign` × amount to `part`; what is late counts in adjusted by its effect on the balance."""
    part_name, late_sign = part.name, sign * part.sign

    def project(record: Record, out: Projected) -> None:
        envelope = record.envelope
        fact = _money_of(envelope.data)
        late = fact.late_for
        for_period = late or (fact.period if fact.period != fact.posting_period else None) or None
        out.posted.append(
            Entry(
                record.key,
                fact.posting_period,
                envelope.sequence or 0,
                0,
                kind,
                ADJUSTED.name if late else part_name,
                fact.service,
                fact.provider,
                fact.amount * (late_sign if late else sign),
                fact.reference,
                for_period,
                envelope.time,
                envelope.recordedtime,
                _detail(envelope.data),
            )
        )

    return project


def _payment(record: Record, out: Projected) -> None:
    fact = _payment_of(record.envelope.data)
    entry = _paid(record, "payment.received", fact, fact.amount)
    if not fact.split:
        out.posted.append(Unsplit(entry))
        return
    shares: dict[str, int] = {}
    for share in fact.split:
        shares[share.service] = shares.get(share.service, 0) + share.amount
    if sum(shares.values()) != fact.amount:
        raise BadFact("the split does not sum to the payment")
    out.posted.extend(shared(entry, shares))
    out.allocations.append(_allocation(entry, fact.reference, fact.provider, shares, BY_PAYER))


def _payment_reversed(record: Record, out: Projected) -> None:
    fact = _reversal_of(record.envelope.data)
    entry = _paid(record, "payment.reversed", fact, -fact.amount)
    out.posted.append(Undo(entry, fact.reverses.provider, fact.reverses.reference))


def _paid(record: Record, kind: str, fact: heard.Payment | heard.PaymentReversed, amount: int) -> Entry:
    envelope = record.envelope
    return Entry(
        record.key,
        fact.posting_period,
        envelope.sequence or 0,
        0,
        kind,
        PAID.name,
        "",
        fact.provider,
        amount,
        fact.reference,
        fact.late_for,
        envelope.time,
        envelope.recordedtime,
        _detail(envelope.data),
    )


def _allocation(entry: Entry, reference: str, provider: str, shares: Mapping[str, int], rule: int) -> Allocation:
    day = day_at(from_wire(entry.happened_at)).isoformat()
    return Allocation(entry.account, provider, reference, shares, rule, day, entry.sequence)


def _change(kind: str) -> Project:
    def project(record: Record, out: Projected) -> None:
        envelope = record.envelope
        said = _change_of(envelope.data)
        holds_from = said.effective_from or day_at(from_wire(envelope.time)).isoformat()
        data = _encode(said).decode()
        out.changes.append(ChangeRow(record.key, envelope.sequence or 0, kind, holds_from, envelope.recordedtime, data))
        if kind == "account.opened":
            out.opened.append((record.key, record.partition))
            out.numbers.append((record.key, record.key))
        elif kind == "account.renumbered" and said.number:
            out.numbers.append((said.number, record.key))
        elif kind == "account.holder-changed" and said.reason in CHANGED_HANDS:
            out.sold.append((record.key, envelope.recordedtime))

    return project


def _reading(record: Record, out: Projected) -> None:
    fact, envelope = _reading_of(record.envelope.data), record.envelope
    row = (fact.value, fact.source, fact.provider, envelope.recordedtime)
    out.readings.append(ReadingRow(record.key, fact.meter, fact.taken_on, envelope.sequence or 0, *row))


def _reissue(record: Record, out: Projected) -> None:
    envelope = record.envelope
    asked = _reissue_of(envelope.data)
    out.reissues.append(Reissue(record.key, envelope.sequence or 0, envelope.recordedtime, asked))


CHANGED_HANDS = ("sold", "inherited")
CHANGES = (
    "account.opened",
    "account.closed",
    "account.renumbered",
    "account.residents-changed",
    "account.area-changed",
    "account.holder-changed",
    "service.connected",
    "service.disconnected",
    "meter.installed",
    "meter.removed",
    "meter.replacement-planned",
)
PROJECT: dict[str, Project] = {
    accounts_type("charge.posted"): _money("charge.posted", CHARGED, 1),
    accounts_type("charge.adjusted"): _money("charge.adjusted", ADJUSTED, 1),
    accounts_type("charge.reversed"): _money("charge.reversed", ADJUSTED, -1),
    accounts_type("benefit.granted"): _money("benefit.granted", BENEFIT, 1),
    accounts_type("benefit.reversed"): _money("benefit.reversed", BENEFIT, -1),
    accounts_type("penalty.accrued"): _money("penalty.accrued", PENALTY, 1),
    accounts_type("penalty.reversed"): _money("penalty.reversed", PENALTY, -1),
    accounts_type("balance.carried-in"): _money("balance.carried-in", OPENING, 1),
    accounts_type("payment.received"): _payment,
    accounts_type("payment.reversed"): _payment_reversed,
    accounts_type("meter.read"): _reading,
    accounts_type("statement.reissue-requested"): _reissue,
    **{accounts_type(kind): _change(kind) for kind in CHANGES},
}


def project(records: Iterable[Record]) -> Projected:
    """The rows of a batch; raises BadFact or msgspec.ValidationError when a fact cannot be read."""
    out = Projected()
    for record in records:
        if record.envelope.sequence == 1 and record.type != _OPENED:
            raise BadFact("the log of an account begins with account.opened")
        PROJECT[record.type](record, out)
    return out


_OPENED = accounts_type("account.opened")


def resolve(
    projected: Projected, dues: Mapping[str, Dues], splits: Mapping[Ref, Mapping[str, int]], rules: Iterable[SplitRule]
) -> tuple[list[Entry], list[Allocation]]:
    """All entries and allocations in the order of the facts.

    `dues` holds the accounts of `needing_dues` before this batch, `splits` the stored shares of payments that are taken
    back. Raises BadFact when the payment of a reversal is unknown.
    """
    entries: list[Entry] = []
    known, allocations = dict(splits), list(projected.allocations)
    known.update({(a.account, a.provider, a.reference): a.shares for a in projected.allocations})
    for item in projected.posted:
        if type(item) is Entry:
            found = [item]
        else:
            found, allocation = _resolved(item, dues, known, rules)
            allocations.append(allocation)
        entries.extend(found)
        state = dues.get(found[0].account)
        if state is not None:
            for entry in found:
                state.post(entry.period, entry.service, entry.part, entry.amount)
    return entries, allocations


def _resolved(
    item: Posted, dues: Mapping[str, Dues], known: dict[Ref, Mapping[str, int]], rules: Iterable[SplitRule]
) -> tuple[list[Entry], Allocation]:
    if isinstance(item, Undo):
        ref = (item.entry.account, item.provider, item.reference)
        if ref not in known:
            raise BadFact("the payment taken back is unknown")
        shares, rule = undone(known[ref]), BY_PAYER
        return shared(item.entry, shares), _allocation(item.entry, item.reference, item.provider, shares, rule)
    entry = item.entry if isinstance(item, Unsplit) else item
    chosen = rule_for(rules, entry.period)
    shares = split(entry.amount, dues[entry.account].all_outstanding(), chosen)
    known[entry.account, entry.provider, entry.reference] = shares
    return shared(entry, shares), _allocation(entry, entry.reference, entry.provider, shares, chosen.version)
