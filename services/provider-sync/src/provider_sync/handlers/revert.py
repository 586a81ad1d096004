"""Undoing a batch by facts: a reversal for every row that stands, page by page; interrupted, it is gone on with."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from uuid import UUID

from common.postgres import Connection
from provider_sync import errors
from provider_sync.domain.decided import Outcome
from provider_sync.domain.resent import Correction, missing
from provider_sync.domain.sender import KINDS, Sender
from provider_sync.handlers.base import Act, Base, check_reason
from provider_sync.handlers.intake import Batch, take
from provider_sync.handlers.resend import DONE, standing_pages, take_back
from provider_sync.store import keys, resent, state, uploads
from provider_sync.store.uploads import Upload

_PAGE = 5_000
# Reads the stretch of the event store in which the batch was appended.
_PATIENT = "SET LOCAL statement_timeout = '30min'"


@dataclass
class Reverted:
    """What came of it: rows undone, their sum in tiyn, codes of rows refused, kinds of fact that stay as they are.

    Among these `held`: facts that an operator may still approve, or refuse.
    """

    rows: int
    tiyn: int
    refused: dict[str, int]
    stays: dict[str, int]


def revert(base: Base, ident: UUID, act: Act, told: Callable[[int], object] = int) -> Reverted:
    """Undoes charges, benefits, penalties and payments of an upload and of those that superseded it.

    Readings and base data have no opposite and stay. `told` hears how many rows are undone so far. Raises NotFound,
    NotReverted, ReasonMissing.
    """
    check_reason(act)
    upload, provider_no = _prepared(base, ident, act)
    done, sender = Reverted(0, 0, {}, {}), Sender.of(upload.provider, {*KINDS, "services:*"})
    for page in standing_pages(base, upload.family, provider_no, None, _PAGE):
        rows = [missing(standing, f"revert-{upload.id.hex[-8:]}", act.why) for standing in page]
        _undo(base, upload, sender, rows, done)
        told(done.rows)
    with base.pool.connection() as conn:
        conn.execute(_PATIENT)
        done.stays = resent.others(conn, upload.family)
        uploads.reverted(conn, upload.family)
        result = {"rows": done.rows, "tiyn": done.tiyn, "refused": done.refused, "stays": done.stays}
        keys.audit(conn, act.who, "uploads.revert", str(ident), result, act.why)
    return done


def _prepared(base: Base, ident: UUID, act: Act) -> tuple[Upload, int]:
    with base.pool.connection() as conn:
        upload = uploads.find(conn, ident)
        if upload is None:
            raise errors.NotFound
        newest = uploads.newest(conn, upload)
        if upload.state != "done" or upload.mode == "dry-run" or (newest is not None and newest[1] == "appending"):
            raise errors.NotReverted(upload=ident, state=newest[1] if newest else upload.state)
        keys.audit(conn, act.who, "uploads.revert.begun", str(ident), {}, act.why)
        conn.execute(_PATIENT)
        resent.fill(conn, upload.family)
        return upload, state.provider_no(conn, upload.provider)


def _undo(base: Base, upload: Upload, sender: Sender, rows: Sequence[Correction], done: Reverted) -> None:
    at = 0

    def after(conn: Connection, outcomes: Sequence[Outcome]) -> None:
        nonlocal at
        part = rows[at : at + len(outcomes)]
        at += len(outcomes)
        taken = [row for row, outcome in zip(part, outcomes, strict=True) if outcome.status in DONE]
        take_back(conn, upload.family, taken, really=True)

    outcomes = take(base, Batch(sender, rows, f"revert/{upload.id}"), after)
    for row, outcome in zip(rows, outcomes, strict=True):
        if outcome.status in DONE:
            done.rows, done.tiyn = done.rows + 1, done.tiyn + (row.was or 0)
        elif outcome.refusal is not None:
            done.refused[outcome.refusal.code] = done.refused.get(outcome.refusal.code, 0) + 1
