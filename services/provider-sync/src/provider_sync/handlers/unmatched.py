"""Payments without an account: an operator assigns one to an account, or it goes back to its payer."""

import msgspec

from common import clock
from common.period import day_at
from common.postgres import Connection
from provider_sync import errors
from provider_sync.domain.decide import Desk
from provider_sync.domain.posting import Calendar
from provider_sync.domain.sender import Sender
from provider_sync.domain.world import UNKNOWN, Account, Waiting, World, position_of
from provider_sync.handlers.base import Act, Base, check_reason
from provider_sync.handlers.intake import Batch
from provider_sync.handlers.written import write
from provider_sync.store import calendar, keys, state, streams, unmatched


def assign(base: Base, provider: str, reference: str, account: str, act: Act) -> str | None:
    """Gives a waiting payment, and what undoes it, to an account; returns its position.

    The event names the number it was sent under, who decided and why. Raises NotWaiting, UnknownAccount, ReasonMissing.
    """
    check_reason(act)
    with base.pool.connection() as conn:
        number, numbers = _locked(conn, provider, reference, account)
        entries = _waiting(conn, provider, reference)
        found = numbers.get(account)
        if found is None or found.standing == UNKNOWN:
            raise errors.UnknownAccount("/account", account=account[:40])
        said = {"number": number, "by": act.who, "reason": act.why}
        version = _settle(conn, base, entries, found, said)
        keys.audit(conn, act.who, "unmatched.assign", f"{provider}/{reference}", said | {"account": found.id}, act.why)
    return position_of(found.id, version)


def give_back(base: Base, provider: str, reference: str, act: Act) -> None:
    """The money goes back to its payer: the payment will match no account any more.

    Raises NotWaiting, AlreadyReversed (its sender took it back), ReasonMissing.
    """
    check_reason(act)
    with base.pool.connection() as conn:
        number, _ = _locked(conn, provider, reference)
        if len(_waiting(conn, provider, reference)) > 1:
            raise errors.AlreadyReversed("/reference", reference=reference)
        unmatched.give_back(conn, provider, reference, clock.now(), act.who, act.why)
        keys.audit(conn, act.who, "unmatched.return", f"{provider}/{reference}", {"number": number}, act.why)


def _locked(conn: Connection, provider: str, reference: str, *accounts: str) -> tuple[str, dict[str, Account]]:
    """The payment's number with all streams concerned locked in the one order: it cannot open meanwhile."""
    calendar.lock_shared(conn)
    number = unmatched.number_of(conn, provider, reference)
    if number is None:
        raise errors.NotWaiting("/reference", reference=reference[:100])
    return number, streams.lock(conn, {number, *accounts})


def _waiting(conn: Connection, provider: str, reference: str) -> list[Waiting]:
    entries = unmatched.waiting(conn, provider, reference)
    if not entries:
        raise errors.NotWaiting("/reference", reference=reference[:100])
    return entries


def _settle(conn: Connection, base: Base, entries: list[Waiting], account: Account, said: dict[str, str]) -> int:
    """Appends the payment as intake would have done; returns its sequence."""
    now = clock.now()
    world = World(Calendar(day_at(now), calendar.months(conn)[0]), now, numbers={account.id: account})
    register, sender = state.register(conn), Sender.of(entries[0].provider, ())
    world.services, world.sender_no = register.services, register.numbers[sender.provider]
    desk = Desk(world, sender)
    desk.settle(entries, account, f'"assigned":{msgspec.json.encode(said).decode()},')
    write(conn, base, [Batch(sender, (), said["by"])], [desk.decided], world)
    return desk.decided.matched[0].version
