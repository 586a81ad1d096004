"""What a month says of an account: rows, totals, what is brought into the next month, what is due now."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import NamedTuple

import msgspec

from common.ids import statement_id
from common.period import Period, first_day, following, last_day, shifted
from ledger.domain.base import AccountBase, Device, Stated, base_on
from ledger.domain.entry import Entry, Moved, applied_advance
from ledger.domain.explain import Shown, explain
from ledger.domain.metering import usage
from ledger.domain.split import ADVANCE, PAID, PARTS, Dues, Opening, SplitRule, apply_advance, rule_for
from ledger.domain.tariff import tariff_on
from ledger.events import said
from ledger.events.heard import Detail, Provider, ReissueRequested, Service, Tariff

_detail_of = msgspec.json.Decoder(Detail).decode
_ADVANCE_NAMES = Service(name_ru="Переплата", name_kk="Артық төлем", order=10_000)
DUE_DAY = 25
_PAYMENTS = ("payment.received", "payment.reversed")
_SINCE = ("charged", "adjusted", "benefit", "penalty", "paid")


class Directory(NamedTuple):
    """Names, requisites and tariffs as the directory states them now, and the centre's currency.

    `tariffs` by service; `version` grows with every change of an entry.
    """

    services: Mapping[str, Service]
    providers: Mapping[str, Provider]
    currency: str
    tariffs: Mapping[str, Sequence[Tariff]] = MappingProxyType({})
    version: int = 0

    def service(self, name: str) -> Service:
        """The service; one the directory does not know is named by its id."""
        return self.services.get(name) or (_ADVANCE_NAMES if name == ADVANCE else Service("", name, name))

    def tariff(self, service: str, group: str | None, day: str) -> Tariff | None:
        """The tariff in force for a service and group on a day; None when the directory states none."""
        return tariff_on(self.tariffs.get(service, ()), service, group, day)


class OpenAccount(NamedTuple):
    """An account with everything that came after its last closed month; `position` is the last sequence applied.

    `before` is that last closed month as it was issued.
    """

    account: str
    closed_through: str
    position: int
    openings: Mapping[str, Opening]
    entries: Sequence[Entry]
    changes: Sequence[Stated]
    readings: Mapping[str, Sequence[said.Reading]]
    before: Shown | None = None

    def first_open(self, period: str) -> Period:
        """The first month that is not closed; where nothing was closed yet, the oldest with postings up to `period`."""
        if self.closed_through:
            return following(Period(self.closed_through))
        return Period(min((entry.period for entry in self.entries if entry.period < period), default=period))

    def is_open(self, period: str, today: str) -> bool:
        """Whether a month can be shown as it stands: not closed, not before the account was there, and not beyond the
        next one, today's or the newest.
        """
        first = min((*(entry.period for entry in self.entries), *(c.holds_from[:7] for c in self.changes)), default="")
        if not self.closed_through and period < first:
            return False
        following_two = shifted(Period(self.closed_through), 2) if self.closed_through else today
        return self.closed_through < period <= max(following_two, *(entry.period for entry in self.entries), today)

    def months_through(self, period: str) -> list[str]:
        """The months to close so that `period` is closed, in order; empty when it is closed already."""
        first = self.first_open(period)
        months: list[str] = []
        while first <= period:
            months.append(first)
            first = following(first)
        return months


class Month(NamedTuple):
    """One account's month with all that its statement is made of."""

    account: str
    period: str
    position: int
    cut_off: str
    openings: Mapping[str, Opening]
    entries: Sequence[Entry]
    base: AccountBase
    readings: Mapping[str, Sequence[said.Reading]]
    before: Shown | None = None
    changes: Sequence[Stated] = ()


class Closed(NamedTuple):
    """The outcome of a close: the statement, not sealed yet, the entries of an applied advance, the dues with them."""

    statement: said.StatementIssued
    advance: list[Entry]
    dues: Dues

    @property
    def openings(self) -> dict[str, Opening]:
        """What the next month opens with."""
        return {
            row.service: Opening(row.closing, {due.period: due.amount for due in self.dues.outstanding(row.service)})
            for row in self.statement.rows
            if row.closing
        }


