"""Uploads as their senders see them: received, looked at, and the rows that came back."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID

from common.errors import Refusal
from common.ids import uuid7
from common.money import BadAmount, format_amount, parse_total
from provider_sync import errors
from provider_sync.formats.named import format_named
from provider_sync.formats.rows import Format, RejectedRow, storable
from provider_sync.gateways import Arriving, Spool
from provider_sync.handlers.base import Act, Base
from provider_sync.store import held, keys, resent, uploads
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
    supersedes: UUID | None = None
    confirms: UUID | None = None


def receive(base: Base, spool: Spool, profiles: Path, key: Key, wanted: Wanted, body: Arriving, packed: bool) -> UUID:
    """Spools a body and makes its job row; raises before anything is read when the parameters are wrong."""
    layout = format_named(wanted.format, profiles)
    stated = _stated(wanted)
    root = _root(base, key, wanted)
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
        "supersedes": wanted.supersedes,
        "root": root,
        "confirms": wanted.confirms,
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


def _root(base: Base, key: Key, wanted: Wanted) -> UUID | None:
    """The family of the superseded upload; raises NotFound, NotSuperseded, BadParameter."""
    if wanted.confirms is not None:
        own(base, key.owner, wanted.confirms)
    if wanted.supersedes is None:
        return None
    if wanted.mode == "atomic":
        raise errors.BadParameter("mode", name="mode", reason="continue, dry-run")
    earlier = own(base, key.owner, wanted.supersedes)
    if earlier.state != "done" or earlier.mode == "dry-run":
        raise errors.NotSuperseded("supersedes", upload=earlier.id, state=earlier.state)
    return earlier.family


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


def confirm(base: Base, provider: str, ident: UUID, act: Act) -> None:
    """The word that a changed batch is meant: what is new in it is taken, changed rows answer conflict.

    Raises NotFound, NotUnconfirmed.
    """
    upload = own(base, provider, ident)
    with base.pool.connection() as conn:
        earlier = uploads.same_batch(conn, upload, upload.batch or "")
        if not uploads.confirm(conn, ident, earlier):
            raise errors.NotUnconfirmed(upload=ident, state=upload.state)
        keys.audit(conn, act.who, "uploads.confirm", str(ident), {"earlier": str(earlier)}, act.why)


def dismiss(base: Base, spool: Spool, provider: str, ident: UUID, act: Act) -> None:
    """The changed batch was not meant: nothing of it is taken. Raises NotFound, NotUnconfirmed."""
    upload = own(base, provider, ident)
    with base.pool.connection() as conn:
        if not uploads.dismiss(conn, ident):
            raise errors.NotUnconfirmed(upload=ident, state=upload.state)
        keys.audit(conn, act.who, "uploads.dismiss", str(ident), {}, act.why)
    spool.discard(ident)


def differences(base: Base, upload: Upload) -> Iterator[str]:
    """What the file changes, as NDJSON, read page by page."""
    last = 0
    while True:
        with base.pool.connection() as conn:
            rows = resent.differences(conn, upload.id, last)
        if not rows:
            return
        for _, line, reference, what, was, becomes, fields in rows:
            money = {"was": _money(was), "becomes": _money(becomes)}
            told = {"line": line or None, "reference": reference, "what": what} | money | {"fields": fields}
            yield json.dumps(told, ensure_ascii=False) + "\n"
        last = rows[-1][0]


def counted_differences(base: Base, upload: Upload) -> dict[str, tuple[int, int]]:
    """How many rows of each kind of difference, and by how many tiyn they change the sum."""
    with base.pool.connection() as conn:
        return resent.counts(conn, upload.id)


def _money(tiyn: int | None) -> str | None:
    return None if tiyn is None else format_amount(tiyn)


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


def held_rows(base: Base, upload: Upload, language: str) -> Iterator[str]:
    """The upload's rows that the gate held, and what was decided of them, as NDJSON, read page by page."""
    last = 0
    while True:
        with base.pool.connection() as conn:
            rows = held.of_upload(conn, upload.provider, str(upload.id), last)
        if not rows:
            return
        for row in rows:
            detail = errors.by_code(row.code)(None, None, **row.params).text(language)
            told = {"reference": row.reference, "account": row.account, "state": row.state, "code": row.code}
            yield json.dumps(told | {"detail": detail, "reason": row.reason}, ensure_ascii=False) + "\n"
        last = rows[-1].id


def params_json(refusal: Refusal) -> str:
    """The parameters of a refusal, for a text in any language later."""
    params = {name: storable(value) if isinstance(value, str) else value for name, value in refusal.params.items()}
    return json.dumps(params, ensure_ascii=False, default=str)
