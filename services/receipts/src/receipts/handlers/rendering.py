"""A worker makes one document, or bulk documents for a while."""

import hashlib
import time
from collections.abc import Sequence
from dataclasses import dataclass

import msgspec

from common import logs, traces
from common.period import day_at
from common.postgres import Pool
from receipts.events.holder import Holder
from receipts.events.statement import decode_statement
from receipts.gateways.files import Files
from receipts.render.document import render
from receipts.render.layout import Inputs, TooManyRows
from receipts.render.plot import Month
from receipts.render.texts import printed_as
from receipts.store import documents, receipts
from receipts.store.documents import Claimed
from receipts.store.says import Says

log = logs.get("rendering")
_PORTION = 8


@dataclass(frozen=True)
class Workshop:
    """What a worker works with; a lease is longer than a task may live."""

    pool: Pool
    files: Files
    says: Says
    public_url: str
    lease_s: int
    bulk_turns: int = 1


def render_document(shop: Workshop, code: str) -> bool:
    """Makes the document if nobody else does; False when there is nothing to do."""
    with shop.pool.connection() as conn, conn.transaction():
        job = documents.claim(conn, code, shop.lease_s)
    if job is not None:
        _make(shop, job)
    return job is not None


def render_bulk(shop: Workshop, for_s: float) -> bool:
    """Makes bulk documents for about `for_s`, until a resident waits; True when more may wait.

    At most `bulk_turns` workers are at it at a time.
    """
    with shop.pool.connection() as holding:
        turn = documents.take_turn(holding, shop.bulk_turns)
        holding.commit()  # the place is the session's: no transaction stays open while documents are made
        if turn is None:
            return False
        try:
            return _take_turn(shop, time.monotonic() + for_s)
        finally:
            documents.leave_turn(holding, turn)


def _take_turn(shop: Workshop, until: float) -> bool:
    while time.monotonic() < until:
        with shop.pool.connection() as conn, conn.transaction():
            jobs = documents.claim_bulk(conn, _PORTION, shop.lease_s)
        if not jobs:
            return False
        if not _make_portion(shop, jobs):
            break
    return True


def _make_portion(shop: Workshop, jobs: Sequence[Claimed]) -> bool:
    """Makes what was claimed; gives the rest back and answers False as soon as a resident waits."""
    for done, job in enumerate(jobs):
        with shop.pool.connection() as conn, conn.transaction():
            waits = documents.residents_wait(conn)
            if waits:
                documents.give_back(conn, [left.code for left in jobs[done:]])
        if waits:
            return False
        _make(shop, job)
    return True


def _make(shop: Workshop, job: Claimed) -> None:
    """An attempt that fails for a reason of its own is given back; the counter was spent when it was claimed."""
    started, begun = time.monotonic(), traces.now_ns()
    try:
        with shop.pool.connection() as conn:
            months = documents.history(conn, job.account, job.period)
        document = render(_inputs(job, months, shop.public_url))
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
            asked = receipts.linked_to(conn, [job.code])
            shop.says.rendered(conn, asked)
            for receipt in asked:
                traces.went_on("render", str(receipt.id), begun, pages=document.pages)
    log.info("rendered", document=job.code, attempt=job.attempts, took_ms=round(1000 * (time.monotonic() - started)))


def _inputs(job: Claimed, months: Sequence[tuple[str, int]], public_url: str) -> Inputs:
    return Inputs(
        statement=decode_statement(job.data.encode()),
        holder=msgspec.json.decode(job.holder, type=Holder) if job.holder else None,
        language=printed_as(job.language),
        formed_on=day_at(job.created_at),
        code=job.code,
        verify_url=f"{public_url.rstrip('/')}/v1/verify/{job.code}",
        history=tuple(Month(period, charged) for period, charged in months),
    )
