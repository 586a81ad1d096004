"""Loads spooled uploads: each checked whole, then appended in chunks; what a killed process left is gone on with."""

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor, wait
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from pathlib import Path
from threading import Event, Lock
from typing import IO, Any, TypeVar

from common import logs, traces
from common.errors import Refusal
from common.ids import uuid7
from common.money import format_amount
from common.postgres import Connection
from provider_sync import errors
from provider_sync.domain.decide import Form, form_from, form_of
from provider_sync.domain.decided import Outcome
from provider_sync.domain.resent import Correction
from provider_sync.domain.sender import Sender
from provider_sync.formats.named import format_named
from provider_sync.formats.rows import Chunk, Format, Place, Totals, storable
from provider_sync.gateways import Spool
from provider_sync.handlers.base import Base
from provider_sync.handlers.intake import Batch, Mode, simply_taken, take
from provider_sync.handlers.resend import Resending
from provider_sync.handlers.uploads import params_json
from provider_sync.store import calendar, uploads
from provider_sync.store.uploads import Upload

T = TypeVar("T")
log = logs.get("load")
_ATTEMPTS = 5


@dataclass(frozen=True)
class Loader:
    """What loading needs besides the database."""

    base: Base
    spool: Spool
    profiles: Path
    batch_rows: int
    atomic_rows_max: int
    lease_s: int
    currency: str = "KZT"
    turn: AbstractContextManager[Any] = field(default_factory=Lock, repr=False)

    def run(self, stop: Event) -> None:
        """Loads one upload after the other until told to stop; survives PostgreSQL going away."""
        while not stop.is_set():
            try:
                if not self.next(stop):
                    stop.wait(0.2)
            except uploads.LeaseLost:
                log.warning("another process took the upload over")
            except Exception as error:
                log.exception("loading stumbled", error=type(error).__name__)
                stop.wait(1)

    def next(self, stop: Event) -> bool:
        """Takes one waiting upload and brings it as far as it goes; False when none waits."""
        with self.base.pool.connection() as conn:
            ident = uploads.claim(conn, uuid7(), self.lease_s)
            upload = uploads.find(conn, ident) if ident else None
        if upload is None:
            return False
        begun = traces.now_ns()
        try:
            self._load(upload, stop)
        except Refusal as refusal:
            self._finish(upload, "refused", refusal)
        traces.began("upload", str(upload.id), begun, provider=upload.provider, facts=upload.total or 0)
        return True

    def _load(self, upload: Upload, stop: Event) -> None:
        if upload.attempts > _ATTEMPTS:
            raise errors.LoadFailed(reason=f"given up after {_ATTEMPTS} attempts at line {upload.next_line}")
        layout = format_named(upload.format, self.profiles, upload.batch or "", self.currency)
        try:
            with self.spool.path(upload.id).open("rb", buffering=1 << 20) as file:
                if upload.state == "checking" and not self._check(upload, layout, file):
                    return
                done = self._append(upload, layout, file, stop)
        except FileNotFoundError as error:
            raise errors.Unreadable(reason="the spooled file is gone") from error
        if done:
            self._end(upload)

    def _end(self, upload: Upload) -> None:
        """Done; or refused, when an atomic batch had bad rows."""
        with self.base.pool.connection() as conn:
            now = uploads.find(conn, upload.id)
        spoiled = now is not None and now.mode == "atomic" and now.rejected + now.conflict + now.retry > 0
        remark: Refusal | None = errors.NotTried() if spoiled else None
        if now is not None and now.supersedes is not None and now.unread:
            remark = errors.MissingKept(unread=now.unread)
        self._finish(upload, "refused" if spoiled else "done", remark)

    def _check(self, upload: Upload, layout: Format, file: IO[bytes]) -> bool:
        """Compares the whole file with what it says of itself, then lets it in; False when it waits for a word.

        Raises ControlTotals and others.
        """
        totals = self._totals(upload, layout, file)
        check_totals(upload, totals)
        if self._at_once(upload) and totals.rows > self.atomic_rows_max:
            raise errors.BatchTooLarge(limit=self.atomic_rows_max)
        batch = upload.batch or (totals.batch and storable(totals.batch))
        header = layout.header(file)
        found = {"total": totals.rows, "batch": batch, "header": header and storable(header)}
        earlier = self._doubted(upload, batch)
        if earlier is not None:
            chunks = ahead(layout.chunks(file, Place(), self.batch_rows))
            self._resending(upload, earlier).compare_all(chunks, found, self.lease_s)
            return False
        with self.base.pool.connection() as conn:
            calendar.lock_shared(conn)
            if upload.supersedes is not None:
                check_newest(conn, upload)
            uploads.checked(conn, upload, found, [*self._remarks(conn, upload, batch), *totals.remarks])
        return True

    def _at_once(self, upload: Upload) -> bool:
        """Whether the file goes in one transaction; a dry run beside an earlier upload is shown chunk by chunk."""
        return upload.mode == "atomic" or (upload.mode == "dry-run" and upload.supersedes is None)

    def _doubted(self, upload: Upload, batch: str | None) -> Upload | None:
        """The earlier upload of the same batch, when this one has another content and nobody said what is meant."""
        said = upload.supersedes or upload.confirms or upload.repeat_of
        if batch is None or said is not None or upload.mode == "dry-run":
            return None
        with self.base.pool.connection() as conn:
            earlier = uploads.same_batch(conn, upload, batch)
            return uploads.find(conn, earlier) if earlier else None

    def _totals(self, upload: Upload, layout: Format, file: IO[bytes]) -> Totals:
        """Reads the whole file, which may take longer than a lease."""
        return self._patiently(upload, lambda: layout.totals(file, upload.stated_sum is not None))

    def _patiently(self, upload: Upload, work: Callable[[], T]) -> T:
        """Keeps the lease while something takes long; raises LeaseLost."""
        with ThreadPoolExecutor(1, "check") as worker:
            coming = worker.submit(work)
            while wait([coming], self.lease_s / 3).not_done:
                with self.base.pool.connection() as conn:
                    uploads.extend(conn, upload, self.lease_s)
            return coming.result()

    def _remarks(self, conn: Connection, upload: Upload, batch: str | None) -> list[dict[str, str]]:
        earlier = uploads.same_batch(conn, upload, batch) if batch and upload.supersedes is None else None
        if earlier is None:
            return []
        return [
            {"code": "batch-key-reused", "detail": f"The upload {earlier} came under this key with another content."}
        ]

    def _append(self, upload: Upload, layout: Format, file: IO[bytes], stop: Event) -> bool:
        """Appends from where the upload stands; False when stopped on the way."""
        sender = Sender.of(upload.provider, upload.scopes)
        size = self.atomic_rows_max if self._at_once(upload) else self.batch_rows
        resending = self._superseding(upload)
        start = Place(upload.next_offset, upload.next_line)
        # Hardly a file repeats what was sent before; from its first row on that is not simply taken, one is looked up.
        fresh = resending is None and upload.mode != "dry-run"
        chunks = layout.chunks(file, start, size)
        formed = ((chunk, forms_of(chunk, sender) if resending is None else []) for chunk in chunks)
        for chunk, forms in ahead(formed):
            if stop.is_set():
                return False
            rows = chunk.rows if resending is None else resending.rows(chunk.rows)
            batch = Batch(sender, rows, str(upload.id), mode_of(upload), part=True, fresh=fresh, forms=forms)
            outcomes = self._take(upload, chunk, batch, resending)
            fresh = fresh and simply_taken(outcomes)
        return resending is None or self._take_back(upload, sender, resending, stop)

    def _superseding(self, upload: Upload) -> Resending | None:
        if upload.supersedes is None:
            return None
        with self.base.pool.connection() as conn:
            earlier = uploads.find(conn, upload.supersedes)
        return self._resending(upload, earlier) if earlier else None

    def _resending(self, upload: Upload, earlier: Upload) -> Resending:
        """Lays the earlier batch out, which takes long for a large one."""
        return self._patiently(upload, lambda: Resending.begin(self.base, upload, earlier))

    def _take_back(self, upload: Upload, sender: Sender, resending: Resending, stop: Event) -> bool:
        """Undoes what the file lacks; raises nothing for rows that stand no more. False when stopped on the way."""
        for rows in resending.missing(self.batch_rows):
            if stop.is_set():
                return False
            at = 0

            def after(conn: Connection, outcomes: Sequence[Outcome], rows: list[Correction] = rows) -> None:
                nonlocal at
                tiyn = resending.store_missing(conn, rows[at : at + len(outcomes)], outcomes)
                uploads.took_back(conn, upload, tiyn, self.lease_s)
                at += len(outcomes)

            with self.turn:
                take(self.base, Batch(sender, rows, str(upload.id), mode_of(upload), part=True), after)
        return True

    def _take(self, upload: Upload, chunk: Chunk, batch: Batch, resending: Resending | None) -> list[Outcome]:
        """One chunk through the one way in; progress and rejected rows are stored with its facts, part by part."""
        at, back = 0, set[int]()

        def after(conn: Connection, outcomes: Sequence[Outcome]) -> None:
            nonlocal at
            store_progress(conn, upload, chunk, at, outcomes, self.lease_s, back)
            if resending is not None:
                resending.store(conn, chunk, at, batch.rows, outcomes)
            at += len(outcomes)

        # Files of one month name the same accounts: side by side they would wait for each other's rows in the database,
        # and read every row that they waited for a second time.
        with self.turn:
            return take(self.base, batch, after)

    def _finish(self, upload: Upload, state: str, refusal: Refusal | None = None) -> None:
        problems = [{"code": refusal.code, "detail": storable(refusal.text("en"))}] if refusal else []
        with self.base.pool.connection() as conn:
            uploads.finish(conn, upload, state, problems)
        self.spool.discard(upload.id)
        log.info("upload ended", upload=str(upload.id), state=state, rows=upload.total)


