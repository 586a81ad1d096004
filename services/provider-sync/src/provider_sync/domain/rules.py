"""The rules of each kind of fact: a rule refuses, or notes what follows and returns members for the event's data.

Members are JSON text, each ending in a comma: the month of account, and what readers would else have to look up.
"""

import re
from collections.abc import Callable
from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import msgspec
from msgspec import UNSET

from common.clock import to_wire
from common.errors import Refusal
from common.period import period_at
from provider_sync import errors
from provider_sync.domain import facts
from provider_sync.domain.posting import Posting, readable
from provider_sync.domain.world import CLOSED, OPEN, UNKNOWN, Account, Connection, Corrected, Meter, Money, World

if TYPE_CHECKING:
    from provider_sync.domain.decide import Desk

Rule = Callable[["Desk", Any, Account], str]
Row = facts.AnyFact | Refusal
_METER_LIFE_DAYS = 40 * 366
_TARIFF_AHEAD_DAYS = 5 * 366
NUMBER = re.compile(r"[0-9A-Za-z-]{1,20}", re.ASCII)
# Payments whose text names no account wait under this number for an operator; were it opened, it would get them all.
UNNAMED = "no-number"


def must_be_open(account: Account, number: str) -> None:
    """Raises UnknownAccount, ClosedAccount."""
    if account.standing != OPEN:
        if account.standing == CLOSED:
            raise errors.ClosedAccount("/account", account=number)
        raise errors.UnknownAccount("/account", account=number)


def must_exist(account: Account, number: str) -> None:
    """Raises UnknownAccount; a closed account will do."""
    if account.standing == UNKNOWN:
        raise errors.UnknownAccount("/account", account=number)


def account_opened(desk: "Desk", fact: facts.AccountOpened, account: Account) -> str:
    if fact.account == UNNAMED:
        raise errors.NumberInvalid("/account")
    if account.standing != UNKNOWN:
        raise errors.AlreadyOpened("/account", account=fact.account)
    if fact.building not in desk.world.buildings and "take-over" not in desk.sender.scopes:
        raise errors.UnknownBuilding("/building", building=fact.building)
    account.standing = OPEN
    return ""


def account_closed(desk: "Desk", fact: facts.AccountClosed, account: Account) -> str:
    must_be_open(account, fact.account)
    account.standing = CLOSED
    return ""


def account_renumbered(desk: "Desk", fact: facts.AccountRenumbered, account: Account) -> str:
    must_be_open(account, fact.account)
    taken = desk.world.numbers.get(fact.number)
    if taken is None or fact.number == UNNAMED:
        raise errors.NumberInvalid("/number")
    if taken.standing != UNKNOWN:
        raise errors.AlreadyOpened("/number", account=fact.number)
    desk.world.numbers[fact.number] = account
    desk.decided.aliases[fact.number] = account.id
    return ""


def base_data(desk: "Desk", fact: Any, account: Account) -> str:
    must_be_open(account, fact.account)
    return ""


def service_connected(desk: "Desk", fact: facts.ServiceConnected, account: Account) -> str:
    must_be_open(account, fact.account)
    owner = desk.serves(fact.service)
    known = desk.world.connections.get((account.id, fact.service))
    if known is not None and not known.connected:
        _not_before(fact.effective_from, known.since)
    _note_connection(desk, account, fact, connected=True)
    return f'"service_provider":"{owner}",'


def service_disconnected(desk: "Desk", fact: facts.ServiceDisconnected, account: Account) -> str:
    must_be_open(account, fact.account)
    owner = desk.serves(fact.service)
    known = desk.world.connections.get((account.id, fact.service))
    if known is None or not known.connected:
        raise errors.ServiceNotConnected("/service", service=fact.service)
    _not_before(fact.effective_from, known.since)
    _note_connection(desk, account, fact, connected=False)
    return f'"service_provider":"{owner}",'


def _note_connection(
    desk: "Desk", account: Account, fact: facts.ServiceConnected | facts.ServiceDisconnected, *, connected: bool
) -> None:
    place = (account.id, fact.service)
    desk.world.connections[place] = desk.decided.connections[place] = Connection(connected, fact.effective_from)


def _not_before(day: date, earliest: date | None) -> None:
    """What ends does not end before it began, and begins again only after it ended."""
    if earliest is not None and day < earliest:
        raise errors.DatesInverted("/effective_from", value=day.isoformat(), earliest=earliest.isoformat())


