"""Twelve months as bars: heights for a small drawing, and the same in words for who cannot see it."""

from dataclasses import dataclass

from common.money import print_amount
from common.period import Period, shifted
from receipts.events.statement import Statement
from receipts.render.formats import figure, month
from receipts.render.texts import Language, text

HEIGHT, STEP = 25.0, 15.6
_MONTHS = 12


@dataclass(frozen=True)
class Month:
    """What an earlier month came to; a month that was closed never changes its sums."""

    period: str
    charged: int


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


def plot(s: Statement, history: tuple[Month, ...], language: Language) -> Plot | None:
    """The last twelve months, this one included; nothing before there is a second month."""
    first_shown = shifted(Period(s.period), 1 - _MONTHS)
    months = sorted((m for m in history if first_shown <= m.period < s.period), key=lambda m: m.period)
    values = [(m.period, m.charged) for m in months] + [(s.period, s.totals.charged)]
    highest = max(amount for _, amount in values)
    if not months or highest <= 0:
        return None
    places = [_MONTHS - 1 - _apart(period, s.period) for period, _ in values]
    bars = [
        _bar(place, place == places[0], period, amount, highest, s.period)
        for place, (period, amount) in zip(places, values, strict=True)
    ]
    words = "; ".join(f"{month(period, language)} — {print_amount(amount, s.currency)}" for period, amount in values)
    return Plot(bars, f"{text('history', language)}: {words}")


def _apart(earlier: str, later: str) -> int:
    """How many months lie between: a month without a statement leaves a gap, not a shift."""
    return (int(later[:4]) - int(earlier[:4])) * 12 + int(later[5:]) - int(earlier[5:])


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
