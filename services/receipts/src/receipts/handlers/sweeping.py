"""Nothing waits for ever: what was lost on the way is sent again, what cannot end well ends as a stated failure."""

from common.postgres import Pool
from receipts.gateways.files import Files
from receipts.gateways.queue import Queue
from receipts.store import documents, receipts
from receipts.store.says import Says


def sweep(pool: Pool, says: Says, queue: Queue, files: Files, announced_before_s: int, bulk_turns: int) -> None:
    """One round: late requests, exhausted documents, erased files, then messages for what should be at work."""
    with pool.connection() as conn, conn.transaction():
        says.failed(conn, receipts.fail_late(conn), "no-answer")
        exhausted = documents.fail_exhausted(conn)
        says.failed(conn, receipts.linked_to(conn, exhausted), "render-failed")
    remove_erased(pool, files)
    with pool.connection() as conn, conn.transaction():
        overdue = documents.overdue(conn, announced_before_s)
        turns = bulk_turns if documents.bulk_waits(conn) else 0
    for code in overdue:
        queue.render(code)
    # A message too many finds every place taken and ends.
    for _ in range(turns):
        queue.drain()


def remove_erased(pool: Pool, files: Files) -> None:
    """Files first, rows last: a crash in between leaves a row that is swept again, never a file nobody knows."""
    with pool.connection() as conn, conn.transaction():
        gone = documents.erased(conn)
        for _, digest in gone:
            if digest:
                files.remove(digest)
        documents.delete(conn, [code for code, _ in gone])
