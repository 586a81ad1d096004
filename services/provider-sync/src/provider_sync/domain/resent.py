"""A file sent again whole: what must be said so that the batch stands as the new file has it. Pure.

A charge whose amount or volume differs is adjusted; what else differs is undone and said anew; what the file lacks is
undone. The facts made here have references of their own, `<reference>~<mark of the upload>`.
"""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any, Literal, NamedTuple

import msgspec
from msgspec import UNSET

from provider_sync.domain import facts
from provider_sync.domain.rules import Row, readable_dates

What = Literal["new", "adjusted", "replaced", "missing", "same"]
REVERSALS: dict[str, type[facts.Reversal]] = {
    "charge.posted": facts.ChargeReversed,
    "benefit.granted": facts.BenefitReversed,
    "penalty.accrued": facts.PenaltyReversed,
    "payment.received": facts.PaymentReversed,
}
REASON_CODE = "batch-sent-again"
_ADDED = ("provider", "posting_period", "late_for", "warnings", "assigned", "kind", "account", "at", "reference")
_LIMIT = 100


class Standing(NamedTuple):
    """A row of the batch as it stands: the fact `current` with its stored data, and what the batch adjusted since.

    `place` is the account (or the number under which it waits); `undone` when somebody took the fact back since.
    """

    reference: str
    current: str
    kind: str
    amount: int
    volume: Decimal | None
    place: str
    data: str
    undone: bool = False


@dataclass(frozen=True, slots=True)
class Correction:
    """One row: `fact` is said first, then `undoing`; neither when all stands as the file has it."""

    reference: str
    current: str
    what: What
    was: int | None
    becomes: int | None
    fact: Any = None
    undoing: tuple[Any, ...] = ()
    fields: tuple[str, ...] = ()
    volume: Decimal | None = None

    @property
    def facts(self) -> Iterable[Any]:
        """Everything it says."""
        return (*(() if self.fact is None else (self.fact,)), *self.undoing)


Asked = Row | Correction


def corrected(fact: Any, standing: Standing, account: str, mark: str, reason: str) -> Correction:
    """What makes a row of the batch stand as `fact` has it; `account` is the stream that the fact's number leads to."""
    fields = differing(fact, standing, account)
    becomes = int(fact.amount)
    row = Correction(
        standing.reference, standing.current, "same", standing.amount, becomes,
        fields=fields, volume=_number(getattr(fact, "volume", UNSET)),
    )  # fmt: skip
    if standing.undone:
        return replace(row, what="replaced", was=None, fact=_renamed(fact, standing, mark))
    if not fields:
        return row
    if isinstance(fact, facts.ChargePosted) and set(fields) <= {"amount", "volume"}:
        delta = _delta(fact, standing)
        moved = _adjustment(standing, fact.account, mark, reason, becomes - standing.amount, delta)
        return replace(row, what="adjusted", fact=moved)
    undoing = undone(standing, mark, reason)
    return replace(row, what="replaced", fact=_renamed(fact, standing, mark), undoing=undoing)


def missing(standing: Standing, mark: str, reason: str) -> Correction:
    """What takes a row back that the new file lacks."""
    undoing = undone(standing, mark, reason)
    return Correction(standing.reference, standing.current, "missing", standing.amount, None, undoing=undoing)


def undone(standing: Standing, mark: str, reason: str) -> tuple[Any, ...]:
    """A reversal undoes what was posted, so what was adjusted since is set back first."""
    posted = msgspec.json.decode(standing.data)
    facts_: list[Any] = []
    adjusted = standing.amount - posted["amount"]
    moved = None if standing.volume is None else standing.volume - Decimal(posted.get("volume") or 0)
    if standing.kind == "charge.posted" and (adjusted or moved):
        facts_.append(_adjustment(standing, standing.place, f"{mark}/a", reason, -adjusted, moved and -moved))
    named = facts.Named(standing.current)
    kind = REVERSALS[standing.kind]
    reference = derived(standing.reference, f"{mark}/r")
    facts_.append(kind(account=standing.place, reference=reference, reverses=named, reason=reason))
    return tuple(facts_)


def differing(fact: Any, standing: Standing, account: str) -> tuple[str, ...]:
    """The names of the fields that differ; `account`, `amount` and `volume` among them."""
    stored = readable_dates(fact) if isinstance(fact, facts.ChargePosted) else fact
    new = _content(facts.encode(stored))
    old = _content(standing.data)
    old["amount"] = standing.amount
    names = {name for name in new.keys() | old.keys() if new.get(name) != old.get(name)} - {"volume"}
    if _number(new.get("volume", UNSET)) != standing.volume:
        names.add("volume")
    if account != standing.place:
        names.add("account")
    if facts.kind_of(fact) != standing.kind:
        names.add("kind")
    return tuple(sorted(names))


def derived(reference: str, mark: str) -> str:
    """The reference of a fact made for a row: readable, and never longer than a reference may be."""
    text = f"{reference}~{mark}"
    if len(text) <= _LIMIT:
        return text
    short = hashlib.blake2b(reference.encode(), digest_size=8).hexdigest()
    return f"{reference[:50]}…{short}~{mark}"


def _content(encoded: bytes | str) -> dict[str, Any]:
    fields: dict[str, Any] = msgspec.json.decode(encoded)
    return {name: value for name, value in fields.items() if name not in _ADDED}


def _renamed(fact: Any, standing: Standing, mark: str) -> Any:
    return msgspec.structs.replace(fact, reference=derived(standing.reference, mark))


def _delta(fact: facts.ChargePosted, standing: Standing) -> Decimal | None:
    new = _number(fact.volume)
    return None if new is None and standing.volume is None else (new or Decimal(0)) - (standing.volume or Decimal(0))


def _adjustment(
    standing: Standing, account: str, mark: str, reason: str, amount: int, volume: Decimal | None
) -> facts.ChargeAdjusted:
    return facts.ChargeAdjusted(
        account=account,
        reference=derived(standing.reference, mark),
        corrects=facts.Named(standing.current),
        amount=facts.Amount(amount),
        volume=f"{volume:f}" if volume else UNSET,
        reason_code=REASON_CODE,
        reason=reason,
    )


def _number(text: Any) -> Decimal | None:
    return None if text is UNSET or text is None else Decimal(text)
