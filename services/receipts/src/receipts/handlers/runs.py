"""A closed month made for many: rows of work, documents behind every waiting resident, files in walking order."""

import csv
import io
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from common.ids import uuid7
from common.money import format_amount
from common.postgres import Connection, Pool
from common.spreadsheets import safe_cell
from receipts.errors import NoSuchRun, NothingToMake
from receipts.gateways.files import Files, Store
from receipts.projections import DocumentKey, known_holder
from receipts.render.version import template_version
from receipts.store import documents, runs
from receipts.store.documents import NewDocument
from receipts.store.runs import Candidate, Run

_PAGE = 1000
_SHEET_HEAD = ("building", "address", "receipts", "pages", "to pay", "first number", "last number")


@dataclass(frozen=True)
class Order:
    """What is wanted: `audience` is `paper` (accounts in no cabinet) or `everyone`."""

    period: str
    language: str
    audience: str


def begin(pool: Pool, order: Order) -> Run:
    """The run of the order: the unfinished one, or a new part with what changed since the last was done.

    Raises NothingToMake when no account is left to be made.
    """
    with pool.connection() as conn, conn.transaction():
        run = runs.newest(conn, order.period, order.language, order.audience)
        if run is None or run.state == "done":
            runs.add(conn, uuid7(), order.period, order.language, order.audience, run.part + 1 if run else 1)
    while _fill_page(pool, order):
        pass
    run = _newest(pool, order)
    if run.total == 0:
        with pool.connection() as conn, conn.transaction():
            runs.drop_empty(conn, run.id)
        raise NothingToMake(period=order.period, made="yes" if run.part > 1 else "no")
    return run


def _fill_page(pool: Pool, order: Order) -> bool:
    """One page of rows of work under the run's lock; what was filled before a crash stays."""
    with pool.connection() as conn, conn.transaction():
        run = runs.newest(conn, order.period, order.language, order.audience)
        if run is None or run.state != "filling":
            return False
        page = runs.candidates(conn, run, _PAGE)
        if not page:
            runs.move(conn, run.id, "making")
            return False
        wanted = [_document(candidate, run) for candidate in page]
        new = runs.add_rows(conn, run, [d.key.account for d in wanted], [d.key.code for d in wanted])
        documents.ensure_all(conn, [d for d in wanted if d.key.code in new])
        runs.filled(conn, run.id, page[-1].account, len(new))
    return True


def _document(found: Candidate, run: Run) -> NewDocument:
    holder = known_holder(found.account, found.holder_version, found.name, found.address_ru, found.address_kk)
    key = DocumentKey(
        found.account,
        run.period,
        run.language,
        False,
        template_version(),
        found.statement_version,
        found.facts_hash,
        holder.version if holder else 0,
    )
    return NewDocument(key, holder, found.to_pay, found.currency, bulk=True, run=run.id)


def left(pool: Pool, run: Run) -> int:
    """How many documents of the run are still to be made."""
    with pool.connection() as conn:
        return runs.left(conn, run.id)


def pause(pool: Pool, order: Order, paused: bool) -> Run:
    """Stops or lets go on; what is under way is finished. Raises NoSuchRun."""
    with pool.connection() as conn, conn.transaction():
        run = runs.newest(conn, order.period, order.language, order.audience)
        if run is None or run.state == "done":
            raise NoSuchRun(period=order.period)
        runs.pause(conn, run.id, paused)
        if not paused:
            documents.announce(conn, documents.BULK_NOTICE)
    return run


def look(pool: Pool, order: Order) -> Run:
    """The run as it stands; raises NoSuchRun."""
    return _newest(pool, order)


def listed(pool: Pool, limit: int) -> list[Run]:
    """The newest runs."""
    with pool.connection() as conn:
        return runs.listed(conn, limit)


def number(pool: Pool, order: Order) -> None:
    """All documents have ended: each ready one gets its place in walking order, once."""
    with pool.connection() as conn, conn.transaction():
        run = runs.newest(conn, order.period, order.language, order.audience)
        if run is not None and run.state == "making" and not runs.left(conn, run.id):
            runs.number_rows(conn, run.id)
            runs.move(conn, run.id, "writing")


def write_portion(pool: Pool, files: Files, output: Store, run: Run, size: int = 200) -> int:
    """Hands out the next files; one that was written before a crash is written again with the same bytes."""
    with pool.connection() as conn:
        portion = runs.unwritten(conn, run.id, size)
    for place, account, digest in portion:
        output.put(f"{folder(run)}/{place:06}_{account}.pdf", files.get(digest))
    if portion:
        with pool.connection() as conn, conn.transaction():
            runs.written(conn, run.id, [place for place, _, _ in portion])
    return len(portion)


def finish(pool: Pool, output: Store, run: Run) -> tuple[int, int]:
    """Writes the count sheet and, when some could not be made, the list of them; answers how many of each."""
    with pool.connection() as conn:
        sheet, missing = list(_sheet(conn, run)), runs.missing(conn, run.id)
    output.put(f"{folder(run)}/count-sheet.csv", _csv([_SHEET_HEAD, *sheet]))
    if missing:
        output.put(f"{folder(run)}/not-made.csv", _csv([("account", "reason"), *missing]))
    with pool.connection() as conn, conn.transaction():
        runs.move(conn, run.id, "done")
    return int(sheet[-1][2]), len(missing)


def folder(run: Run) -> str:
    """Where a run's files stand in the output."""
    return f"{run.period}-{run.language}-{run.audience}-{run.part}"


def _sheet(conn: Connection, run: Run) -> Iterable[tuple[Any, ...]]:
    counted = runs.counted(conn, run.id)
    for c in counted:
        yield c.building, safe_cell(c.address), c.receipts, c.pages, format_amount(c.to_pay), c.first, c.last
    receipts, pages, to_pay = (sum(getattr(c, name) for c in counted) for name in ("receipts", "pages", "to_pay"))
    yield "total", "", receipts, pages, format_amount(to_pay), min((c.first for c in counted), default=""), receipts


def _csv(rows: Iterable[tuple[Any, ...]]) -> bytes:
    """For a spreadsheet of this country: semicolons, and a mark that says UTF-8."""
    text = io.StringIO()
    csv.writer(text, delimiter=";").writerows(rows)
    return text.getvalue().encode("utf-8-sig")


def _newest(pool: Pool, order: Order) -> Run:
    with pool.connection() as conn, conn.transaction():
        run = runs.newest(conn, order.period, order.language, order.audience)
    if run is None:
        raise NoSuchRun(period=order.period)
    return run
