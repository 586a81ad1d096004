"""What must be loaded to decide a batch, gathered in one pass; most facts ask only for account and reference."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from msgspec import UNSET

from provider_sync.domain import facts
from provider_sync.domain.resent import Asked, Correction
from provider_sync.domain.rules import NUMBER


@dataclass
class Questions:
    """`unknown` numbers get a row to lock, for a payment may wait there or an account may open."""

    numbers: set[str] = field(default_factory=set)
    unknown: set[str] = field(default_factory=set)
    references: list[str] = field(default_factory=list)
    named: set[str] = field(default_factory=set)
    inherited: set[tuple[str, str]] = field(default_factory=set)
    buildings: set[str] = field(default_factory=set)
    meters: set[tuple[str, str]] = field(default_factory=set)
    connections: set[str] = field(default_factory=set)
    carried: set[str] = field(default_factory=set)
    opened: set[str] = field(default_factory=set)
    paybacks: set[str] = field(default_factory=set)
    entities: set[str] = field(default_factory=set)
    holders: set[str] = field(default_factory=set)
    charges: list[facts.ChargePosted] = field(default_factory=list)
    residents: list[facts.ResidentsChanged] = field(default_factory=list)


def ask(rows: Iterable[Asked]) -> Questions:
    """The questions of a batch."""
    q = Questions()
    for fact in _facts(q, rows):
        q.references.append(fact.reference)
        if isinstance(fact, facts.Directory):
            q.entities.add(entity_of(fact))
            continue
        q.numbers.add(fact.account)
        if type(fact) is facts.PaymentReceived and NUMBER.fullmatch(fact.account):
            q.unknown.add(fact.account)
        more = _MORE.get(type(fact))
        if more is not None:
            more(q, fact)
    return q


def _facts(q: Questions, rows: Iterable[Asked]) -> Iterator[facts.AnyFact]:
    for row in rows:
        if isinstance(row, Correction):
            q.references.append(row.current)
            yield from row.facts
        elif not isinstance(row, Exception):
            yield row


def entity_of(fact: facts.Directory) -> str:
    """`directory.service` heating → `service/heating`, the key on the directory topic."""
    return f"{facts.kind_of(fact).removeprefix('directory.')}/{fact.id}"  # type: ignore[arg-type]  # all subclasses are facts


def _opening(q: Questions, fact: facts.AccountOpened) -> None:
    q.buildings.add(fact.building)
    _new_number(q, fact.account)


def _renumbering(q: Questions, fact: facts.AccountRenumbered) -> None:
    _new_number(q, fact.number)


def _new_number(q: Questions, number: str) -> None:
    if NUMBER.fullmatch(number):
        q.numbers.add(number)
        q.unknown.add(number)
        q.opened.add(number)


def _reversing(q: Questions, fact: facts.Reversal) -> None:
    _naming(q, fact.reverses)


def _paying_back(q: Questions, fact: facts.PaymentReversed) -> None:
    _reversing(q, fact)
    q.paybacks.add(fact.reverses.reference)


def _adjusting(q: Questions, fact: facts.ChargeAdjusted) -> None:
    if fact.corrects is not UNSET:
        _naming(q, fact.corrects)


def _naming(q: Questions, named: facts.Named) -> None:
    """An own fact that names its sender is asked under both; who the sender is, is not known here."""
    q.named.add(named.reference)
    if named.provider is not UNSET:
        q.inherited.add((named.provider, named.reference))


def _metering(q: Questions, fact: Any) -> None:
    q.meters.add((fact.account, fact.meter))


def _connecting(q: Questions, fact: Any) -> None:
    q.connections.add(fact.account)


def _carrying(q: Questions, fact: facts.CarriedIn) -> None:
    q.carried.add(fact.account)


def _holding(q: Questions, fact: facts.HolderStated) -> None:
    q.holders.add(fact.account)


def _charging(q: Questions, fact: facts.ChargePosted) -> None:
    q.charges.append(fact)


def _counting(q: Questions, fact: facts.ResidentsChanged) -> None:
    q.residents.append(fact)


_MORE: dict[type, Callable[[Questions, Any], None]] = {
    facts.AccountOpened: _opening,
    facts.AccountRenumbered: _renumbering,
    facts.ResidentsChanged: _counting,
    facts.ChargePosted: _charging,
    facts.ChargeAdjusted: _adjusting,
    facts.ChargeReversed: _reversing,
    facts.BenefitReversed: _reversing,
    facts.PenaltyReversed: _reversing,
    facts.PaymentReversed: _paying_back,
    facts.MeterInstalled: _metering,
    facts.MeterRemoved: _metering,
    facts.ReplacementPlanned: _metering,
    facts.MeterRead: _metering,
    facts.ServiceConnected: _connecting,
    facts.ServiceDisconnected: _connecting,
    facts.CarriedIn: _carrying,
    facts.HolderStated: _holding,
}
