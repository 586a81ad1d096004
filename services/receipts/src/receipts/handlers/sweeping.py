"""Nothing waits for ever: what was lost on the way is sent again, what cannot end well ends as a stated failure."""

from common.postgres import Pool
from receipts.events.holder import Holder
from receipts.gateways.files import Files
from receipts.gateways.queue import Queue
from receipts.projections import DocumentKey
from receipts.render.version import template_version
from receipts.store import documents, receipts
from receipts.store.documents import NewDocument
from receipts.store.says import Says

_PAGE = 1000


def sweep(pool: Pool, says: Says, queue: Queue, files: Files, announced_before_s: int, bulk_chains: int) -> None:
    """One round: late requests, exhausted documents, erased files, then messages for what should be at work."""
    with pool.connection() as conn, conn.transaction():
        says.failed(conn, receipts.fail_late(conn), "no-answer")
        exhausted = documents.fail_exhausted(conn)
        says.failed(conn, receipts.linked_to(conn, exhausted), "render-failed")
    remove_erased(pool, files)
    with pool.connection() as conn, conn.transaction():
        overdue = documents.overdue(conn, announced_before_s)
        chains = bulk_chains if documents.bulk_is_idle(conn) else 0
    for code in overdue:
        queue.render(code)
    for _ in range(chains):
        queue.drain()


def remove_erased(pool: Pool, files: Files) -> None:
    """Files first, rows last: a crash in between leaves a row that is swept again, never a file nobody knows."""
    with pool.connection() as conn, conn.transaction():
        gone = documents.erased(conn)
        for _, digest in gone:
            if digest:
                files.remove(digest)
        documents.delete(conn, [code for code, _ in gone])


def prepare_month(pool: Pool, period: str, language: str) -> int:
    """Makes bulk documents of a closed month for every account; those that stand already stay. Answers how many."""
    after, count = "", 0
    while True:
        with pool.connection() as conn, conn.transaction():
            page = documents.bulk_candidates(conn, period, after, _PAGE)
            documents.ensure_all(conn, [_bulk(row, period, language) for row in page])
        if not page:
            return count
        after, count = page[-1][0], count + len(page)


def _bulk(row: tuple[str, str, int, str, int, str, int, str, str, str], period: str, language: str) -> NewDocument:
    account, _, version, facts_hash, to_pay, currency, holder_version, name, ru, kk = row
    holder = Holder(account, holder_version, name, ru, kk) if name or ru or kk else None
    key = DocumentKey(
        account, period, language, False, template_version(), version, facts_hash, holder.version if holder else 0
    )
    return NewDocument(key, holder, to_pay, currency, bulk=True)
