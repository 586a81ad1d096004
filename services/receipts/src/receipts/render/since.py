"""What was paid in the month, and in an open month what came since the last close and is due now."""

from dataclasses import dataclass

from common.money import print_amount
from receipts.events.statement import Payment, Statement
from receipts.render.formats import clean, figure, moment
from receipts.render.meters import service_name
from receipts.render.texts import Language, optional, text

_PAYMENTS_SHOWN = 8


@dataclass(frozen=True)
class Labelled:
    """A label with its value."""

    label: str
    value: str


@dataclass(frozen=True)
class Now:
    """An open month: what came since the last close and what is due at this moment."""

    title: str
    figures: list[Labelled]
    total: str
    rows: list[Labelled]


def payments(s: Statement, language: Language) -> list[Labelled]:
    """The counted payments, sum and channel; what does not fit on a line or two is summed, never dropped."""
    if not s.payments:
        return [Labelled(text("no_payments", language), "")]
    shown = [_payment(p, s.currency, language) for p in s.payments[:_PAYMENTS_SHOWN]]
    rest = s.payments[_PAYMENTS_SHOWN:]
    if rest:
        amount = print_amount(sum(p.amount for p in rest), s.currency)
        shown.append(Labelled(text("more_payments", language).format(count=len(rest), amount=amount), ""))
    return shown


def now(s: Statement, language: Language) -> Now | None:
    """Nothing for an issued month."""
    if not s.provisional or s.due_now is None:
        return None
    since = s.since
    always = [("charged", since.charged), ("paid", since.paid)] if since else []
    seldom = [("adjusted", since.adjusted), ("benefit", since.benefit), ("penalty", since.penalty)] if since else []
    figures = always + [(key, amount) for key, amount in seldom if amount]
    closed_at = since.cut_off if since else None
    return Now(
        title=text("since", language).format(moment=moment(closed_at)) if closed_at else text("since_open", language),
        figures=[Labelled(text(key, language), print_amount(amount, s.currency)) for key, amount in figures],
        total=print_amount(s.due_now.total, s.currency),
        rows=[Labelled(service_name(r.service, s, language), figure(r.amount)) for r in s.due_now.rows if r.amount],
    )


def _payment(p: Payment, currency: str, language: Language) -> Labelled:
    when = f"{moment(p.paid_at)[:10]} — " if p.paid_at else ""
    amount = print_amount(p.amount, currency)
    return Labelled(f"{when}{amount}", optional(f"channel_{p.channel}", language, clean(p.channel)))
