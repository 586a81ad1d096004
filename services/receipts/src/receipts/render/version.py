"""The version of the form: everything besides the facts that the bytes depend on."""

import hashlib
from functools import cache
from importlib.metadata import version
from importlib.resources import files

_ENGINE = ("weasyprint", "pydyf", "tinycss2", "segno", "Jinja2")


@cache
def template_version() -> str:
    """Names form, style, code of the view and engine; part of a document's identity."""
    digest = hashlib.sha256(" ".join(version(name) for name in _ENGINE).encode())
    for folder in ("templates", "render", "events"):
        for file in sorted(files("receipts").joinpath(folder).iterdir(), key=lambda f: f.name):
            if file.name.endswith((".html", ".css", ".py")):
                digest.update(file.read_bytes())
    return digest.hexdigest()[:12]
