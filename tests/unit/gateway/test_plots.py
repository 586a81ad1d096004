"""Where bars stand."""

from hypothesis import given
from hypothesis import strategies as st

from gateway.render.plots import HEIGHT, WIDTH, Group, Plot, beside, stacked

values = st.lists(st.floats(-1e6, 1e6), min_size=3, max_size=3)


def inside(plot: Plot) -> bool:
    """Whether each bar lies within the picture."""
    return all(
        b.x >= 0 and b.x + b.width <= WIDTH and b.y >= -0.1 and b.y + b.height <= HEIGHT + 0.1 for b in plot.bars
    )


@given(st.lists(values, max_size=24))
def test_every_bar_lies_in_the_picture(months: list[list[float]]) -> None:
    """Whatever the values; what is below zero is told by the table, not drawn."""
    groups = [Group(str(n), found, ["", "", ""]) for n, found in enumerate(months)]
    for plot in (stacked(groups, ["a", "b", "c"], ""), beside(groups, ["a", "b", "c"], "")):
        assert inside(plot)
        assert len(plot.ticks) == len(groups)


def test_heights_are_in_proportion() -> None:
    """Twice the value, twice the height; the parts of a month stand on each other."""
    plot = stacked([Group("a", [100, 50], ["", ""])], ["x", "y"], "")
    first, second = plot.bars
    assert abs(first.height - 2 * second.height) < 0.2
    assert abs(second.y + second.height - first.y) < 0.2
