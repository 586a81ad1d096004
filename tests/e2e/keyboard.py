"""A resident without a mouse: Tab to what is wanted, Enter to press it, and always a mark that shows where one is."""

from playwright.sync_api import Page

_AT = "selector => document.activeElement.matches(selector)"
_MARKED = "() => ['outlineStyle', 'outlineWidth'].map(name => getComputedStyle(document.activeElement)[name])"
_PLACE = "() => document.activeElement.outerHTML.slice(0, 120)"
STOPS = 80


def tab_to(page: Page, selector: str) -> None:
    """Presses Tab until the place is reached; raises AssertionError where it is not, or where a stop shows no mark."""
    for _ in range(STOPS):
        page.keyboard.press("Tab")
        style, width = page.evaluate(_MARKED)
        assert style != "none", f"{page.url}: no mark on {page.evaluate(_PLACE)}"
        assert width != "0px", f"{page.url}: no mark on {page.evaluate(_PLACE)}"
        if page.evaluate(_AT, selector):
            return
    raise AssertionError(f"{page.url}: Tab does not reach {selector}")


def press(page: Page, selector: str) -> None:
    """Enter on the place."""
    tab_to(page, selector)
    page.keyboard.press("Enter")


def write(page: Page, field: str, value: str) -> None:
    """Types into a field; what stood in it is replaced, as Tab into a field selects it."""
    tab_to(page, f"#{field}")
    page.keyboard.type(value)
