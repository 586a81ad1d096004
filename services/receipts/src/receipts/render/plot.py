"""Twelve months as bars: heights for a small drawing, and the same in words for who cannot see it."""

from dataclasses import dataclass

from common.money import print_amount
from receipts.events.statement import Statement
from receipts.render.formats import figure, month
from receipts.render.texts import Language, text

HEIGHT, STEP = 25.0, 15.6
_MONTHS = 12


@dataclass(frozen=True)
class Bar:
    """A month's bar, in points from the left and from the top of the drawing; `amount` only where it is written."""

    left: float
    top: float
    height: float
    label: str
    year: str
    amount: str
    current: bool


@dataclass(frozen=True)
class Plot:
    """The bars and their sentence."""

    bars: list[Bar]
    words: str


def plot(s: Statement, language: Language) -> Plot | None:
    """The last twelve months, this one included; nothing before there is a second month."""
    months = [m for m in s.history if m.period < s.period][-(_MONTHS - 1) :]
    values = [(m.period, m.charged) for m in months] + [(s.period, s.totals.charged)]
    highest = max(amount for _, amount in values)
    if not months or highest <= 0:
        return None
    first = _MONTHS - len(values)
    bars = [_bar(n + first, n == 0, period, amount, highest, s.period) for n, (period, amount) in enumerate(values)]
    words = "; ".join(f"{month(period, language)} — {print_amount(amount, s.currency)}" for period, amount in values)
    return Plot(bars, f"{text('history', language)}: {words}")


def _bar(place: int, is_first: bool, period: str, amount: int, highest: int, current: str) -> Bar:
    """Written are this month's sum and the highest; a month that was credited has no bar."""
    height = round(max(0, amount) * HEIGHT / highest, 2)
    year, _, number = period.partition("-")
    written = period == current or amount == highest
    return Bar(
        left=round(place * STEP, 2),
        top=round(HEIGHT - height, 2),
        height=height,
        label=number,
        year=year if is_first or number == "01" else "",
        amount=figure(amount).rpartition(",")[0] if written else "",
        current=period == current,
    )
