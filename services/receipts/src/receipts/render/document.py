"""The one entrance: inputs → document."""

from receipts.render.layout import Inputs, page
from receipts.render.pdf import Rendered, pdf


def render(inputs: Inputs) -> Rendered:
    """The document; raises TooManyRows for a statement no page can hold."""
    return pdf(page(inputs), inputs.language, inputs.verify_url)
