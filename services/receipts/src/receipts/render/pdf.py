"""View → PDF by WeasyPrint: one font configuration and one parsed style sheet per process, nothing is ever fetched."""

import gc
import io
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

import segno
import weasyprint
from jinja2 import DictLoader, Environment, StrictUndefined
from jinja2 import Template as JinjaTemplate
from weasyprint.text.fonts import FontConfiguration
from weasyprint.urls import URLFetcher, URLFetcherResponse

from receipts.render.layout import Page

_QR_URL = "qr:code"
_COLLECT_EVERY = 8
_rendered = 0


class ForbiddenFetch(ValueError):
    """The document named something outside itself."""


class _OnlyQr(URLFetcher):  # type: ignore[misc]  # the library is untyped
    """Hands out the verification code and nothing else, whatever a text may name."""

    def __init__(self, qr_png: bytes) -> None:
        super().__init__(allowed_protocols=("qr",), allow_redirects=False)
        self._qr_png = qr_png

    def fetch(self, url: str, headers: dict[str, str] | None = None) -> URLFetcherResponse:  # noqa: ARG002  # the library's signature
        if url != _QR_URL:
            raise ForbiddenFetch(url)
        return URLFetcherResponse(url, self._qr_png, {"Content-Type": "image/png"})


@dataclass(frozen=True)
class Rendered:
    """A PDF and the number of its pages."""

    data: bytes
    pages: int


def pdf(page: Page, verify_url: str) -> Rendered:
    """The document; the same page gives the same bytes."""
    html = _template().render(p=page)
    with _no_collection():
        document = weasyprint.HTML(string=html, url_fetcher=_OnlyQr(_qr(verify_url)))
        laid_out = document.render(font_config=_fonts(), stylesheets=[_styles()], pdf_variant="pdf/ua-1")
        return Rendered(laid_out.write_pdf(pdf_variant="pdf/ua-1"), len(laid_out.pages))


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
    return weasyprint.CSS(string=style, font_config=_fonts(), url_fetcher=_OnlyQr(b""))


def _qr(address: str) -> bytes:
    """A 1-bit PNG, one pixel a module, with the quiet zone of four modules."""
    image = io.BytesIO()
    segno.make(address, error="m", micro=False).save(image, kind="png", scale=1, border=4)
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
