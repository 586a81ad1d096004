"""View → PDF by WeasyPrint: one font configuration and one parsed style sheet per process, nothing is ever fetched."""

import gc
import io
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

import pydyf
import segno
import weasyprint
from jinja2 import DictLoader, Environment, StrictUndefined
from jinja2 import Template as JinjaTemplate
from weasyprint.text.fonts import FontConfiguration
from weasyprint.urls import URLFetcher, URLFetcherResponse

from receipts.render.layout import Page
from receipts.render.texts import Language, Printed

_QR_URL, _FONT_URL = "qr:code", "font:"
_LANGUAGE_OF_FORM: dict[Printed, Language] = {"ru": "ru", "kk": "kk", "ru+kk": "kk"}
_COLLECT_EVERY = 8
_rendered = 0


class ForbiddenFetch(ValueError):
    """The document named something outside itself."""


class _OnlyOurs(URLFetcher):  # type: ignore[misc]  # the library is untyped
    """Hands out the things it was given and nothing else, whatever a text may name."""

    def __init__(self, things: dict[str, tuple[bytes, str]]) -> None:
        super().__init__(allowed_protocols=("qr", "font"), allow_redirects=False)
        self._things = things

    def fetch(self, url: str, headers: dict[str, str] | None = None) -> URLFetcherResponse:  # noqa: ARG002  # the library's signature
        if url not in self._things:
            raise ForbiddenFetch(url)
        data, kind = self._things[url]
        return URLFetcherResponse(url, data, {"Content-Type": kind})


@dataclass(frozen=True)
class Rendered:
    """A PDF and the number of its pages."""

    data: bytes
    pages: int


def pdf(page: Page, printed: Printed, verify_url: str) -> Rendered:
    """The document; the same page gives the same bytes."""
    html = _template().render(p=page, lang=_LANGUAGE_OF_FORM[printed], form="two" if printed == "ru+kk" else "one")
    with _no_collection():
        code = {_QR_URL: (_qr(verify_url), "image/png")}
        document = weasyprint.HTML(string=html, url_fetcher=_OnlyOurs(code))
        laid_out = document.render(font_config=_fonts(), stylesheets=[_styles()], pdf_variant="pdf/ua-1")
        finisher = _mark_russian if printed == "ru+kk" else None
        return Rendered(laid_out.write_pdf(pdf_variant="pdf/ua-1", finisher=finisher), len(laid_out.pages))


def warm_up() -> None:
    """Reads form, style and fonts, so that no document does within the time that it is given.

    A limit that falls into the reading of a font is swallowed by the engine: every later page of the process would be
    printed without it.
    """
    _template()
    _styles()


def _mark_russian(_: object, written: Any) -> None:
    """Gives the Russian parts of a page in both languages their language, which the engine does not carry over.

    A span stands for such a part and for nothing else in the template.
    """
    for element in written.objects:
        if isinstance(element, pydyf.Dictionary) and element.get("S") == "/Span":
            element["Lang"] = pydyf.String("ru")


@cache
def _template() -> JinjaTemplate:
    source = files("receipts").joinpath("templates/receipt.html").read_text(encoding="utf-8")
    environment = Environment(loader=DictLoader({"receipt.html": source}), autoescape=True, undefined=StrictUndefined)
    return environment.get_template("receipt.html")


@cache
def _fonts() -> FontConfiguration:
    return FontConfiguration()


@cache
def _styles() -> weasyprint.CSS:
    style = files("receipts").joinpath("templates/receipt.css").read_text(encoding="utf-8")
    fonts = {
        f"{_FONT_URL}{file.name}": (file.read_bytes(), "font/woff2")
        for file in files("receipts").joinpath("fonts").iterdir()
        if file.name.endswith(".woff2")
    }
    return weasyprint.CSS(string=style, font_config=_fonts(), url_fetcher=_OnlyOurs(fonts))


def _qr(address: str) -> bytes:
    """A 1-bit PNG with the quiet zone of four modules; at one pixel a module a printer draws them unevenly."""
    image = io.BytesIO()
    segno.make(address, error="m", micro=False).save(image, kind="png", scale=4, border=4)
    return image.getvalue()


@contextmanager
def _no_collection() -> Iterator[None]:
    """The cyclic collector costs a sixth of a page when it runs inside; it runs between pages instead."""
    global _rendered  # noqa: PLW0603 - a count per process, like the caches above
    gc.disable()
    try:
        yield
    finally:
        gc.enable()
        _rendered += 1
        if _rendered % _COLLECT_EVERY == 0:
            gc.collect()
