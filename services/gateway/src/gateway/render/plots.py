"""Bars for a page: where each rectangle stands. Drawing is the template's; every plot has its table beside it."""

from collections.abc import Sequence
from dataclasses import dataclass

WIDTH, HEIGHT = 640, 280
_LEFT, _BOTTOM, _TOP, _FEW = 4, 46, 58, 5


@dataclass(frozen=True)
class Bar:
    """A rectangle with its hint; `series` is its place in the legend."""

    x: float
    y: float
    width: float
    height: float
    series: int
    title: str


@dataclass(frozen=True)
class Tick:
    """A label under a group of bars; the minor ones are left out where there is little room."""

    x: float
    text: str
    minor: bool


@dataclass(frozen=True)
class Plot:
    """What the template draws."""

    bars: list[Bar]
    ticks: list[Tick]
    legend: list[str]
    top: str
    width: int = WIDTH
    height: int = HEIGHT


@dataclass(frozen=True)
class Group:
    """The values of one month, one per series, with their hints."""

    label: str
    values: Sequence[float]
    titles: Sequence[str]


def stacked(groups: Sequence[Group], legend: Sequence[str], top: str) -> Plot:
    """Parts of a whole on top of each other; what is below zero has no height and is told by the table."""
    highest = max((sum(max(0.0, v) for v in g.values) for g in groups), default=0.0) or 1.0
    bars, ticks, step = [], [], (WIDTH - 2 * _LEFT) / max(1, len(groups))
    for place, group in enumerate(groups):
        floor = float(HEIGHT - _BOTTOM)
        for series, value in enumerate(group.values):
            height = _scaled(max(0.0, value), highest)
            if height > 0:
                floor -= height
                left = _LEFT + place * step + step * 0.14
                bars.append(_bar(left, floor, step * 0.72, height, series, group.titles[series]))
        ticks.append(_tick(place, step, groups))
    return Plot(bars, ticks, list(legend), top)


def beside(groups: Sequence[Group], legend: Sequence[str], top: str) -> Plot:
    """Values to compare, next to each other."""
    highest = max((max(0.0, v) for g in groups for v in g.values), default=0.0) or 1.0
    bars, ticks, step = [], [], (WIDTH - 2 * _LEFT) / max(1, len(groups))
    for place, group in enumerate(groups):
        wide = step * 0.76 / max(1, len(group.values))
        for series, value in enumerate(group.values):
            height = _scaled(max(0.0, value), highest)
            left = _LEFT + place * step + step * 0.12 + series * wide
            if height > 0:
                bars.append(_bar(left, HEIGHT - _BOTTOM - height, wide, height, series, group.titles[series]))
        ticks.append(_tick(place, step, groups))
    return Plot(bars, ticks, list(legend), top)


def _tick(place: int, step: float, groups: Sequence[Group]) -> Tick:
    return Tick(
        round(_LEFT + (place + 0.5) * step, 1),
        groups[place].label,
        len(groups) > _FEW and (len(groups) - 1 - place) % 3 != 0,
    )


def _scaled(value: float, highest: float) -> float:
    return value / highest * (HEIGHT - _BOTTOM - _TOP)


def _bar(x: float, y: float, width: float, height: float, series: int, title: str) -> Bar:
    return Bar(round(x, 1), round(y, 1), round(width, 1), round(height, 1), series, title)
