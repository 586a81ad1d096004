"""A worker makes one document, or bulk documents for a while."""

import hashlib
import time
from dataclasses import dataclass

import msgspec

from common import logs
from common.period import day_at
from common.postgres import Pool
from receipts.events.holder import Holder
from receipts.events.statement import decode_statement
from receipts.gateways.files import Files
from receipts.render.document import render
from receipts.render.layout import Inputs, TooManyRows
from receipts.store import documents, receipts
from receipts.store.documents import Claimed
from receipts.store.says import Says

log = logs.get("rendering")


@dataclass(frozen=True)
class Workshop:
    """What a worker works with; a lease is longer than a task may live."""

    pool: Pool
    files: Files
    says: Says
    public_url: str
    lease_s: int


def render_document(shop: Workshop, code: str) -> bool:
    """Makes the document if nobody else does; False when there is nothing to do."""
    with shop.pool.connection() as conn, conn.transaction():
        job = documents.claim(conn, code, shop.lease_s)
    if job is not None:
        _make(shop, job)
    return job is not None


def render_bulk(shop: Workshop, for_s: float) -> bool:
    """Makes bulk documents for about `for_s`; True when more may wait."""
    until = time.monotonic() + for_s
    while time.monotonic() < until:
        with shop.pool.connection() as conn, conn.transaction():
            job = documents.claim_bulk(conn, shop.lease_s)
        if job is None:
            return False
        _make(shop, job)
    return True


def _make(shop: Workshop, job: Claimed) -> None:
    """An attempt that fails for a reason of its own is given back; the counter was spent when it was claimed."""
    started = time.monotonic()
    try:
        document = render(_inputs(job, shop.public_url))
        digest = hashlib.sha256(document.data).hexdigest()
        shop.files.put(digest, document.data)
    except TooManyRows:
        with shop.pool.connection() as conn, conn.transaction():
            if documents.fail(conn, job, "too-many-rows"):
                shop.says.failed(conn, receipts.linked_to(conn, [job.code]), "too-many-rows")
        return
    except Exception as error:
        with shop.pool.connection() as conn, conn.transaction():
            documents.release(conn, job, f"{type(error).__name__}: {error}")
        raise
    with shop.pool.connection() as conn, conn.transaction():
        if documents.finish(conn, job, digest, len(document.data), document.pages):
            shop.says.rendered(conn, receipts.linked_to(conn, [job.code]))
    log.info("rendered", document=job.code, attempt=job.attempts, took_ms=round(1000 * (time.monotonic() - started)))


def _inputs(job: Claimed, public_url: str) -> Inputs:
    return Inputs(
        statement=decode_statement(job.data.encode()),
        holder=msgspec.json.decode(job.holder, type=Holder) if job.holder else None,
        language="kk" if job.language == "kk" else "ru",
        formed_on=day_at(job.created_at),
        code=job.code,
        verify_url=f"{public_url.rstrip('/')}/v1/verify/{job.code}",
    )
