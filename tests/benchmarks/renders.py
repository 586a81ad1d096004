"""The yardstick of F7: the same form by plain WeasyPrint; and the steps from there to ours, one measure each."""

from collections.abc import Callable
from importlib.resources import files

import segno
import weasyprint
from weasyprint.urls import URLFetcher, URLFetcherResponse

from receipts.render import pdf
from receipts.render.document import render
from receipts.render.layout import Inputs, page
from receipts.render.texts import Language


def plain(inputs: Inputs, language: Language) -> bytes:
    """As a first try would: the same form with its style inside, nothing shared between documents."""
    return _plain(inputs, language, lambda html: html)


def drawn(inputs: Inputs, language: Language) -> bytes:
    """Plain, with the printed code as one path of an SVG, as the library for codes offers it."""
    code = segno.make(inputs.verify_url, error="m", micro=False).svg_data_uri(scale=4)
    return _plain(inputs, language, lambda html: html.replace("qr:code", code))


def shared(inputs: Inputs, language: Language) -> bytes:
    """Fonts and style sheet are read once a process; the collector still runs inside."""
    html = pdf._template().render(p=page(inputs), lang=language, form="one")
    document = weasyprint.HTML(string=html, url_fetcher=pdf._OnlyOurs(_code(inputs)))
    laid_out = document.render(font_config=pdf._fonts(), stylesheets=[pdf._styles()], pdf_variant="pdf/ua-1")
    made: bytes = laid_out.write_pdf(pdf_variant="pdf/ua-1")
    return made


def ours(inputs: Inputs, language: Language) -> bytes:
    """As the product does it: the collector runs between documents."""
    return render(inputs).data


def _plain(inputs: Inputs, language: Language, change: Callable[[str], str]) -> bytes:
    style = files("receipts").joinpath("templates/receipt.css").read_text(encoding="utf-8")
    html = change(pdf._template().render(p=page(inputs), lang=language, form="one"))
    html = html.replace("</head>", f"<style>{style}</style></head>")
    fonts = {f"font:{f.name}": (f.read_bytes(), "font/woff2") for f in files("receipts").joinpath("fonts").iterdir()}
    # The naive page fetches what it names; a code drawn inside the page is a data address.
    fetcher = pdf._OnlyOurs(fonts | _code(inputs)) if "qr:code" in html else None
    document = weasyprint.HTML(string=html, url_fetcher=fetcher or _with_data(fonts))
    made: bytes = document.write_pdf(pdf_variant="pdf/ua-1")
    return made


def _with_data(fonts: dict[str, tuple[bytes, str]]) -> URLFetcher:
    class Fetcher(URLFetcher):  # type: ignore[misc]  # the library is untyped
        def fetch(self, url: str, headers: dict[str, str] | None = None) -> URLFetcherResponse:  # noqa: ARG002
            if url in fonts:
                data, kind = fonts[url]
                return URLFetcherResponse(url, data, {"Content-Type": kind})
            return super().fetch(url)

    return Fetcher(allowed_protocols=("data", "font"))


def _code(inputs: Inputs) -> dict[str, tuple[bytes, str]]:
    return {"qr:code": (pdf._qr(inputs.verify_url), "image/png")}


LADDER = {"code as an SVG path": drawn, "plain": plain, "fonts and style once": shared, "collector between": ours}
