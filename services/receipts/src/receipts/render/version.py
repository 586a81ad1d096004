"""The version of the form: everything besides the facts that the bytes depend on."""

import ctypes
import hashlib
from functools import cache
from importlib.metadata import version
from importlib.resources import files
from importlib.resources.abc import Traversable

# Printed at the foot. Raised whenever a resident would see another document; the digest changes with every byte.
FORM = "2.0"

_ENGINE = ("weasyprint", "pydyf", "tinycss2", "segno", "Jinja2", "fonttools")
_SHAPERS = (("libpango-1.0.so.0", "pango_version_string"), ("libharfbuzz.so.0", "hb_version_string"))
_PARTS = ("templates", "render", "events", "fonts", "locale")
_KINDS = (".html", ".css", ".py", ".po", ".woff2")


@cache
def template_version() -> str:
    """Names form, style, texts, fonts, code of the view and engine; part of a document's identity."""
    digest = hashlib.sha256(" ".join(version(name) for name in _ENGINE).encode())
    for library, function in _SHAPERS:
        digest.update(_version_of(library, function))
    for folder in _PARTS:
        for file in _sources(files("receipts").joinpath(folder)):
            digest.update(file.read_bytes())
    return f"{FORM}-{digest.hexdigest()[:12]}"


def _sources(folder: Traversable) -> list[Traversable]:
    found = []
    for entry in sorted(folder.iterdir(), key=lambda e: e.name):
        if entry.is_dir():
            found += _sources(entry)
        elif entry.name.endswith(_KINDS):
            found.append(entry)
    return found


def _version_of(library: str, function: str) -> bytes:
    """Asked of the library itself: to import the layout engine only for this would cost a web process 40 MB."""
    ask = getattr(ctypes.CDLL(library), function)
    ask.restype = ctypes.c_char_p
    answer: bytes = ask()
    return answer
