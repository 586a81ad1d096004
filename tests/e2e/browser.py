"""A resident's browser: Debian's Chromium, watched for errors, foreign hosts and layouts that do not fit."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, ConsoleMessage, Page, sync_playwright

# As root in a sandbox without network: nothing that would look for hosts outside.
OPTIONS = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync", "--disable-dev-shm-usage",
]  # fmt: skip
_SMALL_TEXT = """() => [...document.querySelectorAll('body *')]
  .filter(e => e.checkVisibility() && !e.closest('.unseen, svg')
  && [...e.childNodes].some(n => n.nodeType === 3 && n.textContent.trim())
  && parseFloat(getComputedStyle(e).fontSize) < 18).map(e => e.outerHTML.slice(0, 80))"""
_SMALL_TARGETS = """() => [...document.querySelectorAll('a, button, input:not([type=hidden]), select, summary')]
  .filter(e => e.checkVisibility() && !e.closest('.skip')).filter(e => {
    const box = (e.closest('label') ?? e).getBoundingClientRect();
    return box.height < 43.5 && getComputedStyle(e).display !== 'inline';
  }).map(e => e.outerHTML.slice(0, 80))"""
_SIDEWAYS = "() => document.documentElement.scrollWidth - window.innerWidth"
SERIOUS = ("serious", "critical")


@dataclass
class Look:
    """A page under watch: what a resident would never report but would suffer from."""

    page: Page
    base: str
    troubles: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.page.on("console", self._hear)
        self.page.on("pageerror", lambda error: self.troubles.append(f"script: {error}"))
        self.page.on("request", lambda request: self._watch(request.url))

    def _hear(self, message: ConsoleMessage) -> None:
        if message.type == "error":
            self.troubles.append(f"console: {message.text}")

    def _watch(self, url: str) -> None:
        parts = urlsplit(url)
        if parts.scheme in ("http", "https") and not url.startswith(self.base):
            self.troubles.append(f"foreign host: {url}")

    def open(self, path: str) -> Page:
        """Goes to a page of the cabinet."""
        self.page.goto(self.base + path)
        return self.page

    def misfits(self, narrow: bool) -> list[str]:
        """What does not fit: sideways scrolling anywhere, small text and small targets on a telephone."""
        found = list(self.troubles)
        if (over := self.page.evaluate(_SIDEWAYS)) > 0:
            found.append(f"{over} px sideways")
        if narrow:
            found += [f"small text: {text}" for text in self.page.evaluate(_SMALL_TEXT)]
            found += [f"small target: {target}" for target in self.page.evaluate(_SMALL_TARGETS)]
        return found

    def barriers(self) -> list[str]:
        """What axe finds serious or worse."""
        violations = Axe().run(self.page).response["violations"]
        return [
            f"{v['id']}: {v['nodes'][0]['html'][:120]}" for v in violations if v["impact"] in SERIOUS and v["nodes"]
        ]


@contextmanager
def chromium() -> Iterator[Browser]:
    """One browser for a file of tests."""
    with sync_playwright() as player:
        browser = player.chromium.launch(executable_path="/usr/bin/chromium", args=OPTIONS)
        yield browser
        browser.close()


@contextmanager
def looking(browser: Browser, base: str, *, width: int, scripts: bool = True, zoom: float = 1) -> Iterator[Look]:
    """A resident with a clean browser; 200 % zoom is a screen of half the width with twice the pixels."""
    context = browser.new_context(
        viewport={"width": int(width / zoom), "height": 800}, device_scale_factor=zoom, java_script_enabled=scripts,
        accept_downloads=True,
    )  # fmt: skip
    context.set_default_timeout(30_000)
    try:
        yield Look(context.new_page(), base)
    finally:
        context.close()