def meter_installed(desk: "Desk", fact: facts.MeterInstalled, account: Account) -> str:
    must_be_open(account, fact.account)
    desk.serves(fact.service)
    known = desk.world.meters.get((account.id, fact.meter))
    if known is not None:
        if not known.removed:
            raise errors.MeterInstalled("/meter", meter=fact.meter)
        _not_before(fact.effective_from, known.removed_on)
    for day, pointer in ((fact.verified_until, "/verified_until"), (fact.replacement_planned, "/replacement_planned")):
        if isinstance(day, date):
            desk.check_day(day, pointer, ahead_days=_METER_LIFE_DAYS)
    _note_meter(desk, account, fact.meter, Meter(fact.service, fact.effective_from, digits=fact.digits or None))
    return ""


def meter_removed(desk: "Desk", fact: facts.MeterRemoved, account: Account) -> str:
    meter = _installed_meter(desk, fact, account)
    _not_before(fact.effective_from, meter.installed_on)
    _note_meter(desk, account, fact.meter, meter._replace(removed=True, removed_on=fact.effective_from))
    return ""


def replacement_planned(desk: "Desk", fact: facts.ReplacementPlanned, account: Account) -> str:
    _installed_meter(desk, fact, account)
    desk.check_day(fact.planned_for, "/planned_for", ahead_days=_METER_LIFE_DAYS)
    return ""


def meter_read(desk: "Desk", fact: facts.MeterRead, account: Account) -> str:
    """The last reading of a removed meter often comes after the new one is installed, so the day decides."""
    meter = _known_meter(desk, fact, account)
    desk.check_day(fact.taken_on, "/taken_on")
    before = meter.installed_on is not None and fact.taken_on < meter.installed_on
    if before or (meter.removed and (meter.removed_on is None or fact.taken_on > meter.removed_on)):
        raise errors.MeterNotThere("/taken_on", meter=fact.meter, value=fact.taken_on.isoformat())
    if meter.digits is not None and len(fact.value.partition(".")[0].lstrip("0")) > meter.digits:
        raise errors.ReadingTooLong("/value", digits=meter.digits)
    if meter.last_on is not None and fact.taken_on < meter.last_on:
        return ""
    _note_meter(desk, account, fact.meter, meter._replace(last_value=fact.value, last_on=fact.taken_on))
    return _fallen(meter, fact)


def _fallen(meter: Meter, fact: facts.MeterRead) -> str:
    """A reading below the one before: the dial passed its end where that is the shorter way, else it is odd."""
    last, value = Decimal(meter.last_value or 0), Decimal(fact.value)
    if value >= last:
        return ""
    if meter.digits is not None and value + 10**meter.digits - last < last - value:
        return '"rolled_over":true,'
    return '"warnings":["reading-below-previous"],'


def _known_meter(desk: "Desk", fact: Any, account: Account) -> Meter:
    must_be_open(account, fact.account)
    meter = desk.world.meters.get((account.id, fact.meter))
    if meter is None:
        raise errors.UnknownMeter("/meter", meter=fact.meter)
    desk.serves(meter.service)
    return meter


def _installed_meter(desk: "Desk", fact: Any, account: Account) -> Meter:
    meter = _known_meter(desk, fact, account)
    if meter.removed:
        raise errors.UnknownMeter("/meter", meter=fact.meter)
    return meter


def _note_meter(desk: "Desk", account: Account, number: str, meter: Meter) -> None:
    desk.world.meters[account.id, number] = desk.decided.meters[account.id, number] = meter


def charge_posted(desk: "Desk", fact: facts.ChargePosted, account: Account) -> str:
    must_be_open(account, fact.account)
    desk.own(fact.service)
    posting = desk.world.calendar.post(fact.period)
    warnings = desk.oddities(fact)
    _money(desk, fact, account, posting, fact.service, fact.period)
    return f'{posting.members}"warnings":{msgspec.json.encode(warnings).decode()},' if warnings else posting.members


def readable_dates(fact: facts.ChargePosted) -> facts.ChargePosted:
    """What is no date is left out of the event, so that readers need not doubt it; the warning stays."""
    dates = {"from_": fact.from_, "to": fact.to}
    odd = {name: UNSET for name, day in dates.items() if isinstance(day, str) and not readable(day)}
    return msgspec.structs.replace(fact, **odd)


def charge_adjusted(desk: "Desk", fact: facts.ChargeAdjusted, account: Account) -> str:
    must_exist(account, fact.account)
    if isinstance(fact.corrects, facts.Named):
        if fact.service is not UNSET or fact.period is not UNSET:
            raise errors.AdjustmentUnnamed("/corrects")
        charge = _corrected(desk, fact.corrects, account, "charge.posted", "/corrects")
        posting = desk.world.calendar.post(charge.period)
        _money(desk, fact, account, posting, charge.service, charge.period)
        return (
            f'{posting.members}"service":"{charge.service}","service_provider":"{desk.world.services[charge.service]}",'
            f'"period":"{charge.period}",'
        )
    if not isinstance(fact.service, str) or not isinstance(fact.period, str):
        raise errors.AdjustmentUnnamed("/corrects")
    if "unnamed-adjustment" not in desk.sender.scopes:
        raise errors.ScopeMissing("/corrects", scope="unnamed-adjustment")
    desk.own(fact.service)
    posting = desk.world.calendar.post(fact.period)
    _money(desk, fact, account, posting, fact.service, fact.period)
    return f'{posting.members}"service_provider":"{desk.world.services[fact.service]}",'


