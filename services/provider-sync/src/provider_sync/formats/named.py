"""The formats by name: ndjson, csv, those of banks, or a profile."""

from collections.abc import Callable
from pathlib import Path

from provider_sync.formats.banks import camt, mt940, onec
from provider_sync.formats.banks.bookings import StatementFormat
from provider_sync.formats.csvfile import CsvFormat
from provider_sync.formats.foreign import ForeignFormat
from provider_sync.formats.ndjson import NdjsonFormat
from provider_sync.formats.profile import load
from provider_sync.formats.rows import Format

_STATEMENTS: dict[str, Callable[[str], Format]] = {
    "1c": lambda currency: onec.ExchangeFormat(onec.read, currency),
    "camt": lambda currency: StatementFormat(camt.read, currency),
    "mt940": lambda currency: StatementFormat(mt940.read, currency),
}


def format_named(name: str, profiles_dir: Path, batch: str = "", currency: str = "KZT") -> Format:
    """`batch` is the key the sender gave the batch, `currency` the centre's. Raises UnknownFormat, BadProfile."""
    if name == "ndjson":
        return NdjsonFormat()
    if name == "csv":
        return CsvFormat()
    if name in _STATEMENTS:
        return _STATEMENTS[name](currency)
    return ForeignFormat(load(name, profiles_dir), batch)
