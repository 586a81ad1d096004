"""Uploads as their senders see them: received, looked at, and the rows that came back."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID

from common.errors import Refusal
from common.ids import uuid7
from common.money import BadAmount, parse_total
from provider_sync import errors
from provider_sync.formats.named import format_named
from provider_sync.formats.rows import Format, RejectedRow
from provider_sync.gateways import Arriving, Spool
from provider_sync.handlers.base import Base
from provider_sync.store import uploads
from provider_sync.store.keys import Key
from provider_sync.store.uploads import Upload

MODES = ("continue", "atomic", "dry-run")


@dataclass(frozen=True)
class Wanted:
    """What the sender says of a file: `count` and `total` as texts, checked here."""

    format: str
    mode: str = "continue"
    batch: str | None = None
    count: str | None = None
    total: str | None = None


def receive(base: Base, spool: Spool, profiles: Path, key: Key, wanted: Wanted, body: Arriving, packed: bool) -> UUID:
    """Spools a body and makes its job row; raises before anything is read when the parameters are wrong."""
    layout = format_named(wanted.format, profiles)
    stated = _stated(wanted)
    ident = uuid7()
    spooled = spool.receive(ident, body, packed=packed)
    _look(spool, ident, layout)
    row = {
        "id": ident,
        "provider": key.owner,
        "key_id": key.id,
        "scopes": key.scopes,
        "format": wanted.format,
        "mode": wanted.mode,
        "batch": wanted.batch,
        "digest": spooled.digest,
        "bytes": spooled.bytes,
        "stated_count": stated[0],
        "stated_sum": stated[1],
    }
    with base.pool.connection() as conn:
        uploads.add(conn, row)
    return ident


def _look(spool: Spool, ident: UUID, layout: Format) -> None:
    """What the format refuses at once leaves nothing behind."""
    try:
        with spool.path(ident).open("rb") as file:
            layout.look(file)
    except Refusal:
        spool.discard(ident)
        raise


def _stated(wanted: Wanted) -> tuple[int | None, int | None]:
    if wanted.mode not in MODES:
        raise errors.BadParameter("mode", name="mode", reason="continue, atomic, dry-run")
    if wanted.batch is not None and not (1 <= len(wanted.batch) <= 100 and wanted.batch.isprintable()):
        raise errors.BadParameter("batch", name="batch", reason="1–100 characters")
    if wanted.count is not None and not (wanted.count.isascii() and wanted.count.isdigit() and len(wanted.count) < 12):
        raise errors.BadParameter("count", name="count", reason="a number of rows")
    try:
        total = None if wanted.total is None else parse_total(wanted.total)
    except BadAmount as error:
        raise errors.BadParameter("sum", name="sum", reason="1234.00") from error
    return (None if wanted.count is None else int(wanted.count)), total


def own(base: Base, provider: str, ident: UUID) -> Upload:
    """An upload of this sender; another's is not found."""
    with base.pool.connection() as conn:
        upload = uploads.find(conn, ident)
    if upload is None or upload.provider != provider:
        raise errors.NotFound
    return upload


def rejected(base: Base, profiles: Path, upload: Upload, language: str) -> tuple[str, Iterator[str]]:
    """The media type, and the rejected rows in the sender's own format where it allows answers, read page by page."""
    layout = format_named(upload.format, profiles, upload.batch or "")
    with base.pool.connection() as conn:
        header = uploads.header_of(conn, upload.id)
    return layout.media, layout.rejected(header, _rejected_rows(base, upload.id, language))


def _rejected_rows(base: Base, upload: UUID, language: str) -> Iterator[RejectedRow]:
    """Page by page, no connection held while the reader is slow."""
    last = 0
    while True:
        with base.pool.connection() as conn:
            rows = uploads.rejected(conn, upload, last)
        if not rows:
            return
        for line, _, code, field, params, raw in rows:
            yield RejectedRow(line, code, errors.by_code(code)(field, None, **params).text(language), raw)
        last = rows[-1][0]


def params_json(refusal: Refusal) -> str:
    """The parameters of a refusal, for a text in any language later."""
    return json.dumps(refusal.params, ensure_ascii=False, default=str)
