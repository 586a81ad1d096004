"""Which open month a fact counts in (decision 7), and what is odd about a service period."""

from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import NamedTuple

from common.period import BadPeriod, Period, following, parse_period, period_of
from provider_sync.errors import PeriodInvalid, PeriodTooFar, PeriodTooOld

_LONGEST_SERVICE_PERIOD = timedelta(days=366)
_EARLIEST = "1990-01"


class Posting(NamedTuple):
    """The month of account, the closed month it is late for, and both as JSON members of the event's data."""

    period: Period
    late_for: Period | None
    members: str


@dataclass(frozen=True)
class Calendar:
    """The state of the months while the calendar lock is held: `today` is Almaty's date."""

    today: date
    closed_through: Period | None = None
    _known: dict[str, Posting] = field(default_factory=dict, compare=False, repr=False)

    def is_open(self, period: str) -> bool:
        """Months after the last closed one are open."""
        return self.closed_through is None or period > self.closed_through

    def post(self, stated: str, pointer: str = "/period") -> Posting:
        """The month stated if it is open, else the first open one, late.

        Raises PeriodInvalid, PeriodTooFar, PeriodTooOld.
        """
        found = self._known.get(stated)
        if found is None:
            found = self._known[stated] = self._posting(stated, pointer)
        return found

    def _posting(self, stated: str, pointer: str) -> Posting:
        try:
            period = parse_period(stated)
        except BadPeriod as error:
            raise PeriodInvalid(pointer) from error
        if period > following(period_of(self.today)):
            raise PeriodTooFar(pointer, period=period)
        if period < _EARLIEST:
            raise PeriodTooOld(pointer, period=period, earliest=_EARLIEST)
        if self.closed_through is None or period > self.closed_through:
            return Posting(period, None, f'"posting_period":"{period}",')
        first = following(self.closed_through)
        return Posting(first, period, f'"posting_period":"{first}","late_for":"{period}",')


def service_period_warnings(start: str | None, end: str | None, period: str) -> list[str]:
    """Codes of what is odd; money is never rejected for an odd date."""
    if start is None or end is None:
        return ["service-period-absent"]
    first, last = _day(start), _day(end)
    if first is None or last is None:
        return ["service-period-unreadable"]
    warnings = []
    if last < first:
        warnings.append("service-period-inverted")
    if last - first > _LONGEST_SERVICE_PERIOD:
        warnings.append("service-period-long")
    if abs(_index(period_of(last)) - _index(period)) > 12:
        warnings.append("service-period-far")
    return warnings


def is_month(text: str) -> bool:
    """Whether a text is a month like 2026-10."""
    try:
        parse_period(text)
    except BadPeriod:
        return False
    return True


def readable(text: str) -> bool:
    """Whether a service date is a calendar day."""
    return _day(text) is not None


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text) if len(text) == 10 else None
    except ValueError:
        return None


def _index(period: str) -> int:
    return int(period[:4]) * 12 + int(period[5:])
