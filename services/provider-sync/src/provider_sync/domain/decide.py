"""Decides a batch in file order: the reference's identity first, then scope, account and the kind's rules. Pure."""

import hashlib
from collections.abc import Collection, Iterable, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from itertools import repeat
from typing import Any, NamedTuple, get_args

import msgspec
from msgspec import UNSET

from common.errors import Refusal
from common.period import ALMATY
from provider_sync import errors
from provider_sync.domain import facts
from provider_sync.domain.decided import BROUGHT_BACK, TAKEN, Appended, Claimed, Decided, Held, Matched, Outcome, Queued
from provider_sync.domain.posting import service_period_warnings
from provider_sync.domain.resent import Asked, Correction
from provider_sync.domain.rules import (
    NUMBER,
    RULES,
    Row,
    Rule,
    corrected_payment,
    payment_members,
    readable_dates,
    reversal_members,
)
from provider_sync.domain.sender import Sender
from provider_sync.domain.world import HELD, REFUSED, UNKNOWN, Account, Corrected, Known, Money, Waiting, World

EARLIEST = datetime(1990, 1, 1, tzinfo=UTC)
_DAY = timedelta(days=1)


class Form(NamedTuple):
    """A fact's content as JSON, equal for equal contents, and its digest."""

    encoded: str
    digest: str


