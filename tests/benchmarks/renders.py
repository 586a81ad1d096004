"""The yardstick of F7: the same form by plain WeasyPrint."""

from importlib.resources import files

import weasyprint

from receipts.render import pdf
from receipts.render.layout import Inputs, page
from receipts.render.texts import Language


def plain(inputs: Inputs, language: Language) -> bytes:
    """As a first try would: the same form with its style inside, nothing shared between documents."""
    style = files("receipts").joinpath("templates/receipt.css").read_text(encoding="utf-8")
    html = pdf._template().render(p=page(inputs), lang=language, form="one")
    html = html.replace("</head>", f"<style>{style}</style></head>")
    fonts = {f"font:{f.name}": (f.read_bytes(), "font/woff2") for f in files("receipts").joinpath("fonts").iterdir()}
    code = {"qr:code": (pdf._qr(inputs.verify_url), "image/png")}
    document = weasyprint.HTML(string=html, url_fetcher=pdf._OnlyOurs(fonts | code))
    made: bytes = document.write_pdf(pdf_variant="pdf/ua-1")
    return made
