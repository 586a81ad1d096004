"""Statement and holder → PDF: a pure function; the same inputs give the same bytes."""

from receipts.render.layout import Inputs, TooManyRows, page
from receipts.render.pdf import Rendered, pdf, template_version
from receipts.render.texts import LANGUAGES, Language

__all__ = ["LANGUAGES", "Inputs", "Language", "Rendered", "TooManyRows", "render", "template_version"]


def render(inputs: Inputs) -> Rendered:
    """The document; raises TooManyRows for a statement no page can hold."""
    return pdf(page(inputs), inputs.verify_url)
