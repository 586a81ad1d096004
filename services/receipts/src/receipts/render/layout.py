"""Statement → what stands where: a pure view of texts, so that the template only places them."""

from dataclasses import dataclass, replace
from datetime import date

from common.money import print_amount
from receipts.events.holder import Holder
from receipts.events.statement import Base, Provider, Statement
from receipts.render import since
from receipts.render.both import both
from receipts.render.changes import ChangeRow, change_rows, changes_title
from receipts.render.formats import clean, day, figure, figure_or_dash, moment, month, quantity
from receipts.render.meters import MeterRow, meter_rows, warnings
from receipts.render.plot import Month, Plot, plot
from receipts.render.rows import ServiceRow, service_row
from receipts.render.since import Labelled, Now
from receipts.render.texts import Language, Printed, catalogue, optional, pick, text
from receipts.render.version import FORM

ROWS_LIMIT = 500
# A page's density by its lines; what is more than a page anyway need not be crammed.
_DENSITIES = ((44, "airy"), (48, "close"), (61, "dense"), (74, "tight"))


class TooManyRows(ValueError):
    """A statement with more rows than a document may have."""


@dataclass(frozen=True)
class Inputs:
    """Everything a document is made of; the same inputs give the same bytes."""

    statement: Statement
    holder: Holder | None
    language: Printed
    formed_on: date
    code: str
    verify_url: str
    history: tuple[Month, ...] = ()


@dataclass(frozen=True)
class Notice:
    """A strip above the sum: what kind of document this is, when it is not a plain one."""

    kind: str
    title: str
    text: str


@dataclass(frozen=True)
class Receiver:
    """A receiver of money with its requisites."""

    name: str
    address: str
    bin: str
    iban: str
    bic: str
    phone: str


@dataclass(frozen=True)
class Page:
    """The whole document as texts."""

    t: dict[str, str]
    density: str
    title: str
    subject: str
    number: str
    code: str
    form: str
    account: str
    holder: str
    address: str
    facts: list[Labelled]
    month: str
    cut_off: str
    formed_on: str
    due_date: str
    created: str
    provisional: bool
    notices: list[Notice]
    to_pay: str
    remarks: list[Labelled]
    charges_title: str
    rows: list[ServiceRow]
    totals: ServiceRow
    due_label: str
    due: str
    changes_title: str
    changes: list[ChangeRow]
    plot: Plot | None
    meters: list[MeterRow]
    warnings: list[str]
    payments: list[Labelled]
    receivers: list[Receiver]
    decisions: list[Labelled]
    now: Now | None


def page(inputs: Inputs) -> Page:
    """The view of a statement in the language asked for, or in both at once; raises TooManyRows."""
    s = inputs.statement
    if sum(1 + len(r.lines) for r in s.rows) + len(s.meters) > ROWS_LIMIT:
        raise TooManyRows(f"{len(s.rows)} services")
    if inputs.language == "ru+kk":
        return replace(both(_page(inputs, "kk"), _page(inputs, "ru")), density="dense")
    return _page(inputs, inputs.language)


def _page(inputs: Inputs, language: Language) -> Page:
    s, holder = inputs.statement, inputs.holder
    rows = [service_row(row, s, language) for row in sorted(s.rows, key=lambda r: (r.order, r.service))]
    changes, receivers = change_rows(s, language), [_receiver(p, language) for p in _named_providers(s)]
    decisions = _decisions(s, rows)
    notices, due_now = _notices(s, holder, language), since.now(s, language)
    meters = meter_rows(s, language)
    others = len(changes) + len(meters) + 3 * len(notices) + 3 * bool(due_now)
    others += _folded("".join(d.label + d.value for d in decisions), 170)
    return Page(
        t=catalogue(language),
        density=_density(rows, receivers, others),
        title=text("title_provisional" if s.provisional else "title", language),
        subject=f"{text('account', language)} {s.account}, {month(s.period, language)}",
        number=_number(s, inputs.code),
        code=_grouped(inputs.code),
        form=text("form", language).format(version=FORM),
        account=clean(s.base.number or s.account),
        holder=_holder(holder, language),
        address=_address(holder, language),
        facts=_facts(s.base, language),
        month=month(s.period, language),
        cut_off=text("cut_off", language).format(moment=moment(s.cut_off)),
        formed_on=day(inputs.formed_on),
        due_date=day(s.due_date),
        created=inputs.formed_on.isoformat(),
        provisional=s.provisional,
        notices=notices,
        to_pay=print_amount(s.totals.to_pay, s.currency),
        remarks=_remarks(s, language),
        charges_title=text("charges", language).format(unit=print_amount(0, s.currency).rpartition("\u00a0")[2]),
        rows=rows,
        totals=_totals(s, language),
        due_label=_due_label(s, language),
        due=figure(s.totals.to_pay),
        changes_title=changes_title(s, language),
        changes=changes,
        plot=plot(s, inputs.history, language),
        meters=meters,
        warnings=warnings(meters, language),
        payments=since.payments(s, language),
        receivers=receivers,
        decisions=decisions,
        now=due_now,
    )


