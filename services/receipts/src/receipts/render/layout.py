"""Statement → what stands where: a pure view of texts, so that the template only places them."""

from dataclasses import dataclass
from datetime import date

from common.money import print_amount
from common.period import day_at
from receipts.events.holder import Holder
from receipts.events.statement import Base, Meter, Payment, Provider, Statement
from receipts.render.formats import clean, day, difference, figure, figure_or_dash, moment, month, quantity
from receipts.render.rows import ServiceRow, service_row
from receipts.render.texts import Language, catalogue, optional, text

ROWS_LIMIT = 500
_PAYMENTS_SHOWN = 8


class TooManyRows(ValueError):
    """A statement with more rows than a document may have."""


@dataclass(frozen=True)
class Inputs:
    """Everything a document is made of; the same inputs give the same bytes."""

    statement: Statement
    holder: Holder | None
    language: Language
    formed_on: date
    code: str
    verify_url: str


@dataclass(frozen=True)
class MeterRow:
    """A line of the meters' table; `expired` and `estimated` ask for a warning."""

    service: str
    meter: str
    coefficient: str
    previous: str
    previous_note: str
    current: str
    current_note: str
    usage: str
    verified_until: str
    replacement: str
    expired: bool
    estimated: bool


@dataclass(frozen=True)
class ProviderRow:
    """A receiver of money with its requisites."""

    name: str
    address: str
    bin: str
    iban: str
    bic: str
    phone: str
    hours: str


@dataclass(frozen=True)
class Now:
    """An open month: what came since the last close and what is due at this moment."""

    title: str
    figures: list[tuple[str, str]]
    total: str
    rows: list[tuple[str, str]]


@dataclass(frozen=True)
class Page:
    """The whole document as texts."""

    language: Language
    t: dict[str, str]
    title: str
    subject: str
    number: str
    supersedes: str
    code: str
    account: str
    holder: str
    address: str
    facts: list[tuple[str, str]]
    month: str
    cut_off: str
    formed_on: str
    due_date: str
    created: str
    provisional: bool
    to_pay: str
    advances: str
    charges_title: str
    rows: list[ServiceRow]
    totals: ServiceRow
    meters: list[MeterRow]
    expired_note: str
    estimated_note: str
    payments: str
    providers: list[ProviderRow]
    now: Now | None


def page(inputs: Inputs) -> Page:
    """The view of a statement; raises TooManyRows."""
    s, language = inputs.statement, inputs.language
    if sum(1 + len(r.lines) for r in s.rows) + len(s.meters) > ROWS_LIMIT:
        raise TooManyRows(f"{len(s.rows)} services")
    rows = [service_row(row, s, language) for row in sorted(s.rows, key=lambda r: (r.order, r.service))]
    meters = [_meter(meter, s, language) for meter in s.meters]
    return Page(
        language=language,
        t=catalogue(language),
        title=text("title", language),
        subject=f"{text('account', language)} {s.account}, {month(s.period, language)}",
        number=_number(s, inputs.code),
        supersedes=_supersedes(s, language),
        code=_grouped(inputs.code),
        account=clean(s.account),
        holder=clean(inputs.holder.name if inputs.holder else "") or text("holder_unknown", language),
        address=_address(inputs.holder, language),
        facts=_facts(s.base, language),
        month=month(s.period, language),
        cut_off=text("cut_off", language).format(moment=moment(s.cut_off)),
        formed_on=day(inputs.formed_on),
        due_date=day(s.due_date),
        created=inputs.formed_on.isoformat(),
        provisional=s.provisional,
        to_pay=print_amount(s.totals.to_pay, s.currency),
        advances=print_amount(s.totals.advances, s.currency) if s.totals.advances else "",
        charges_title=text("charges", language).format(unit=print_amount(0, s.currency).rpartition("\u00a0")[2]),
        rows=rows,
        totals=_totals(s, language),
        meters=meters,
        expired_note=_expired_note(meters, language),
        estimated_note=text("estimated_note", language) if any(m.estimated for m in meters) else "",
        payments=_payments(s.payments, s.currency, language),
        providers=[_provider(p, language) for p in _named_providers(s)],
        now=_now(s, language),
    )


def _number(s: Statement, code: str) -> str:
    """Account, month and version; an open month has no version and takes a piece of the document's own code."""
    return f"{clean(s.account)}-{s.period}-{s.version}" if s.version else f"{clean(s.account)}-{s.period}-0-{code[:4]}"


def _supersedes(s: Statement, language: Language) -> str:
    return (
        text("supersedes", language).format(number=f"{clean(s.account)}-{s.period}-{s.version - 1}")
        if s.version > 1
        else ""
    )


def _grouped(code: str) -> str:
    return "-".join(code[i : i + 4] for i in range(0, len(code), 4))