def close_through(
    account: OpenAccount, period: str, cut_off: str, directory: Directory, rules: Sequence[SplitRule]
) -> list[Closed]:
    """Closes every open month up to `period` in order, each opening with what the one before left."""
    closed: list[Closed] = []
    openings, before = account.openings, account.before
    for month in account.months_through(period):
        if closed:
            openings, before = closed[-1].openings, Shown(closed[-1].statement.period, closed[-1].statement.rows)
        entries = [entry for entry in account.entries if entry.period == month]
        base = base_on(account.changes, last_day(Period(month)).isoformat())
        given = Month(
            account.account,
            month,
            account.position,
            cut_off,
            openings,
            entries,
            base,
            account.readings,
            before,
            account.changes,
        )
        closed.append(close(given, directory, rule_for(rules, month)))
    return closed


def close(month: Month, directory: Directory, rule: SplitRule) -> Closed:
    """Closes a month: applies the advance to what is due, then adds up."""
    dues = dues_of(month.period, month.openings, month.entries)
    shares = apply_advance(dues, rule)
    advance = applied_advance(month.account, month.period, shares, month.cut_off) if shares else []
    for entry in advance:
        dues.post(entry.period, entry.service, entry.part, entry.amount)
    return Closed(_statement(month, [*month.entries, *advance], directory), advance, dues)


def dues_of(period: str, openings: Mapping[str, Opening], entries: Iterable[Entry | Moved]) -> Dues:
    """The dues that openings and entries make."""
    dues = Dues()
    for service, opening in openings.items():
        dues.open_with(period, service, opening)
    for entry in entries:
        dues.post(entry.period, entry.service, entry.part, entry.amount)
    return dues


def due_now(
    period: str, openings: Mapping[str, Opening], entries: Sequence[Entry | Moved], rule: SplitRule
) -> said.DueNow:
    """What is due as if every open month closed now; `period` is the first of them."""
    owed = _balances(_effects(openings, entries))
    if owed.get(ADVANCE, 0) < 0:
        # Money is kept: it goes to the oldest debts first, so their ages are needed.
        owed = _after_advance(dues_of(period, openings, entries), rule)
    rows = [said.DueRow(service, owed[service]) for service in sorted(owed, key=rule.place) if owed[service] > 0]
    return said.DueNow(sum(row.amount for row in rows), rows)


def owed(amounts: Iterable[tuple[str, int]]) -> int:
    """The total of `due_now` by amounts of services alone: debts less the advance in whatever order, never negative."""
    balances = _balances(amounts)
    advance = balances.pop(ADVANCE, 0)
    return max(0, sum(balance for balance in balances.values() if balance > 0) + advance)


def _balances(amounts: Iterable[tuple[str, int]]) -> dict[str, int]:
    balances: dict[str, int] = {}
    for service, amount in amounts:
        balances[service] = balances.get(service, 0) + amount
    return balances


def _effects(openings: Mapping[str, Opening], entries: Iterable[Entry | Moved]) -> Iterator[tuple[str, int]]:
    yield from ((service, opening.amount) for service, opening in openings.items())
    yield from ((entry.service, PARTS[entry.part].sign * entry.amount) for entry in entries)


def _after_advance(dues: Dues, rule: SplitRule) -> dict[str, int]:
    for service, amount in apply_advance(dues, rule).items():
        dues.post("", service, PAID.name, amount)
    owed: dict[str, int] = defaultdict(int)
    for due in [*dues.all_outstanding(), *dues.outstanding(ADVANCE)]:
        owed[due.service] += due.amount
    return owed


def due_after(period: str, openings: Mapping[str, Opening], rules: Sequence[SplitRule]) -> said.DueNow:
    """What is due right after the close of `period`, before anything came: what the month brought on."""
    month = following(Period(period))
    return due_now(month, openings, (), rule_for(rules, month))


def since(cut_off: str | None, entries: Iterable[Entry | Moved], payments: list[said.PaymentShown]) -> said.Since:
    """What came after the last close: sums of all entries, and the payments among them."""
    totals, sums = dict.fromkeys(_SINCE, 0), defaultdict[str, dict[str, int]](dict)
    for entry in entries:
        if entry.part in totals:
            of_service = sums[entry.service]
            of_service[entry.part] = of_service.get(entry.part, 0) + entry.amount
            totals[entry.part] += entry.amount
    rows = [said.SinceRow(service, **sums[service]) for service in sorted(sums)]
    return said.Since(cut_off, payments, **totals, rows=rows)