def reversal(kind: str) -> Rule:
    """The rule that undoes a fact of `kind`, once."""

    def rule(desk: "Desk", fact: facts.Reversal, account: Account) -> str:
        must_exist(account, fact.account)
        undone = _corrected(desk, fact.reverses, account, kind, "/reverses")
        desk.undo(fact.reverses)
        return reversal_members(desk, fact, undone)

    return rule


def reversal_members(desk: "Desk", fact: facts.Reversal, undone: Corrected) -> str:
    """A reversal counts by its own date, but never before what it undoes."""
    own_month = period_at(fact.at if fact.at is not UNSET else desk.world.now)
    posting = desk.world.calendar.post(max(own_month, undone.posting_period))
    desk.decided.posted(posting.period)
    desk.money = Money(undone.service, undone.period or posting.late_for or posting.period, undone.amount)
    if undone.paid_at:
        return f'{posting.members}"amount":{undone.amount},"paid_at":"{undone.paid_at}",'
    return f'{posting.members}"service":"{undone.service}","period":"{undone.period}","amount":{undone.amount},'


def _corrected(desk: "Desk", named: facts.Named, account: Account, kind: str, pointer: str) -> Corrected:
    """The fact that is named, fit to be corrected; raises what is wrong with it."""
    own = named.provider == desk.sender.provider
    if not own and named.provider not in desk.world.predecessors:
        raise errors.CorrectionForeign(f"{pointer}/provider")
    found = desk.named(named)
    if found is None or found.waiting:
        raise errors.CorrectionNotFound(f"{pointer}/reference", reference=named.reference)
    if found.account != account.id:
        raise errors.CorrectionElsewhere(f"{pointer}/reference", reference=named.reference)
    if found.kind != kind:
        raise errors.CorrectionKind(f"{pointer}/reference", reference=named.reference, kind=found.kind)
    if found.undone:
        raise errors.AlreadyReversed(f"{pointer}/reference", reference=named.reference)
    if found.service:
        # One's own facts stay one's own when the service has passed to another; a successor needs the service, too.
        if own:
            desk.serves(found.service)
        else:
            desk.own(found.service)
    if found.held:
        raise errors.NamesHeld(f"{pointer}/reference", reference=named.reference)
    return found


def benefit_granted(desk: "Desk", fact: facts.BenefitGranted, account: Account) -> str:
    must_be_open(account, fact.account)
    desk.own(fact.service)
    _above_zero(fact.amount)
    posting = desk.world.calendar.post(fact.period)
    _money(desk, fact, account, posting, fact.service, fact.period)
    return posting.members


def penalty_accrued(desk: "Desk", fact: facts.PenaltyAccrued, account: Account) -> str:
    must_be_open(account, fact.account)
    desk.own(fact.service)
    _above_zero(fact.amount)
    _above_zero(fact.debt, "/debt")
    posting = desk.world.calendar.post(fact.period)
    _money(desk, fact, account, posting, fact.service, fact.period)
    return posting.members


def payment_received(desk: "Desk", fact: facts.PaymentReceived, account: Account) -> str:
    members = payment_members(desk, fact)
    if fact.reference in desk.world.named:
        desk.world.corrected[fact.reference] = corrected_payment(fact, account, desk.world)
    return members


def payment_members(desk: "Desk", fact: facts.PaymentReceived) -> str:
    """Checks amount and split; the month of a payment is that of its instant in Almaty."""
    _above_zero(fact.amount)
    if isinstance(fact.split, list):
        for index, part in enumerate(fact.split):
            if part.service not in desk.world.services:
                raise errors.UnknownService(f"/split/{index}/service", service=part.service[:40])
        if sum(part.amount for part in fact.split) != fact.amount or any(part.amount <= 0 for part in fact.split):
            raise errors.SplitDiffers("/split")
    posting = desk.world.calendar.post(period_at(fact.paid_at), "/paid_at")
    desk.decided.posted(posting.period)
    desk.money = Money("", posting.late_for or posting.period, fact.amount)
    return posting.members


def corrected_payment(fact: facts.PaymentReceived, account: Account, world: World) -> Corrected:
    """A payment as a reversal will look at it."""
    posting = world.calendar.post(period_at(fact.paid_at))
    return Corrected(
        account.id, "payment.received", "", "", posting.period, fact.amount, to_wire(fact.paid_at)
    )  # fmt: skip


