"""The gate at work: asks the history about a batch, set by set, and names the rows to hold (decision 8)."""

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, NamedTuple

from common.errors import Refusal
from common.postgres import Connection
from provider_sync import errors
from provider_sync.domain import plausible
from provider_sync.domain.facts import ChargePosted
from provider_sync.domain.plausible import Charges, Odd, Rules, Suspects
from provider_sync.domain.posting import is_month
from provider_sync.domain.questions import Questions
from provider_sync.domain.world import HELD, World
from provider_sync.store import gate, held

if TYPE_CHECKING:
    from provider_sync.handlers.intake import Batch


class Judgement(NamedTuple):
    """The rows to hold, and why the batch is one decision; None when its rows stand for themselves."""

    suspects: Suspects
    whole: str | None = None


UNDOUBTED = Judgement({})


def doubt(
    conn: Connection, rules: Rules, world: World, batches: Sequence["Batch"], asked: Sequence[Questions]
) -> list[Judgement]:
    """What the gate says of each batch, as if it came alone; all locks are held. Fills the world's doubts.

    `asked` are the questions of each batch.
    """
    before = [reference for reference, known in world.said.items() if known.version == HELD]
    if before:
        rows = held.doubts(conn, world.sender_no, before)
        world.doubts = {reference: said_again(code, params) for reference, code, params in rows}
    odd = _odd_of(conn, rules, asked, world) if len(batches) > 1 else None
    return [
        _judged(conn, rules, q, world, batch) if odd is None or _is_judged(q, rules, odd) else UNDOUBTED
        for q, batch in zip(asked, batches, strict=True)
    ]


def _is_judged(q: Questions, rules: Rules, odd: set[str]) -> bool:
    """Whether a batch among others can be odd at all."""
    return bool(q.residents) or len(q.charges) >= rules.batch.rows or not odd.isdisjoint(f.reference for f in q.charges)


def _odd_of(conn: Connection, rules: Rules, asked: Sequence[Questions], world: World) -> set[str]:
    """References above the lowest threshold, of all batches in one question for each service and month."""
    groups = grouped((fact for q in asked for fact in q.charges), world)
    if not groups or not rules.judges_charges:
        return set()
    found: set[str] = set()
    for group in groups:
        rows = _odd(conn, rules, group)
        found |= {group.references[row.row] for row in rows}
    return found


def _judged(conn: Connection, rules: Rules, q: Questions, world: World, batch: "Batch") -> Judgement:
    suspects = _residents(conn, rules, q, world) if q.residents and rules.residents.times else {}
    if not q.charges:
        return Judgement(suspects)
    sent = Sent(batch.sender.provider, batch.correlation, len(batch.rows), batch.part)
    judgement = suspects_of(conn, rules, grouped(q.charges, world), sent)
    return judgement._replace(suspects=suspects | judgement.suspects)


def said_again(code: str, params: dict[str, object]) -> Refusal:
    """A stored doubt."""
    return errors.by_code(code)(None, None, **params)


def _residents(conn: Connection, rules: Rules, q: Questions, world: World) -> Suspects:
    accounts = {world.numbers[f.account].id for f in q.residents if f.account in world.numbers}
    homes = gate.homes(conn, accounts)
    found: Suspects = {}
    for fact in q.residents:
        account = world.numbers.get(fact.account)
        before = homes.get(account.id, ("", None))[1] if account else None
        reason = plausible.residents_jump(before, fact.residents, rules.residents)
        if reason is not None:
            found[fact.reference] = reason
    return found


class Sent(NamedTuple):
    """What the gate must know of a batch beside its charges; a `part` is bound by what was decided of those before."""

    provider: str
    correlation: str
    rows: int
    part: bool


def suspects_of(conn: Connection, rules: Rules, groups: Sequence[Charges], sent: Sent) -> Judgement:
    """Judges the charges of a batch."""
    if not groups or not rules.judges_charges:
        return Judgement({})
    suspects: Suspects = {}
    for group in groups:
        suspects |= judge(conn, rules, group)
    why = _whole(conn, rules, groups, suspects, sent)
    if why is not None:
        with_batch = errors.BatchHeld(why=why)
        suspects = {r: suspects.get(r, with_batch) for group in groups for r in group.references}
    return Judgement(suspects, why)


def grouped(charges: Iterable[ChargePosted], world: World) -> list[Charges]:
    """The charges by service and month; repeats, unknown accounts, services and months are others' to refuse."""
    groups: dict[tuple[str, str], Charges] = {}
    said, numbers, services = world.said, world.numbers, world.services
    for fact in charges:
        account = numbers.get(fact.account)
        if account is None or fact.reference in said:
            continue
        place = (fact.service, fact.period)
        group = groups.get(place)
        if group is None:
            if fact.service not in services or not is_month(fact.period):
                continue
            group = groups[place] = Charges(fact.service, fact.period, [], [], [])
        group.references.append(fact.reference)
        group.accounts.append(account.id)
        group.tenge.append(fact.amount // 100)
    return list(groups.values())


def judge(conn: Connection, rules: Rules, charges: Charges) -> Suspects:
    """The rows of one service and month that are to be held; one question, and more only if something is odd."""
    own, odd = rules.of(charges.service), _odd(conn, rules, charges)
    if not odd:
        return {}
    dearer = _dearer(conn, charges)
    suspects = plausible.far(charges, odd, own, dearer)
    rows = plausible.jumped(charges, odd, own, dearer)
    if rows:
        places = gate.homes(conn, {charges.accounts[row.row] for row in rows})
        homes = gate.houses(conn, {building for building, _ in places.values()})
        suspects = plausible.buildings_jumped(charges, rows, own, homes) | suspects
    return suspects


def _odd(conn: Connection, rules: Rules, charges: Charges) -> list[Odd]:
    """The rows above the lowest threshold of any rule."""
    own = rules.of(charges.service)
    times = plausible.lowest_times(own)
    if not times and not own.connected:
        return []
    months = plausible.months_compared(charges.period, own.usual)
    return gate.odd(conn, charges, months, times, connected=own.connected)


def _dearer(conn: Connection, charges: Charges) -> float:
    return plausible.rise(gate.tariffs(conn, charges.service), charges.period)


def _whole(conn: Connection, rules: Rules, groups: Sequence[Charges], suspects: Suspects, sent: Sent) -> str | None:
    """Why the batch is one decision; None when its rows stand for themselves."""
    if plausible.is_one_decision(suspects, sent.rows, rules.batch):
        return f"{len(suspects)} of {sent.rows} rows are odd"
    for group in groups:
        if len(group.references) >= rules.batch.rows and _total_far(conn, rules, group, sent.provider):
            return f"the total of {group.service} for {group.period} is far above the months before"
    if sent.part and held.is_whole(conn, sent.provider, sent.correlation):
        return "an earlier part of it is held"
    return None


def _total_far(conn: Connection, rules: Rules, group: Charges, provider: str) -> bool:
    own = rules.of(group.service)
    if not own.total_times:
        return False
    compared = plausible.periods_compared(group.period)
    charged = gate.charged(conn, provider, group.service, [*compared, group.period])
    so_far, batch = charged.pop(group.period, 0), sum(group.tenge) * 100
    if not plausible.total_far(so_far, batch, list(charged.values()), own, 1.0):
        return False
    return plausible.total_far(so_far, batch, list(charged.values()), own, _dearer(conn, group))
