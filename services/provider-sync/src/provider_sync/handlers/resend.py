"""A batch sent again whole: compared with how it stands, then said as adjustments, reversals and new facts."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from common.errors import Refusal
from common.postgres import Connection
from provider_sync import errors
from provider_sync.domain import facts
from provider_sync.domain.decide import normalise
from provider_sync.domain.decided import Outcome
from provider_sync.domain.resent import REVERSALS, Asked, Correction, Standing, corrected, missing
from provider_sync.domain.rules import Row
from provider_sync.formats.rows import Chunk
from provider_sync.handlers.base import Base
from provider_sync.store import resent, state, uploads
from provider_sync.store.resent import Difference, Move
from provider_sync.store.uploads import Upload

_TRACKED = (facts.ChargePosted, facts.BenefitGranted, facts.PenaltyAccrued, facts.PaymentReceived)
_PAGE = 5_000
DONE = ("accepted", "unmatched", "duplicate")


@dataclass(frozen=True)
class Resending:
    """One upload beside the batch that it takes the place of (or is compared with)."""

    base: Base
    upload: Upload
    earlier: Upload
    provider_no: int

    @classmethod
    def begin(cls, base: Base, upload: Upload, earlier: Upload) -> "Resending":
        """Lays the batch out when it was not yet."""
        with base.pool.connection() as conn:
            conn.execute("SET LOCAL statement_timeout = '30min'")
            resent.fill(conn, earlier.family)
            return cls(base, upload, earlier, state.provider_no(conn, upload.provider))

    @property
    def mark(self) -> str:
        """What stands behind the references of facts that are made for this upload."""
        return self.upload.id.hex[-8:]

    @property
    def reason(self) -> str:
        """Why those facts are said."""
        return f"upload {self.upload.id} supersedes {self.earlier.id}"

    def rows(self, rows: Sequence[Row]) -> list[Asked]:
        """The rows of a chunk, those of the batch as corrections."""
        tracked = [row for row in rows if isinstance(row, _TRACKED)]
        with self.base.pool.connection() as conn:
            known = resent.standing(conn, self.earlier.family, self.provider_no, [fact.reference for fact in tracked])
            accounts = resent.accounts(conn, {fact.account for fact in tracked})
        return [self._corrected(row, known, accounts) for row in rows]

    def _corrected(self, row: Row, known: dict[str, Standing], accounts: dict[str, str]) -> Asked:
        if isinstance(row, Refusal) or row.reference not in known:
            return row
        normalise(row, self.upload.provider)
        account = accounts.get(row.account, row.account) if isinstance(row, _TRACKED) else ""
        return corrected(row, known[row.reference], account, self.mark, self.reason)

    def store(
        self, conn: Connection, chunk: Chunk, at: int, rows: Sequence[Asked], outcomes: Sequence[Outcome]
    ) -> None:
        """Part of a chunk was decided: how its rows stand now, and what it changed; in the transaction of its facts."""
        part = range(at, at + len(outcomes))
        self._see(conn, [chunk.rows[i] for i in part])
        uploads.count_unread(conn, self.upload.id, sum(isinstance(chunk.rows[i], Refusal) for i in part))
        done = [i for i, outcome in zip(part, outcomes, strict=True) if outcome.status in DONE]
        if self.upload.mode != "dry-run":
            moves = {move.reference: move for i in done if (move := _move(chunk.rows[i], rows[i])) is not None}
            if moves:
                resent.move(conn, self.earlier.family, self.upload.id, list(moves.values()))
        repeated = {i for i, o in zip(part, outcomes, strict=True) if o.status == "duplicate"}
        told = [i for i in done if isinstance(rows[i], Correction) or i not in repeated]
        self._note(conn, ((chunk.lines[i], rows[i]) for i in told))

    def compare_all(self, chunks: Iterator[Chunk], found: Mapping[str, Any], lease_s: int) -> None:
        """Keeps what a whole file would change, decides nothing, and leaves the upload to wait for a word."""
        with self.base.pool.connection() as conn:
            resent.forget_differences(conn, self.upload.id)
        for chunk in chunks:
            rows = self.rows(chunk.rows)
            with self.base.pool.connection() as conn:
                self._see(conn, chunk.rows)
                self._note(conn, zip(chunk.lines, rows, strict=True))
                uploads.extend(conn, self.upload, lease_s)
        for page in self.missing(_PAGE):
            with self.base.pool.connection() as conn:
                self._note(conn, ((0, row) for row in page))
                uploads.extend(conn, self.upload, lease_s)
        refusal = errors.BatchUnconfirmed(earlier=self.earlier.id)
        with self.base.pool.connection() as conn:
            uploads.unconfirmed(conn, self.upload, found, [{"code": refusal.code, "detail": refusal.text("en")}])

    def _see(self, conn: Connection, rows: Sequence[Row]) -> None:
        names = [row.reference for row in rows if not isinstance(row, Refusal)]
        resent.see(conn, self.earlier.family, self.upload.id, names)

    def _note(self, conn: Connection, rows: Iterable[tuple[int, Asked]]) -> None:
        found = (_difference(line, row) for line, row in rows)
        resent.note(conn, self.upload.id, [difference for difference in found if difference is not None])

    def missing(self, size: int) -> Iterator[list[Correction]]:
        """Page by page what takes back the rows that the upload did not name.

        None while the file has rows that could not be read: they may be those that seem to be missing.
        """
        if self._unread():
            return
        for page in standing_pages(self.base, self.earlier.family, self.provider_no, self.upload.id, size):
            yield [missing(standing, self.mark, self.reason) for standing in page]

    def _unread(self) -> int:
        with self.base.pool.connection() as conn:
            upload = uploads.find(conn, self.upload.id)
        return upload.unread if upload else 0

    def store_missing(self, conn: Connection, rows: Sequence[Correction], outcomes: Sequence[Outcome]) -> int:
        """Part of a page was decided; returns by how much the batch changed, in tiyn."""
        done = [row for row, outcome in zip(rows, outcomes, strict=True) if outcome.status in DONE]
        take_back(conn, self.earlier.family, done, self.upload.mode != "dry-run")
        self._note(conn, ((0, row) for row in done))
        return -sum(row.was or 0 for row in done)


def standing_pages(
    base: Base, root: UUID, provider_no: int, upload: UUID | None, size: int
) -> Iterator[list[Standing]]:
    """Page by page the rows of a batch that stand and that the upload did not name; without an upload all."""
    after: str | None = ""
    while after is not None:
        with base.pool.connection() as conn:
            page, after = resent.missing(conn, root, provider_no, upload, after, size)
        if page:
            yield page


def take_back(conn: Connection, family: Any, rows: Sequence[Correction], really: bool) -> None:
    """Notes rows that stand no more."""
    gone = [Move(row.reference, row.current, _kind(row), row.was or 0, None, True) for row in rows]
    if gone and really:
        resent.move(conn, family, None, gone)


def _kind(row: Correction) -> str:
    reversal = type(row.undoing[-1])
    return next(kind for kind, undoes in REVERSALS.items() if undoes is reversal)


def _move(sent: Row, row: Asked) -> Move | None:
    """How a row stands once it was taken; None where nothing moved."""
    if isinstance(row, Correction):
        if row.what == "same" or isinstance(sent, Refusal):
            return None
        current = row.current if row.what == "adjusted" else row.fact.reference
        return Move(row.reference, current, facts.kind_of(sent), row.becomes or 0, row.volume)
    if not isinstance(row, _TRACKED):
        return None
    volume = getattr(row, "volume", None)
    return Move(row.reference, row.reference, facts.kind_of(row), int(row.amount), volume or None)


def _difference(line: int, row: Asked) -> Difference | None:
    if isinstance(row, Refusal):
        return None
    if isinstance(row, Correction):
        return (
            None if row.what == "same" else Difference(line, row.reference, row.what, row.was, row.becomes, row.fields)
        )
    return Difference(line, row.reference, "new", None, int(getattr(row, "amount", 0)))
