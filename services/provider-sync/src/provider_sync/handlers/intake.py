"""The one way in, for a single fact and for a file's chunk alike: locks, questions, decisions, COPY (decision 5).

Lock order of every transaction: calendar (shared), then sorted each: numbers, reference data, holders, references.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Literal

from psycopg.errors import DeadlockDetected, LockNotAvailable, UniqueViolation

from common import clock, logs
from common.errors import Refusal
from common.period import day_at
from common.postgres import Connection, Pool
from provider_sync import errors
from provider_sync.domain.decide import Desk, Form, held_whole
from provider_sync.domain.decided import TAKEN, Decided, Outcome
from provider_sync.domain.posting import Calendar
from provider_sync.domain.questions import Questions, ask
from provider_sync.domain.resent import Asked
from provider_sync.domain.sender import Sender
from provider_sync.domain.world import Account, World
from provider_sync.handlers import gate
from provider_sync.handlers.base import Base
from provider_sync.handlers.written import write
from provider_sync.store import calendar, references, state, streams

Mode = Literal["continue", "atomic", "dry-run"]
After = Callable[[Connection, Sequence[Outcome]], None]

log = logs.get("intake")
_ATTEMPTS = 3
_GOOD = (*TAKEN, "held")


class NotFresh(Exception):
    """A row of a fresh batch was not simply taken, which may be so because its reference was said before."""


CONTENDED = (DeadlockDetected, UniqueViolation, streams.StreamMoved)


@dataclass(frozen=True)
class Batch:
    """Rows of one sender, to be decided in order; `correlation` is the request's or upload's id.

    `approved` are references of held facts that an operator lets in: the gate says no more about such a batch. A batch
    is a `part` when it is a chunk of an upload: what was decided of the chunks before binds it. References of a `fresh`
    one are believed to be new: one that is not shows when they are claimed, and the batch starts anew, looking.
    `forms` are those of the rows, where they were made beforehand.
    """

    sender: Sender
    rows: Sequence[Asked]
    correlation: str
    mode: Mode = "continue"
    approved: frozenset[str] = frozenset()
    part: bool = False
    fresh: bool = False
    forms: Sequence[Form | None] = ()


def nothing(conn: Connection, outcomes: Sequence[Outcome]) -> None:
    """For callers that store nothing beside the facts."""


def take(base: Base, batch: Batch, after: After = nothing) -> list[Outcome]:
    """Takes the batch in; `after` runs in the transaction that stores the facts it is told of, part by part in order.

    Contended batches are tried again, then in halves; rows that stay locked alone answer `retry`.
    """
    if batch.fresh:
        try:
            return _once(base, batch, after)
        except (*CONTENDED, NotFresh, LockNotAvailable):
            batch = replace(batch, fresh=False)
    for _ in range(_ATTEMPTS):
        try:
            return _once(base, batch, after)
        except CONTENDED as error:
            log.warning("batch contended", error=type(error).__name__, rows=len(batch.rows))
        except LockNotAvailable:
            break
    if len(batch.rows) == 1 or batch.mode != "continue":
        return _answered(base.pool, [_locked() for _ in batch.rows], after)
    middle = len(batch.rows) // 2
    halves = (slice(middle), slice(middle, None))
    parts = [replace(batch, rows=batch.rows[half], forms=batch.forms[half]) for half in halves]
    return [outcome for part in parts for outcome in take(base, part, after)]


def _once(base: Base, batch: Batch, after: After) -> list[Outcome]:
    """One transaction from locks to writes."""
    with base.pool.connection() as conn:
        outcomes = within(conn, base, batch)
        after(conn, outcomes)
        return outcomes


def within(conn: Connection, base: Base, batch: Batch) -> list[Outcome]:
    """Takes the batch in within the caller's transaction; a dry run leaves nothing, nor a spoiled atomic batch."""
    world, (decided,) = _decide(conn, base, [batch])
    if batch.fresh and not simply_taken(decided.outcomes):
        raise NotFresh
    if batch.mode == "atomic" and decided.held:
        decided = held_whole(decided, batch.rows, f"{len(decided.held)} rows of it are held")
    spoiled = batch.mode == "atomic" and any(o.refusal is not None for o in decided.outcomes)
    if spoiled or batch.mode == "dry-run":
        conn.rollback()
        return _spoiled(decided.outcomes) if spoiled else decided.outcomes
    write(conn, base, [batch], [decided], world)
    return decided.outcomes


def simply_taken(outcomes: Iterable[Outcome]) -> bool:
    """Whether no row was refused, held or known."""
    return all(outcome.status in TAKEN for outcome in outcomes)


def together(conn: Connection, base: Base, batches: Sequence[Batch]) -> list[list[Outcome]]:
    """Takes in batches of one sender, one after the other, each held, counted and journalled by itself.

    They are asked for and written as one; all are in the mode `continue`.
    """
    world, decided = _decide(conn, base, batches)
    write(conn, base, batches, decided, world)
    return [each.outcomes for each in decided]


