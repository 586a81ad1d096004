"""The formats by name: ndjson, csv, or a profile."""

from pathlib import Path

from provider_sync.formats.csvfile import CsvFormat
from provider_sync.formats.foreign import ForeignFormat
from provider_sync.formats.ndjson import NdjsonFormat
from provider_sync.formats.profile import load
from provider_sync.formats.rows import Format


def format_named(name: str, profiles_dir: Path, batch: str = "") -> Format:
    """`batch` is the key the sender gave the batch. Raises UnknownFormat, BadProfile."""
    if name == "ndjson":
        return NdjsonFormat()
    if name == "csv":
        return CsvFormat()
    return ForeignFormat(load(name, profiles_dir), batch)