class Desk:
    """Batches of one sender at work, one after the other; `decided` collects what comes of the one at hand.

    `approved` are references of held facts that an operator lets in. `money` is what the fact at hand moves.
    """

    def __init__(self, world: World, sender: Sender, approved: Collection[str] = ()) -> None:
        self.world, self.sender, self.decided = world, sender, Decided()
        self.money = Money("", "", 0)
        self._approved = approved
        self._head = f'{{"provider":"{sender.provider}",'
        self._now_text = world.now.isoformat()
        self._mine: set[str] = set()
        self._latest = world.now + _DAY
        self._midnights: dict[date, str] = {}
        self._odd: dict[tuple[Any, Any, str], list[str]] = {}

    def take(self, rows: Sequence[Asked], forms: Sequence[Form | None] = ()) -> Decided:
        """Decides a batch, all rows in order; a row that could not be read is already a refusal.

        `forms` are those of the rows, where they were made beforehand.
        """
        self.decided = self.decided.following()
        outcomes = self.decided.outcomes
        for row, form in zip(rows, forms or repeat(None, len(rows)), strict=True):
            try:
                outcomes.append(self._correct(row) if isinstance(row, Correction) else self._one(row, form))
            except Refusal as refusal:
                outcomes.append(refused(refusal))
        return self.decided

    def _one(self, fact: Row, form: Form | None = None) -> Outcome:
        if isinstance(fact, Refusal):
            raise fact
        if not fact.reference.isprintable():
            raise errors.ReferenceInvalid("/reference")
        encoded, digest = form or form_of(fact, self.sender.provider)
        known = self.world.said.get(fact.reference)
        if known is not None and fact.reference not in self._approved:
            return self._repeated(fact.reference, known, digest)
        rule, scope = RULES[type(fact)]
        if scope not in self.sender.scopes:
            raise errors.ScopeMissing("/kind", scope=scope)
        if type(fact) in _STATED:
            return self._state(fact, rule, digest)
        return self._append(fact, rule, encoded, digest)

    def _correct(self, row: Correction) -> Outcome:
        """A row of a batch sent again: what replaces it first, so that nothing is undone when that is refused."""
        standing = self.world.said[row.current]
        outcome = Outcome("duplicate", standing.account, standing.version)
        undoing = row.undoing if row.undoing and self._stands(row.undoing[-1]) else ()
        if row.fact is not None:
            # Held, it would be said without its undoing once it is approved; its sender saw the difference beforehand.
            self.world.suspects.pop(row.fact.reference, None)
            outcome = self._one(row.fact)
            if outcome.status not in TAKEN:
                return outcome
        for fact in undoing:
            outcome = self._one(fact)
        return msgspec.structs.replace(outcome, amount=(row.becomes or 0) - (row.was or 0))

    def _stands(self, reversal: facts.Reversal) -> bool:
        """Whether there is still something to undo; raises ForeignService when the key may not."""
        normalise(reversal, self.sender.provider)
        found = self.named(reversal.reverses)
        if found is None or found.undone:
            return False
        if found.service:
            self.serves(found.service)
        return True

    def _append(self, fact: Any, rule: Rule, encoded: str, digest: str) -> Outcome:
        account = self.account(fact)
        if account.standing == UNKNOWN:
            account = self._followed(fact, account)
            if account.standing == UNKNOWN and self._waits(fact):
                return self._queue(fact, encoded, digest)
        occurred_at = self._happened(fact)
        first_posted = self.decided.first_posted
        try:
            members = rule(self, fact, account)
            doubt = self._doubt(fact, account) if self.world.suspects else None
        except errors.NamesHeld as named:
            members, doubt = "", named
        if doubt is not None:
            self.decided.first_posted = first_posted
            return self._hold(fact, account, encoded, digest, doubt)
        version = self._event(account, fact, self.sender.provider, members, encoded, occurred_at)
        self._claim(fact.reference, account.id, version, digest)
        kind = type(fact)
        if kind in _COUNTED:
            self._count(kind, self.sender.provider, account)
        elif kind in _BASE:
            self._follow(fact, account)
        return Outcome("accepted", account.id, version, None, getattr(fact, "amount", 0))

    def _followed(self, fact: Any, account: Account) -> Account:
        """What undoes a payment that an operator assigned follows it: its sender knows only the number."""
        if isinstance(fact, facts.PaymentReversed):
            place = self.world.assigned.get((str(fact.reverses.provider), fact.reverses.reference))
            if place is not None and place.number == fact.account:
                return self.world.numbers[place.account]
        return account

    def _claim(self, reference: str, place: str, version: int | None, digest: str) -> None:
        """Takes a reference, or settles one that was held."""
        self.world.said[reference] = Known(digest, place, version)
        claims = self.decided.settled if reference in self._approved else self.decided.claims
        claims.append(Claimed(reference, place, version, digest))

    def _doubt(self, fact: Any, account: Account) -> Refusal | None:
        """Why the gate holds a fact; a connection earlier in the same batch settles that doubt."""
        doubt = self.world.suspects.get(fact.reference)
        if isinstance(doubt, errors.NeverConnected):
            just_now = self.decided.connections.get((account.id, fact.service))
            return None if just_now is not None and just_now.connected else doubt
        return doubt

    def _hold(self, fact: Any, account: Account, encoded: str, digest: str, doubt: Refusal) -> Outcome:
        if fact.reference in self._approved:
            raise doubt
        self._claim(fact.reference, account.id, HELD, digest)
        self.decided.held.append(Held(fact.reference, account.id, encoded, doubt))
        self.world.doubts[fact.reference] = doubt
        named = self.world.corrected.get(fact.reference)
        if named is not None:
            named.held = True
        return Outcome("held", account.id, HELD, None, 0, doubt)

    def _count(self, kind: type, provider: str, account: Account) -> None:
        """Counts what the fact at hand moved, a reversal under its own kind; charges are history, too."""
        (word, sign), money = _COUNTED[kind], self.money
        place = (provider, word, money.service, money.period)
        total = self.decided.counted.get(place)
        if total is None:
            total = self.decided.counted[place] = [0, 0]
        total[0] += 1
        total[1] += money.amount
        if sign:
            months = self.decided.learned.setdefault((money.service, money.period), {})
            months[account.id] = months.get(account.id, 0) + sign * money.amount

    def _follow(self, fact: Any, account: Account) -> None:
        """What follows a fact of the account's base data."""
        if isinstance(fact, facts.ResidentsChanged):
            self.decided.homes[account.id] = (self.decided.homes.get(account.id, (None,))[0], fact.residents)
            return
        if isinstance(fact, facts.AccountOpened):
            self.decided.homes[account.id] = (fact.building, fact.residents or None)
        self._match(fact, account)

    def _event(self, account: Account, fact: Any, provider: str, members: str, encoded: str, occurred_at: str) -> int:
        account.version += 1
        # A warning may mean an unreadable date: it is left out of the event, the digest stays that of the sender's row.
        odd = type(fact) is facts.ChargePosted and '"warnings":' in members
        content = facts.encode(readable_dates(fact)).decode() if odd else encoded
        head = self._head if provider == self.sender.provider else f'{{"provider":"{provider}",'
        data = head + members + content[content.index('"reference":') :]
        kind: str = type(fact).__struct_config__.tag
        self.decided.events.append(
            Appended(account.id, account.partition, account.version, kind, provider, occurred_at, data)
        )
        self.decided.touched[account.id] = account
        return account.version

    def account(self, fact: Any) -> Account:
        """The account of a number; numbers nobody mentioned are unknown accounts without a row."""
        found = self.world.numbers.get(fact.account)
        if found is None:
            if not NUMBER.fullmatch(fact.account):
                raise errors.NumberInvalid("/account")
            found = Account(fact.account, 0)
        return found

    def _happened(self, fact: Any) -> str:
        """When it happened: `at`, else paid_at, else midnight in Almaty of effective_from, else now."""
        at = fact.at
        if at is UNSET and type(fact) is facts.ChargePosted:
            return self._now_text
        at = at if at is not UNSET else getattr(fact, "paid_at", UNSET)
        if at is not UNSET:
            if not EARLIEST <= at <= self._latest:
                raise errors.DateInvalid("/at" if fact.at is not UNSET else "/paid_at", value=at.isoformat())
            return str(at.isoformat())
        day = getattr(fact, "effective_from", None)
        if day is None:
            return self._now_text
        text = self._midnights.get(day)
        if text is None:
            self.check_day(day, "/effective_from", ahead_days=400)
            text = self._midnights[day] = datetime.combine(day, time(), ALMATY).isoformat()
        return text

    def check_day(self, day: date, pointer: str, ahead_days: int = 1) -> None:
        """Raises DateInvalid, DateTooFar for days that cannot be meant."""
        latest = self.world.calendar.today + timedelta(days=ahead_days)
        if day > latest and ahead_days > 1:
            raise errors.DateTooFar(pointer, value=day.isoformat(), latest=latest.isoformat())
        if not EARLIEST.date() <= day <= latest:
            raise errors.DateInvalid(pointer, value=day.isoformat())

    def own(self, service: str, pointer: str = "/service") -> None:
        """Raises UnknownService, or ForeignService unless the service is the sender's and the key is for it."""
        if service in self._mine:
            return
        owner = self.world.services.get(service)
        if owner is None:
            raise errors.UnknownService(pointer, service=service[:40])
        if owner != self.sender.provider or not self.sender.serves(service):
            raise errors.ForeignService(pointer, service=service)
        self._mine.add(service)

    def oddities(self, fact: facts.ChargePosted) -> list[str]:
        """Warnings about the service period, which most rows of a file share, and about tiers that do not add up."""
        place = (fact.from_, fact.to, fact.period)
        found = self._odd.get(place)
        if found is None:
            start, end = fact.from_ or None, fact.to or None
            found = self._odd[place] = service_period_warnings(start, end, fact.period)
        if isinstance(fact.tiers, list) and sum(tier.amount for tier in fact.tiers) != fact.amount:
            return [*found, "tiers-differ"]
        return found

    def serves(self, service: str) -> str:
        """The provider of a service that the key may speak of; raises UnknownService, ForeignService."""
        owner = self.world.services.get(service)
        if owner is None:
            raise errors.UnknownService("/service", service=service[:40])
        if not self.sender.serves(service):
            raise errors.ForeignService("/service", service=service)
        return owner

    def _waits(self, fact: Any) -> bool:
        """Payments are money already taken: they wait for their account, and with them what undoes them."""
        if isinstance(fact, facts.PaymentReceived):
            return True
        named = self.named(fact.reverses) if isinstance(fact, facts.PaymentReversed) else None
        return named is not None and named.waiting and named.account == fact.account

    def _queue(self, fact: Any, encoded: str, digest: str) -> Outcome:
        self._happened(fact)
        if isinstance(fact, facts.PaymentReceived):
            payment_members(self, fact)
            self.world.corrected[fact.reference] = replace(
                corrected_payment(fact, self.world.numbers[fact.account], self.world), waiting=True
            )
        elif self.world.corrected[fact.reverses.reference].undone:
            raise errors.AlreadyReversed("/reverses/reference", reference=fact.reverses.reference)
        else:
            self.undo(fact.reverses)
        self._claim(fact.reference, fact.account, None, digest)
        self.decided.queued.append(Queued(fact.account, fact.reference, encoded))
        entry = Waiting(self.sender.provider, fact.reference, encoded)
        self.world.waiting.setdefault(fact.account, []).append(entry)
        return Outcome("unmatched", fact.account, None, None, getattr(fact, "amount", 0))

    def _match(self, fact: Any, account: Account) -> None:
        """Appends what waited for the number that has just become known."""
        number = fact.number if isinstance(fact, facts.AccountRenumbered) else fact.account
        self.settle(self.world.waiting.pop(number, []), account)

    def settle(self, entries: Iterable[Waiting], account: Account, assigned: str = "") -> None:
        """Appends waiting payments and what undoes them; `assigned` is the member that says who sent them there."""
        payments: dict[tuple[str, str], Corrected] = {}
        for entry in entries:
            waited: Any = facts.restore(entry.content)
            if isinstance(waited, facts.PaymentReceived):
                members = payment_members(self, waited) + assigned
                payments[entry.provider, entry.reference] = corrected_payment(waited, account, self.world)
            else:
                members = reversal_members(self, waited, payments[waited.reverses.provider, waited.reverses.reference])
            version = self._event(account, waited, entry.provider, members, entry.content, self._happened(waited))
            self._count(type(waited), entry.provider, account)
            self.decided.matched.append(Matched(entry.provider, entry.reference, account.id, version))
            if entry.provider == self.sender.provider:
                self._now_known(entry.reference, account, version, payments)

    def _now_known(
        self, reference: str, account: Account, version: int, payments: dict[tuple[str, str], Corrected]
    ) -> None:
        """Later rows of this batch may repeat or undo what was matched just now."""
        known = self.world.said.get(reference)
        if known is not None:
            self.world.said[reference] = Known(known.digest, account.id, version)
        before, payment = self.world.corrected.get(reference), payments.get((self.sender.provider, reference))
        if before is not None and payment is not None:
            payment.undone = before.undone
            self.world.corrected[reference] = payment

    def _state(self, fact: Any, rule: Rule, digest: str) -> Outcome:
        place = rule(self, fact, _NOWHERE)
        version = self.world.places[place] = self.world.places.get(place, 0) + 1
        self._claim(fact.reference, place, version, digest)
        self.decided.stated[place] = (version, fact)
        return Outcome("accepted", place, version)

    def named(self, named: facts.Named) -> Corrected | None:
        """The fact that is named, own or of a predecessor."""
        if named.provider in (UNSET, self.sender.provider):
            return self.world.corrected.get(named.reference)
        return self.world.inherited.get((str(named.provider), named.reference))

    def undo(self, named: facts.Named) -> None:
        """Notes that a fact is undone."""
        found = self.named(named)
        if found is not None:
            found.undone = True
        self.decided.undone.append((str(named.provider), named.reference))

    def _repeated(self, reference: str, known: Known, digest: str) -> Outcome:
        """The same content gets the first answer again, another content a conflict."""
        if known.digest in (digest, BROUGHT_BACK):
            if known.version == HELD:
                return Outcome("held", known.account, HELD, None, 0, self.world.doubts.get(reference))
            if known.version == REFUSED:
                raise errors.RefusedByOperator("/reference", reference=reference)
            return Outcome("duplicate", known.account, known.version)
        standing = {None: "unmatched", HELD: "held", REFUSED: "refused"}.get(known.version, known.position)
        refusal = errors.Conflict("/reference", reference=reference, position=standing)
        return Outcome("conflict", known.account, known.version, refusal)


