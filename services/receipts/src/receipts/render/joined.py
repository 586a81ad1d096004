"""Several receipts as one file: a PDF to print at once, or a zip of the documents as they are."""

import io
import zipfile
from collections.abc import Sequence

import pikepdf

_EPOCH = (2026, 1, 1, 0, 0, 0)


def one_pdf(documents: Sequence[bytes]) -> bytes:
    """All pages in the order given; the same documents give the same bytes.

    Joining loses the tags of the documents: for a screen reader the single ones are better.
    """
    with pikepdf.Pdf.new() as joined:
        for document in documents:
            with pikepdf.Pdf.open(io.BytesIO(document)) as part:
                joined.pages.extend(part.pages)
        joined.remove_unreferenced_resources()
        out = io.BytesIO()
        joined.save(out, deterministic_id=True, object_stream_mode=pikepdf.ObjectStreamMode.generate)
    return out.getvalue()


def one_zip(named: Sequence[tuple[str, bytes]]) -> bytes:
    """A zip with these files; they are compressed already and stored as they are."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for name, data in named:
            archive.writestr(zipfile.ZipInfo(name, _EPOCH), data)
    return out.getvalue()
