"""What operators do with held facts: look, approve, refuse; each act recorded with who and why (decision 8)."""

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from psycopg.errors import LockNotAvailable

from common import clock
from common.errors import Refusal
from common.postgres import Connection
from provider_sync import errors
from provider_sync.domain import facts
from provider_sync.domain.sender import Sender
from provider_sync.handlers.base import Act, Base, check_reason
from provider_sync.handlers.intake import CONTENDED, Batch, within
from provider_sync.store import held, keys
from provider_sync.store.held import HeldFact, Rows

PART = 5000
_ATTEMPTS = 5


class Word(NamedTuple):
    """What came of one held fact: approved, refused, or still held with the reason."""

    id: int
    reference: str
    state: str
    position: str | None = None
    refusal: Refusal | None = None


def listed(base: Base, limit: int, batch: int | None, state: str) -> Rows:
    """Held facts with their rule, the oldest first."""
    with base.pool.connection() as conn:
        return [_told(row) for row in held.listed(conn, limit, batch, state)]


def batches(base: Base, limit: int) -> Rows:
    """What waits, by the batch it came with."""
    with base.pool.connection() as conn:
        return held.batches(conn, limit)


def show(base: Base, ident: int) -> dict[str, Any]:
    """One held fact whole; raises NotFound."""
    with base.pool.connection() as conn:
        found = held.one(conn, ident)
    if found is None:
        raise errors.NotFound
    return _told(found)


def _told(row: dict[str, Any]) -> dict[str, Any]:
    why = errors.by_code(row["code"])(None, None, **row.pop("params"))
    return row | {"why": why.text("en")}


def approve(base: Base, ids: Sequence[int], by: Act) -> list[Word]:
    """Lets held facts in now: posted in the month that is open now. What is no longer good stays held, with why."""
    return _contended(lambda: _decide(base, ids, by, _let_in))


def refuse(base: Base, ids: Sequence[int], by: Act) -> list[Word]:
    """Refuses held facts for good; their senders are told so."""
    return _contended(lambda: _decide(base, ids, by, _turn_away))


def parts(base: Base, batch: int) -> list[list[int]]:
    """The facts of a batch that wait, in parts that are decided one by one; an atomic batch is one part."""
    with base.pool.connection() as conn:
        ids = held.waiting_of(conn, batch)
        atomic = bool(ids) and held.lock(conn, ids[:1])[0].atomic
    if not ids:
        raise errors.NotHeld(number=f"batch {batch}", state="nothing waits")
    size = len(ids) if atomic else PART
    return [ids[at : at + size] for at in range(0, len(ids), size)]


Doing = Callable[[Connection, Base, Sequence[HeldFact]], list[Word]]


def _contended(act: Callable[[], list[Word]]) -> list[Word]:
    """Tries again when intake was in the way; raises AccountLocked when it stays there."""
    for _ in range(_ATTEMPTS):
        try:
            return act()
        except (*CONTENDED, LockNotAvailable):
            continue
    raise errors.AccountLocked


def _decide(base: Base, ids: Sequence[int], by: Act, do: Doing) -> list[Word]:
    """One transaction: held rows are locked before anything else, so that two operators come one after the other."""
    check_reason(by)
    with base.pool.connection() as conn:
        facts_held = held.lock(conn, ids)
        _check(conn, ids, facts_held)
        words = do(conn, base, facts_held)
        for state in ("approved", "refused"):
            done = [word.id for word in words if word.state == state]
            if done:
                held.decide(conn, done, state, clock.now(), by.who, by.why)
                keys.audit(conn, by.who, f"held.{state}", _subject(done), {"reason": by.why, "facts": len(done)})
    return words


def _subject(ids: Sequence[int]) -> str:
    return f"held/{ids[0]}" if len(ids) == 1 else f"held/{ids[0]}-{ids[-1]}"


def _check(conn: Connection, ids: Sequence[int], found: Sequence[HeldFact]) -> None:
    """Raises NotHeld, AtomicBatch."""
    states = {fact.id: fact.state for fact in found}
    for ident in ids:
        if states.get(ident) != "held":
            raise errors.NotHeld(number=ident, state=states.get(ident, "no such fact"))
    for batch in {fact.batch for fact in found if fact.atomic}:
        # Alone, too: when one row of it is no longer good, its transaction is given up.
        if held.waiting_of(conn, batch) != [fact.id for fact in found]:
            raise errors.AtomicBatch(batch=batch)


def _turn_away(_conn: Connection, _base: Base, found: Sequence[HeldFact]) -> list[Word]:
    return [Word(fact.id, fact.reference, "refused") for fact in found]


def _let_in(conn: Connection, base: Base, found: Sequence[HeldFact]) -> list[Word]:
    """Each sender's facts through the one way in, in the order they came."""
    words = []
    for batch in dict.fromkeys(fact.batch for fact in found):
        own = [fact for fact in found if fact.batch == batch]
        rows = [facts.restore(fact.content) for fact in own]
        approved = frozenset(fact.reference for fact in own)
        mode = "atomic" if own[0].atomic else "continue"
        sender = Sender.of(own[0].provider, own[0].scopes)
        outcomes = within(conn, base, Batch(sender, rows, f"held/{batch}", mode, approved))  # type: ignore[arg-type]  # one of Mode
        words += [
            Word(f.id, f.reference, "approved" if o.refusal is None else "held", o.position, o.refusal)
            for f, o in zip(own, outcomes, strict=True)
        ]
    return words