_NOWHERE = Account("", 0)
_STATED = frozenset(get_args(facts.Stated))
_BASE = (facts.AccountOpened, facts.AccountRenumbered, facts.ResidentsChanged)
# The kinds that are counted, and with which sign the gate learns of them.
_COUNTED: dict[type, tuple[str, int]] = {
    facts.ChargePosted: ("charge.posted", 1),
    facts.ChargeReversed: ("charge.reversed", -1),
    facts.ChargeAdjusted: ("charge.adjusted", 1),
    facts.BenefitGranted: ("benefit.granted", 0),
    facts.BenefitReversed: ("benefit.reversed", 0),
    facts.PenaltyAccrued: ("penalty.accrued", 0),
    facts.PenaltyReversed: ("penalty.reversed", 0),
    facts.PaymentReceived: ("payment.received", 0),
    facts.PaymentReversed: ("payment.reversed", 0),
    facts.CarriedIn: ("balance.carried-in", 0),
}


def held_whole(decided: Decided, rows: Iterable[Asked], why: str) -> Decided:
    """An atomic batch with a held row: every good row of it waits, and nothing else came of it."""
    claims = {claim.reference: claim for claim in decided.claims}
    doubts = {held.reference: held.doubt for held in decided.held}
    whole, seen = Decided(whole=True, atomic=True), set[str]()
    for fact, outcome in zip(rows, decided.outcomes, strict=True):
        if isinstance(fact, Refusal | Correction) or outcome.refusal is not None or fact.reference not in claims:
            whole.outcomes.append(outcome)
            continue
        claim = claims[fact.reference]
        doubt = doubts.get(fact.reference) or errors.BatchHeld(why=why)
        whole.outcomes.append(Outcome("held", claim.account, HELD, None, 0, doubt))
        if fact.reference not in seen:
            seen.add(fact.reference)
            whole.claims.append(msgspec.structs.replace(claim, version=HELD))
            whole.held.append(Held(fact.reference, claim.account, facts.encode(fact).decode(), doubt))
    return whole


