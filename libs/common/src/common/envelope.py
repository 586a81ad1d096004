"""The CloudEvents 1.0 envelope in structured JSON: what stands on a topic, in a dead letter and in every export.

The event store keeps the parts in columns; `render` puts the parts together without re-encoding `data`.
"""

import hashlib
from datetime import datetime
from functools import lru_cache

import msgspec

from common.clock import from_wire

PREFIX = "kz.settlement"
DATA_LIMIT_BYTES = 64 * 1024


class Envelope(msgspec.Struct, frozen=True, gc=False):
    """One event as read from a topic; unknown attributes are ignored, `data` stays undecoded."""

    id: str
    type: str
    subject: str
    time: str
    data: msgspec.Raw
    recordedtime: str = ""
    source: str = ""
    sequence: int | None = None
    partitionkey: str = ""
    correlationid: str = ""
    causationid: str = ""

    @property
    def happened_at(self) -> datetime:
        """When it happened, as the sender said."""
        return from_wire(self.time)

    @property
    def recorded_at(self) -> datetime:
        """When the centre recorded it."""
        return from_wire(self.recordedtime or self.time)


_decoder = msgspec.json.Decoder(Envelope)


def decode(value: bytes) -> Envelope:
    """The envelope of a record's value; raises msgspec.DecodeError or ValidationError when it is none."""
    return _decoder.decode(value)


def full_type(service: str, name: str, version: int = 1) -> str:
    """`provider-sync`, `charge.posted`, 1 → `kz.settlement.provider-sync.charge.posted.v1`."""
    return f"{PREFIX}.{service}.{name}.v{version}"


def render(
    *,
    ident: str,
    source: str,
    type: str,
    key: str,
    time: str,
    recorded: str,
    data: str,
    sequence: int | None,
    correlation: str = "",
) -> bytes:
    """The JSON of an event.

    `data` is JSON text and goes in untouched; of the other texts only key and correlation may need escaping.
    """
    subject = f'"{key}"' if key.isalnum() else _quoted(key)
    order = "" if sequence is None else f'"sequence":{sequence},'
    trace = f'"correlationid":{_quoted(correlation)},' if correlation else ""
    return (
        f'{{"specversion":"1.0","id":"{ident}","source":"{source}","type":"{type}","subject":{subject},"time":"{time}",'
        f'"recordedtime":"{recorded}",{order}"partitionkey":{subject},{trace}'
        f'"datacontenttype":"application/json","data":{data}}}'
    ).encode()


@lru_cache(maxsize=1_000)
def _quoted(text: str) -> str:
    """A text as JSON; remembered, for a batch has few correlations."""
    return msgspec.json.encode(text).decode()


def digest(ident: str, type: str, data: bytes) -> str:
    """SHA-256 over id, type and canonical data; trace fields do not count."""
    canonical = msgspec.json.encode(msgspec.json.decode(data), order="sorted")
    return hashlib.sha256(b"\n".join((ident.encode(), type.encode(), canonical))).hexdigest()