def opened(
    statement: said.StatementIssued, request: str, since_: said.Since, due: said.DueNow
) -> said.StatementDrafted:
    """The statement of a month that is still open, in answer to a request."""
    parts = {name: getattr(statement, name) for name in said.StatementIssued.__struct_fields__}
    parts |= {"statement": None, "version": 0, "state": "open"}
    return said.sealed(said.StatementDrafted(**parts, request=request, since=since_, due_now=due))


def reissued(
    month: Month,
    directory: Directory,
    before: said.StatementIssued,
    asked: ReissueRequested,
    requested_at: str,
) -> said.StatementIssued:
    """The next version of an issued statement; `month` has the entries the close left, the applied advance too."""
    shown = _statement(month, month.entries, directory)
    why = said.Reissue(
        before.version, str(before.statement), asked.corrects, asked.reason, requested_at, asked.requested_by
    )
    ident = str(statement_id(month.account, month.period, asked.version))
    kept = {"explanation": before.explanation, "statement": ident, "version": asked.version, "reissue": why}
    return said.sealed(msgspec.structs.replace(shown, **kept))


def _statement(month: Month, entries: Sequence[Entry], directory: Directory) -> said.StatementIssued:
    rows = _rows(month, entries, directory)
    base, known = month.base, directory.providers
    return said.StatementIssued(
        statement=str(statement_id(month.account, month.period, 1)),
        account=month.account,
        period=month.period,
        version=1,
        state="issued",
        position=month.position,
        cut_off=month.cut_off,
        due_date=f"{following(Period(month.period))}-{DUE_DAY}",
        currency=directory.currency,
        base=_base(base),
        rows=rows,
        meters=_meters(month),
        payments=payments_among(entries),
        totals=_totals(rows),
        providers={name: known[name] for name in sorted({row.provider for row in rows} & known.keys())},
        explanation=_explanation(month, rows, directory.currency),
    )


def _base(base: AccountBase) -> said.Base:
    areas = (base.area_total, base.area_heated)
    newest = base.numbers[-1] if base.numbers else None
    return said.Base(base.building, base.flat, base.premises, base.residents, *areas, newest, base.closed)


def _explanation(month: Month, rows: list[said.Row], currency: str) -> said.Explanation | None:
    """Against the month before; the first month has nothing to differ from."""
    if month.before is None or month.before.period != shifted(Period(month.period), -1):
        return None
    return explain(month.before, Shown(month.period, rows), month.changes, currency)


def _rows(month: Month, entries: Iterable[Entry], directory: Directory) -> list[said.Row]:
    by_service: dict[str, list[Entry]] = {service: [] for service in month.openings}
    for entry in entries:
        by_service.setdefault(entry.service, []).append(entry)
    found = [_row(service, of_service, month, directory) for service, of_service in by_service.items()]
    return sorted(found, key=lambda row: (row.order, row.service))


def _row(service: str, entries: Sequence[Entry], month: Month, directory: Directory) -> said.Row:
    sums = dict.fromkeys(PARTS, 0)
    opening = month.openings.get(service)
    sums["opening"] = opening.amount if opening else 0
    for entry in entries:
        sums[entry.part] += entry.amount
    names = directory.service(service)
    connection = month.base.services.get(service)
    group = connection.tariff_group if connection else None
    tariff = directory.tariff(service, group, last_day(Period(month.period)).isoformat())
    shown = [(entry, _detail_of(entry.detail)) for entry in entries if entry.part != "paid"]
    return said.Row(
        service=service,
        name_ru=names.name_ru,
        name_kk=names.name_kk,
        order=names.order,
        provider=names.provider or _provider(service, entries, month.base),
        opening=sums["opening"],
        lines=[_line(entry, detail, names) for entry, detail in shown if entry.part == "charged"],
        charged=sums["charged"],
        adjusted=sums["adjusted"],
        adjustments=[_adjustment(entry, detail, names) for entry, detail in shown if entry.part == "adjusted"],
        benefit=sums["benefit"],
        benefits=[_benefit(entry, detail) for entry, detail in shown if entry.part == "benefit"],
        penalty=sums["penalty"],
        penalties=[_penalty(entry, detail) for entry, detail in shown if entry.part == "penalty"],
        paid=sums["paid"],
        closing=sum(PARTS[part].sign * amount for part, amount in sums.items()),
        tariff_group=group,
        decision=tariff.decision or None if tariff else None,
    )