def _address(holder: Holder | None, language: Language) -> str:
    if holder is None or holder.masked:
        return text("holder_masked" if holder else "holder_unknown", language)
    own, other = holder.address_ru, holder.address_kk
    return clean((other or own) if language == "kk" else (own or other)) or text("holder_unknown", language)


def _facts(base: Base, language: Language) -> list[tuple[str, str]]:
    """What of the account's base data is known: label and value."""
    facts = [
        ("premises", optional(f"premises_{base.premises}", language, "")),
        ("residents", "" if base.residents is None else str(base.residents)),
        ("area_total", quantity(base.area_total)),
        ("area_heated", quantity(base.area_heated)),
    ]
    return [(text(key, language), value) for key, value in facts if value]


def _totals(s: Statement, language: Language) -> ServiceRow:
    t = s.totals
    return ServiceRow(
        name=text("totals", language),
        opening=figure(t.opening),
        charged=figure(t.charged),
        adjusted=figure_or_dash(t.adjusted),
        benefit=figure_or_dash(t.benefit),
        penalty=figure_or_dash(t.penalty),
        paid=figure_or_dash(t.paid),
        closing=figure(t.closing),
    )


def _name(service: str, s: Statement, language: Language) -> str:
    names = {r.service: (r.name_ru, r.name_kk) for r in s.rows}
    ru, kk = names.get(service, (service, service))
    return clean(kk if language == "kk" else ru)


def _meter(m: Meter, s: Statement, language: Language) -> MeterRow:
    usage = difference(m.current.value, m.previous.value, m.coefficient) if m.current and m.previous else ""
    estimated = m.current is not None and m.current.source == "estimated"
    return MeterRow(
        service=_name(m.service, s, language),
        meter=clean(m.meter),
        coefficient=quantity(m.coefficient),
        previous=quantity(m.previous.value) if m.previous else "",
        previous_note=_reading_note(m.previous.on, m.previous.source, language) if m.previous else "",
        current=("≈ " if estimated else "") + (quantity(m.current.value) if m.current else ""),
        current_note=_reading_note(m.current.on, m.current.source, language) if m.current else "",
        usage=usage,
        verified_until=day(m.verified_until),
        replacement=day(m.replacement_planned),
        expired=m.verified_until is not None and m.verified_until < day_at(s.cut_off),
        estimated=estimated,
    )


def _reading_note(on: date | None, source: str, language: Language) -> str:
    return " ".join(part for part in (day(on), optional(f"source_{source}", language, "")) if part)


def _expired_note(meters: list[MeterRow], language: Language) -> str:
    expired = ", ".join(m.meter for m in meters if m.expired)
    return text("expired_note", language).format(meters=expired) if expired else ""


def _payments(payments: tuple[Payment, ...], currency: str, language: Language) -> str:
    """The counted payments on one line; what does not fit is summed, never dropped."""
    if not payments:
        return text("no_payments", language)
    shown = [_payment(p, currency, language) for p in payments[:_PAYMENTS_SHOWN]]
    rest = payments[_PAYMENTS_SHOWN:]
    if rest:
        amount = print_amount(sum(p.amount for p in rest), currency)
        shown.append(text("more_payments", language).format(count=len(rest), amount=amount))
    return "; ".join(shown)


def _payment(p: Payment, currency: str, language: Language) -> str:
    channel = optional(f"channel_{p.channel}", language, clean(p.channel))
    when = f"{moment(p.paid_at)[:10]} — " if p.paid_at else ""
    return f"{when}{print_amount(p.amount, currency)}" + (f" ({channel})" if channel else "")


def _named_providers(s: Statement) -> list[Provider]:
    """Providers in the order of their first service."""
    order: dict[str, None] = {}
    for row in sorted(s.rows, key=lambda r: (r.order, r.service)):
        order.setdefault(row.provider)
    return [s.providers[name] for name in order if name in s.providers]


def _provider(p: Provider, language: Language) -> ProviderRow:
    kk = language == "kk"
    return ProviderRow(
        name=clean((p.name_kk or p.name_ru) if kk else (p.name_ru or p.name_kk)),
        address=clean((p.address_kk or p.address_ru) if kk else (p.address_ru or p.address_kk)),
        bin=clean(p.bin),
        iban=clean(p.iban),
        bic=clean(p.bic),
        phone=clean(p.phone),
        hours=clean(p.hours),
    )


def _now(s: Statement, language: Language) -> Now | None:
    if not s.provisional or s.due_now is None:
        return None
    since = s.since
    figures = [("charged", since.charged), ("adjusted", since.adjusted), ("paid", since.paid)] if since else []
    closed_at = since.cut_off if since else None
    return Now(
        title=text("since", language).format(moment=moment(closed_at)) if closed_at else text("since_open", language),
        figures=[(text(key, language), print_amount(amount, s.currency)) for key, amount in figures],
        total=print_amount(s.due_now.total, s.currency),
        rows=[(_name(r.service, s, language), figure(r.amount)) for r in s.due_now.rows if r.amount],
    )