def mode_of(upload: Upload) -> Mode:
    """The mode as intake knows it."""
    return "continue" if upload.mode == "continue" else "atomic" if upload.mode == "atomic" else "dry-run"


def check_newest(conn: Connection, upload: Upload) -> None:
    """Raises NotSuperseded: of a batch the newest upload is superseded, so that nobody undoes what was not seen."""
    newest = uploads.newest(conn, upload)
    if newest is None or (newest[1] == "done" and (newest[0] == upload.supersedes or newest[2] == upload.digest)):
        return
    raise errors.NotSuperseded(upload=upload.supersedes, state=f"{newest[0]} {newest[1]}")


def check_totals(upload: Upload, totals: Totals) -> None:
    """Raises ControlTotals when any stated count or sum is not what the file holds."""
    for stated in (totals.stated_rows, upload.stated_count):
        if stated is not None and stated != totals.rows:
            raise errors.ControlTotals(stated=f"count {stated}", found=f"count {totals.rows}")
    for stated in (totals.stated_total, upload.stated_sum):
        if stated is not None and stated != totals.total:
            raise errors.ControlTotals(stated=format_amount(stated), found=format_amount(totals.total))


def store_progress(
    conn: Connection,
    upload: Upload,
    chunk: Chunk,
    at: int,
    outcomes: Sequence[Outcome],
    lease_s: int,
    back: set[int],
) -> None:
    """Counts outcomes and keeps bad rows, in the transaction that appended the others.

    A row of several facts comes back once, with its first reason: `back` holds the lines of this chunk that have.
    """
    counts = Counter(outcome.status for outcome in outcomes)
    last = at + len(outcomes) - 1
    done = {name: counts[name] for name in uploads.COUNTED}  # type: ignore[index]  # the names are the statuses
    money = sum(outcome.amount for outcome in outcomes if outcome.status == "accepted")
    place = {"offset": chunk.ends[last], "line": chunk.line_after(last), "sum": money, "lease_s": lease_s}
    uploads.progress(conn, upload, done | place)
    bad = {}
    for i, o in enumerate(outcomes, at):
        line = chunk.lines[i]
        if o.refusal is not None and line not in bad and line not in back:
            why = o.status, o.refusal.code, o.refusal.field, params_json(o.refusal)
            bad[line] = (line, *why, text_of(chunk, i))
    if bad:
        uploads.reject(conn, upload.id, list(bad.values()))
        back.update(bad)


def text_of(chunk: Chunk, index: int) -> str:
    """The row as sent, as far as it can be stored."""
    return storable(chunk.raws[index].decode(chunk.encoding, "replace"))


def forms_of(chunk: Chunk, sender: Sender) -> list[Form | None]:
    """The forms of a chunk's rows; none of those that could not be read."""
    return [
        form_from(encoded) if encoded else None if isinstance(row, Refusal) else form_of(row, sender.provider)
        for row, encoded in zip(chunk.rows, chunk.encoded, strict=True)
    ]


def ahead(chunks: Iterator[T]) -> Iterator[T]:
    """Reads and decodes the next chunk while the database works on this one."""
    with ThreadPoolExecutor(1, "read-ahead") as reader:
        coming = reader.submit(next, chunks, None)
        while (chunk := coming.result()) is not None:
            coming = reader.submit(next, chunks, None)
            yield chunk