def _provider(service: str, entries: Iterable[Entry], base: AccountBase) -> str:
    """The utility where the directory is silent: who provides the service to the account, else who charged it."""
    connection = base.services.get(service)
    return connection.provider if connection else next((e.provider for e in entries if e.part != "paid"), "")


def _line(entry: Entry, detail: Detail, names: Service) -> said.Line:
    return said.Line(
        reference=entry.reference,
        amount=entry.amount,
        from_=detail.from_,
        to=detail.to,
        volume=detail.volume,
        unit=detail.unit,
        unit_ru=names.unit_ru or None,
        unit_kk=names.unit_kk or None,
        tariff=detail.tariff,
        tiers=detail.tiers,
        basis=detail.basis,
        reading_previous=detail.reading_previous,
        reading_current=detail.reading_current,
        formula_ru=detail.formula_ru,
        formula_kk=detail.formula_kk,
        warnings=detail.warnings,
    )


def _adjustment(entry: Entry, detail: Detail, names: Service) -> said.Adjustment:
    corrects = entry.kind in ("charge.adjusted", "charge.reversed")
    named = detail.corrects or detail.reverses
    return said.Adjustment(
        reference=entry.reference,
        amount=entry.amount,
        kind=entry.kind if corrects else "late",
        reason_code=detail.reason_code,
        reason=detail.reason,
        for_period=entry.for_period,
        fact=None if corrects else entry.kind,
        corrects=named.reference if named else None,
        from_=detail.from_,
        to=detail.to,
        volume=detail.volume,
        unit=detail.unit,
        unit_ru=(names.unit_ru or None) if detail.volume else None,
        unit_kk=(names.unit_kk or None) if detail.volume else None,
        tariff=detail.tariff,
    )


def _benefit(entry: Entry, detail: Detail) -> said.Benefit:
    return said.Benefit(entry.amount, detail.reason, entry.reference, entry.for_period)


def _penalty(entry: Entry, detail: Detail) -> said.Penalty:
    return said.Penalty(entry.amount, detail.debt, detail.rate, detail.days, entry.reference, entry.for_period)


def _meters(month: Month) -> list[said.Meter]:
    """The meters installed on the month's last day and those removed within it, by name."""
    begin = first_day(Period(month.period)).isoformat()
    gone = [device for device in month.base.removed.values() if (device.removed_on or "") >= begin]
    return [_meter(device, month) for device in sorted([*month.base.meters.values(), *gone], key=lambda d: d.meter)]


def _meter(device: Device, month: Month) -> said.Meter:
    readings = month.readings.get(device.meter, ())
    current, previous = (*readings[:2], None, None)[:2]
    begin, end = first_day(Period(month.period)).isoformat(), last_day(Period(month.period)).isoformat()
    used = usage(device, previous, current) if previous and current and current.on >= begin else None
    return said.Meter(
        meter=device.meter,
        service=device.service,
        coefficient=device.coefficient,
        verified_until=device.verified_until,
        replacement_planned=device.replacement_planned,
        previous=previous,
        current=current,
        digits=device.digits,
        installed_on=device.installed_on or None,
        removed_on=device.removed_on,
        usage=used,
        expired=bool(device.verified_until and device.verified_until < end),
    )


def payments_among(entries: Iterable[Entry]) -> list[said.PaymentShown]:
    """The month's payments whole, in the order of the log."""
    amounts: dict[int, int] = defaultdict(int)
    heads: dict[int, Entry] = {}
    for entry in entries:
        if entry.kind in _PAYMENTS:
            amounts[entry.sequence] += entry.amount
            if entry.line == 0:
                heads[entry.sequence] = entry
    told = [(heads[sequence], amounts[sequence]) for sequence in sorted(heads)]
    return [payment_shown(head.reference, head.provider, amount, head.detail) for head, amount in told]


def payment_shown(reference: str, provider: str, amount: int, detail: str) -> said.PaymentShown:
    """A payment as it is told; `detail` is that of its first entry."""
    shown = _detail_of(detail)
    return said.PaymentShown(reference, provider, amount, shown.paid_at, shown.channel)


def _totals(rows: Sequence[said.Row]) -> said.Totals:
    def total(part: str) -> int:
        return sum(getattr(row, part) for row in rows)

    closings = [row.closing for row in rows]
    return said.Totals(
        **{part: total(part) for part in PARTS},
        closing=sum(closings),
        to_pay=sum(closing for closing in closings if closing > 0),
        advances=-sum(closing for closing in closings if closing < 0),
    )