def _decide(conn: Connection, base: Base, batches: Sequence[Batch]) -> tuple[World, list[Decided]]:
    """Each batch decided on what the ones before it left."""
    world, judged = load(conn, base, batches)
    desk, decided = Desk(world, batches[0].sender, batches[0].approved), []
    for batch, judgement in zip(batches, judged, strict=True):
        world.suspects = judgement.suspects
        decided.append(replace(desk.take(batch.rows, batch.forms), whole=judgement.whole is not None))
    return world, decided


def _answered(pool: Pool, outcomes: list[Outcome], after: After) -> list[Outcome]:
    """Outcomes of rows of which nothing was stored."""
    with pool.connection() as conn:
        after(conn, outcomes)
    return outcomes


def _spoiled(outcomes: list[Outcome]) -> list[Outcome]:
    """Good rows of an atomic batch are refused with it; repeats stay what they are."""
    refusal = errors.NotTried()
    return [Outcome("rejected", refusal=refusal) if o.status in _GOOD else o for o in outcomes]


def _locked() -> Outcome:
    refusal: Refusal = errors.AccountLocked("/account")
    return Outcome("retry", refusal=refusal)


def load(
    conn: Connection, base: Base, batches: Sequence[Batch], at: datetime | None = None
) -> tuple[World, list[gate.Judgement]]:
    """Takes the locks in their order, then asks everything the rules will; last what the gate says of each batch.

    `at`: when what is brought back was recorded.
    """
    closed_through = calendar.lock_shared(conn)
    q, sender = ask(row for batch in batches for row in batch.rows), batches[0].sender.provider
    register = state.register(conn)
    provider_no = register.numbers[sender]
    numbers = _locked_numbers(conn, q, provider_no)
    places = _locked_places(conn, q, numbers)
    # Only under the calendar's lock: what waited for a close was recorded after it.
    now = at or clock.now()
    world = World(Calendar(day_at(now), closed_through), now, numbers=numbers, places=places, named=q.named)
    world.services, world.providers = register.services, set(register.numbers)
    world.sender_no = provider_no
    if not all(batch.fresh for batch in batches):
        world.said = references.known(conn, provider_no, q.references)
    _load_more(conn, q, world, provider_no, sender)
    if batches[0].approved:
        return world, [gate.UNDOUBTED]
    asked = [q] if len(batches) == 1 else [ask(batch.rows) for batch in batches]
    return world, gate.doubt(conn, base.gate, world, batches, asked)


def _locked_numbers(conn: Connection, q: Questions, provider_no: int) -> dict[str, Account]:
    if not q.numbers:
        return {}
    if q.paybacks:
        q.numbers |= {place.account for place in references.assigned(conn, provider_no, q.paybacks).values()}
    if q.unknown:
        missing = q.unknown - streams.present(conn, q.unknown)
        if missing:
            streams.mention(conn, missing)
    return streams.lock(conn, q.numbers)


def _locked_places(conn: Connection, q: Questions, numbers: dict[str, Account]) -> dict[str, int]:
    places = {}
    if q.entities:
        places = {f"directory/{entity}": n for entity, n in state.lock_directory(conn, q.entities).items()}
    if q.holders:
        accounts = {numbers[number].id for number in q.holders if number in numbers}
        places |= {f"holder/{account}": n for account, n in state.lock_holders(conn, accounts).items()}
    return places


def _load_more(conn: Connection, q: Questions, world: World, provider_no: int, sender: str) -> None:
    """What only some kinds of fact ask; accounts by their ids, for the sender may have used an alias."""
    accounts = {number: account.id for number, account in world.numbers.items()}
    if q.named:
        world.corrected = references.corrected(conn, provider_no, q.named)
    if q.inherited:
        _load_inherited(conn, q, world, sender)
    if q.buildings:
        world.buildings = state.buildings(conn, q.buildings)
    if q.meters:
        world.meters = state.meters(conn, {(accounts.get(number, number), meter) for number, meter in q.meters})
    if q.connections:
        world.connections = state.connections(conn, {accounts.get(number, number) for number in q.connections})
    if q.carried:
        world.carrying = True
        world.charged = state.charged(conn, {accounts.get(number, number) for number in q.carried})
    if q.paybacks:
        _load_assigned(conn, q, world, provider_no, sender)
    if q.opened:
        world.waiting = state.waiting(conn, q.opened)


def _load_assigned(conn: Connection, q: Questions, world: World, provider_no: int, sender: str) -> None:
    """Asked again under the locks: an operator may have assigned a payment while they were waited for."""
    for reference, place in references.assigned(conn, provider_no, q.paybacks).items():
        if place.account not in world.numbers:
            raise streams.StreamMoved(place.account)
        world.assigned[sender, reference] = place


def _load_inherited(conn: Connection, q: Questions, world: World, sender: str) -> None:
    """Named facts of those whom the sender succeeded; a reference is one's own or belongs to exactly one of them."""
    if {provider for provider, _ in q.inherited} == {sender}:
        return
    world.predecessors = state.predecessors(conn, sender)
    for predecessor in world.predecessors:
        named = {reference for provider, reference in q.inherited if provider == predecessor}
        if named:
            found = references.corrected(conn, state.provider_no(conn, predecessor), named)
            world.inherited |= {(predecessor, reference): fact for reference, fact in found.items()}