def carried_in(desk: "Desk", fact: facts.CarriedIn, account: Account) -> str:
    must_be_open(account, fact.account)
    if fact.service not in desk.world.services:
        raise errors.UnknownService("/service", service=fact.service[:40])
    posting = desk.world.calendar.post(fact.period)
    if posting.late_for is not None:
        raise errors.PeriodClosed("/period", period=fact.period)
    if (account.id, fact.service) in desk.world.charged:
        raise errors.CarriedInLate("/service", service=fact.service)
    _money(desk, fact, account, posting, fact.service, fact.period)
    return posting.members


def _above_zero(amount: int, pointer: str = "/amount") -> None:
    if amount <= 0:
        raise errors.AmountInvalid(pointer)


def _money(desk: "Desk", fact: Any, account: Account, posting: Posting, service: str, period: str) -> None:
    """Notes what later facts of the same batch may ask about this one."""
    desk.decided.posted(posting.period)
    desk.money = Money(service, period, fact.amount)
    if desk.world.carrying:
        desk.world.charged.add((account.id, service))
    if fact.reference in desk.world.named:
        desk.world.corrected[fact.reference] = Corrected(
            account.id, facts.kind_of(fact), service, period, posting.period, fact.amount
        )


def holder_stated(desk: "Desk", fact: facts.HolderStated, account: Account) -> str:
    known = desk.world.numbers.get(fact.account)
    if known is None or known.standing == UNKNOWN:
        raise errors.UnknownAccount("/account", account=fact.account[:40])
    return f"holder/{known.id}"


def provider_stated(desk: "Desk", fact: facts.ProviderStated, account: Account) -> str:
    unknown = next((i for i in fact.succeeds or () if i == fact.id or i not in desk.world.providers), None)
    if unknown is not None:
        raise errors.UnknownProvider("/succeeds", provider=unknown)
    desk.world.providers.add(fact.id)
    return f"directory/provider/{fact.id}"


def service_stated(desk: "Desk", fact: facts.ServiceStated, account: Account) -> str:
    if fact.provider not in desk.world.providers:
        raise errors.UnknownProvider("/provider", provider=fact.provider)
    desk.world.services[fact.id] = fact.provider
    return f"directory/service/{fact.id}"


def tariff_stated(desk: "Desk", fact: facts.TariffStated, account: Account) -> str:
    if fact.service not in desk.world.services:
        raise errors.UnknownService("/service", service=fact.service[:40])
    if (fact.price is UNSET) == (fact.tiers is UNSET):
        raise errors.TariffWithoutPrice("/price")
    desk.check_day(fact.effective_from, "/effective_from", ahead_days=_TARIFF_AHEAD_DAYS)
    return f"directory/tariff/{fact.id}"


def building_stated(desk: "Desk", fact: facts.BuildingStated, account: Account) -> str:
    desk.world.buildings.add(fact.id)
    return f"directory/building/{fact.id}"


RULES: dict[type, tuple[Rule, str]] = {
    facts.AccountOpened: (account_opened, "accounts"),
    facts.AccountClosed: (account_closed, "accounts"),
    facts.AccountRenumbered: (account_renumbered, "accounts"),
    facts.ResidentsChanged: (base_data, "accounts"),
    facts.AreaChanged: (base_data, "accounts"),
    facts.HolderChanged: (base_data, "accounts"),
    facts.ServiceConnected: (service_connected, "accounts"),
    facts.ServiceDisconnected: (service_disconnected, "accounts"),
    facts.MeterInstalled: (meter_installed, "meters"),
    facts.MeterRemoved: (meter_removed, "meters"),
    facts.ReplacementPlanned: (replacement_planned, "meters"),
    facts.MeterRead: (meter_read, "meters"),
    facts.ChargePosted: (charge_posted, "charges"),
    facts.ChargeAdjusted: (charge_adjusted, "charges"),
    facts.ChargeReversed: (reversal("charge.posted"), "charges"),
    facts.BenefitGranted: (benefit_granted, "charges"),
    facts.BenefitReversed: (reversal("benefit.granted"), "charges"),
    facts.PenaltyAccrued: (penalty_accrued, "charges"),
    facts.PenaltyReversed: (reversal("penalty.accrued"), "charges"),
    facts.PaymentReceived: (payment_received, "payments"),
    facts.PaymentReversed: (reversal("payment.received"), "payments"),
    facts.CarriedIn: (carried_in, "take-over"),
    facts.HolderStated: (holder_stated, "holders"),
    facts.ProviderStated: (provider_stated, "master-data"),
    facts.ServiceStated: (service_stated, "master-data"),
    facts.TariffStated: (tariff_stated, "master-data"),
    facts.BuildingStated: (building_stated, "master-data"),
}