def _density(rows: list[ServiceRow], receivers: list[Receiver], others: int) -> str:
    """How close the lines stand, so that fifteen services are one page and nine are a page that breathes."""
    services = sum(_folded(r.name, 40) + _folded(r.provider, 36) + len(r.parts) + len(r.notes) for r in rows)
    lines = others + services + sum(max(_folded(r.name, 40), _folded(r.address, 48)) for r in receivers)
    return next((density for most, density in _DENSITIES if lines <= most), "close")


def _folded(printed: str, width: int) -> int:
    """About how many lines a text of so many letters a line takes."""
    return -(-len(printed) // width)


def _number(s: Statement, code: str) -> str:
    """Account, month and version; an open month has no version and takes a piece of the document's own code."""
    return f"{clean(s.account)}-{s.period}-{s.version}" if s.version else f"{clean(s.account)}-{s.period}-0-{code[:4]}"


def _grouped(code: str) -> str:
    return "-".join(code[i : i + 4] for i in range(0, len(code), 4))


def _notices(s: Statement, holder: Holder | None, language: Language) -> list[Notice]:
    notices = []
    if s.provisional:
        notices.append(Notice("open", text("provisional", language), text("provisional_note", language)))
    if s.version > 1:
        number = f"{clean(s.account)}-{s.period}-{s.reissue.version if s.reissue else s.version - 1}"
        reason = clean(s.reissue.reason) if s.reissue else ""
        why = text("supersedes_reason", language).format(reason=reason) if reason else ""
        what = text("supersedes", language).format(version=s.version, number=number)
        notices.append(Notice("reissued", what, why))
    if holder is not None and holder.masked:
        notices.append(Notice("masked", text("masked_title", language), text("masked_note", language)))
    return notices


def _remarks(s: Statement, language: Language) -> list[Labelled]:
    """What stands small under the sum: the month's own total when another sum is due now, debt, advances."""
    debt = sum(row.opening for row in s.rows if row.opening > 0)
    said = [
        ("total_of_month", s.totals.to_pay if s.provisional and s.due_now else 0),
        ("debt_at_start", debt),
        ("advances", s.totals.advances),
    ]
    remarks = [Labelled(text(key, language), print_amount(amount, s.currency)) for key, amount in said if amount]
    if s.totals.to_pay == 0 and not s.provisional:
        remarks.insert(0, Labelled(text("nothing_to_pay", language), ""))
    return remarks


def _holder(holder: Holder | None, language: Language) -> str:
    if holder is not None and holder.masked:
        return text("holder_masked", language)
    return clean(holder.name if holder else "") or text("holder_unknown", language)


def _address(holder: Holder | None, language: Language) -> str:
    if holder is None or holder.masked:
        return text("holder_masked" if holder else "holder_unknown", language)
    return clean(pick(language, holder.address_ru, holder.address_kk)) or text("holder_unknown", language)


def _facts(base: Base, language: Language) -> list[Labelled]:
    """What of the account's base data is known."""
    facts = [
        ("premises", optional(f"premises_{base.premises}", language, "")),
        ("residents", "" if base.residents is None else str(base.residents)),
        ("area_total", quantity(base.area_total)),
        ("area_heated", quantity(base.area_heated)),
    ]
    return [Labelled(text(key, language), value) for key, value in facts if value]


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


def _due_label(s: Statement, language: Language) -> str:
    """Why the sum to pay is more than the sum of the column: what was paid ahead for one service stays there."""
    advances = print_amount(s.totals.advances, s.currency)
    return text("total_without_advances", language).format(advances=advances) if s.totals.advances else ""


def _named_providers(s: Statement) -> list[Provider]:
    """Providers in the order of their first service."""
    order: dict[str, None] = {}
    for row in sorted(s.rows, key=lambda r: (r.order, r.service)):
        order.setdefault(row.provider)
    return [s.providers[name] for name in order if name in s.providers]


def _receiver(p: Provider, language: Language) -> Receiver:
    address = clean(pick(language, p.address_ru, p.address_kk))
    return Receiver(
        name=clean(pick(language, p.name_ru, p.name_kk)),
        address=", ".join(part for part in (address, clean(p.hours)) if part),
        bin=clean(p.bin),
        iban=_iban(clean(p.iban)),
        bic=clean(p.bic),
        phone=clean(p.phone),
    )


def _decisions(s: Statement, rows: list[ServiceRow]) -> list[Labelled]:
    """What the tariffs rest on, each with its services."""
    services: dict[str, list[str]] = {}
    for row, view in zip(sorted(s.rows, key=lambda r: (r.order, r.service)), rows, strict=True):
        services.setdefault(clean(row.decision), []).append(view.name)
    return [Labelled(decision, ", ".join(names)) for decision, names in services.items() if decision]


def _iban(number: str) -> str:
    """In groups of four, as banks print it, when it looks like one."""
    return "\u00a0".join(number[i : i + 4] for i in range(0, len(number), 4)) if number.isalnum() else number
