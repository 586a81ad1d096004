"""Rules tried on what is stored: the past goes by once more, batch by batch, and nothing is changed by it.

The gate's own questions run against tables of the session that have the same names; they begin empty and learn as they
did then. Only which services are connected is taken as it is now.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import groupby

import msgspec

from common.errors import Refusal
from common.period import Period
from common.postgres import Connection
from provider_sync.domain import plausible
from provider_sync.domain.plausible import Charges, Rules, Suspects
from provider_sync.handlers.base import Base
from provider_sync.handlers.gate import Sent, suspects_of
from provider_sync.store import gate, rehearsal
from provider_sync.store.rehearsal import Past

EXAMPLES = 20


class Data(msgspec.Struct, gc=False):
    """What the gate looks at in a stored fact."""

    reference: str
    service: str = ""
    period: str = ""
    amount: int = 0
    building: str = ""
    residents: int | None = None


decode = msgspec.json.Decoder(Data).decode


@dataclass(frozen=True)
class WouldHold:
    """A fact that the rules would have held."""

    provider: str
    reference: str
    account: str
    why: Refusal


@dataclass
class Tried:
    """What came of it: facts judged and held by provider and month, rules by code, batches that were one decision."""

    judged: Counter[tuple[str, str]] = field(default_factory=Counter)
    held: Counter[tuple[str, str]] = field(default_factory=Counter)
    rules: Counter[str] = field(default_factory=Counter)
    batches: list[tuple[str, str, int]] = field(default_factory=list)
    examples: list[WouldHold] = field(default_factory=list)


def rehearse(base: Base, rules: Rules, only: Period | None = None) -> Tried:
    """What these rules would have held of all stored charges and changes of residents; `only` counts one month."""
    tried = Tried()
    with base.pool.connection() as past, base.pool.connection() as conn:
        rehearsal.begin(conn)
        for _, facts in groupby(rehearsal.past(past), key=lambda fact: (fact.provider, fact.correlation, fact.at)):
            _batch(conn, rules, list(facts), only, tried)
        conn.rollback()
    return tried


def _batch(conn: Connection, rules: Rules, facts: Sequence[Past], only: Period | None, tried: Tried) -> None:
    """One transaction of then: judged by what was known before it, then learned."""
    read = [(fact, decode(fact.data)) for fact in facts]
    groups = list(_charges(read))
    sent = Sent(facts[0].provider, facts[0].correlation, len(facts), part=True)
    judgement = suspects_of(conn, rules, groups, sent)
    suspects = judgement.suspects | _residents(conn, rules, read)
    for fact, data in read:
        if fact.kind in _JUDGED and (only is None or data.period == only):
            _note(tried, fact, data, suspects)
    if judgement.whole is not None and (only is None or any(group.period == only for group in groups)):
        tried.batches.append((sent.provider, judgement.whole, len(facts)))
    _learn(conn, read, sent, whole=judgement.whole is not None)


_JUDGED = ("charge.posted", "account.residents-changed")
_SIGNS = {"charge.posted": 1, "charge.adjusted": 1, "charge.reversed": -1}


def _note(tried: Tried, fact: Past, data: Data, suspects: Suspects) -> None:
    place = (fact.provider, data.period)
    tried.judged[place] += 1
    why = suspects.get(data.reference)
    if why is None:
        return
    tried.held[place] += 1
    tried.rules[why.code] += 1
    if len(tried.examples) < EXAMPLES:
        tried.examples.append(WouldHold(fact.provider, data.reference, fact.account, why))


def _charges(read: Iterable[tuple[Past, Data]]) -> Iterator[Charges]:
    groups: dict[tuple[str, str], Charges] = {}
    for fact, data in read:
        if fact.kind == "charge.posted":
            place = (data.service, data.period)
            group = groups.setdefault(place, Charges(data.service, data.period, [], [], []))
            group.references.append(data.reference)
            group.accounts.append(fact.account)
            group.tenge.append(data.amount // 100)
    yield from groups.values()


def _residents(conn: Connection, rules: Rules, read: Iterable[tuple[Past, Data]]) -> Suspects:
    changed = [(fact, data) for fact, data in read if fact.kind == "account.residents-changed"]
    homes = gate.homes(conn, {fact.account for fact, _ in changed}) if changed else {}
    found: Suspects = {}
    for fact, data in changed:
        before = homes.get(fact.account, ("", None))[1]
        why = plausible.residents_jump(before, data.residents or 0, rules.residents)
        if why is not None:
            found[data.reference] = why
    return found


def _learn(conn: Connection, read: Sequence[tuple[Past, Data]], sent: Sent, *, whole: bool) -> None:
    """What the past knew after this batch; held or not, for it was accepted then."""
    learned, homes = remembered(read)
    if homes:
        gate.settle(conn, homes)
    if learned:
        gate.learn(conn, learned)
    rehearsal.note(conn, sent.provider, sent.correlation, learned, whole=whole)


Learned = dict[tuple[str, str], dict[str, int]]
Homes = dict[str, tuple[str | None, int | None]]


def remembered(read: Iterable[tuple[Past, Data]]) -> tuple[Learned, Homes]:
    """What the gate knows from these facts: charges by service, month and account in tiyn; buildings and residents."""
    learned: Learned = {}
    homes: Homes = {}
    for fact, data in read:
        sign = _SIGNS.get(fact.kind)
        if sign is not None:
            sums = learned.setdefault((data.service, data.period), {})
            sums[fact.account] = sums.get(fact.account, 0) + sign * data.amount
        elif fact.kind == "account.opened":
            homes[fact.account] = (data.building, data.residents or None)
        else:
            homes[fact.account] = (homes.get(fact.account, (None,))[0], data.residents)
    return learned, homes