def refused(refusal: Refusal) -> Outcome:
    """The outcome of a row that was not taken."""
    return Outcome("retry" if refusal.retriable else "rejected", refusal=refusal)


def form_of(fact: facts.AnyFact, provider: str) -> Form:
    """The one form of a fact's content, for which the fact itself is brought to it."""
    normalise(fact, provider)
    return form_from(facts.encode(fact).decode())


def form_from(encoded: str) -> Form:
    """The same of a fact that is encoded already."""
    return Form(encoded, hashlib.blake2b(encoded.encode(), digest_size=16).hexdigest())


def normalise(fact: Any, provider: str) -> None:
    """Brings equal contents to one form: instants in UTC, corrections with their provider."""
    kind = type(fact)
    if kind is facts.ChargePosted:
        if fact.at is not UNSET:
            fact.at = fact.at.astimezone(UTC)
        return
    if getattr(fact, "at", UNSET) is not UNSET:
        fact.at = fact.at.astimezone(UTC)
    if kind is facts.PaymentReceived:
        fact.paid_at = fact.paid_at.astimezone(UTC)
    named = getattr(fact, "reverses", UNSET) if isinstance(fact, facts.Reversal) else getattr(fact, "corrects", UNSET)
    if named is not UNSET and named.provider is UNSET:
        named.provider = provider
