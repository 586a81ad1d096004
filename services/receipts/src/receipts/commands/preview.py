"""The command-line door: invented receipts, for who changes the form."""

from pathlib import Path

from receipts.examples import example
from receipts.render.document import render
from receipts.render.formats import file_name
from receipts.render.texts import printed_as


def preview(name: str, language: str, folder: Path) -> Path:
    """Renders an invented receipt as the workers would, under the name a resident would save it by."""
    inputs = example(name, printed_as(language))
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / file_name(inputs.statement.period, inputs.statement.account, inputs.language)
    path.write_bytes(render(inputs).data)
    return path
