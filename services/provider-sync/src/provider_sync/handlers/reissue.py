"""Statements shown anew: version 2 repeats the money of version 1 and corrects only what was shown (decision 7)."""

from collections.abc import Sequence
from typing import Any, NamedTuple

import msgspec

from common import clock
from common.period import Period
from common.postgres import Connection
from provider_sync import errors
from provider_sync.domain.decided import Appended
from provider_sync.domain.world import UNKNOWN, Account, position_of
from provider_sync.handlers.base import Act, Base, check_reason
from provider_sync.handlers.written import Said, events_of, say
from provider_sync.store import calendar, keys, months, shapes, state, streams

LIMIT = 10_000
CENTRE = "centre"
KIND = "statement.reissue-requested"


class Asked(NamedTuple):
    """A statement that the ledger was asked to show anew."""

    account: str
    version: int
    position: str | None


def reissue(base: Base, period: Period, numbers: Sequence[str], corrects: str, by: Act) -> list[Asked]:
    """Asks for a new version of issued statements; all accounts or none.

    Raises NotClosed, UnknownAccounts, ReasonMissing.
    """
    check_reason(by)
    with base.pool.connection() as conn:
        through = calendar.lock_shared(conn)
        if through is None or period > through:
            raise errors.NotClosed(period=period)
        accounts = _locked(conn, numbers)
        versions = months.next_versions(conn, period, sorted(accounts))
        asked = [_say(accounts[ident], period, versions[ident], corrects, by) for ident in sorted(accounts)]
        streams.move(conn, accounts.values())
        state.add_providers(conn, [CENTRE])
        batch = f"reissue/{period}"
        events = events_of(asked, clock.now().isoformat(), batch)
        say(conn, base, [Said(batch, events, {})], shapes.ready(events))
        detail = {"accounts": sorted(accounts), "corrects": corrects}
        keys.audit(conn, by.who, "periods.reissue", period, detail, by.why)
    return [Asked(e.account, versions[e.account], position_of(e.account, e.version)) for e in asked]


def _locked(conn: Connection, numbers: Sequence[str]) -> dict[str, Account]:
    """The accounts behind the numbers; raises UnknownAccounts."""
    found = streams.lock(conn, numbers)
    unknown = [n for n in numbers if n not in found or found[n].standing == UNKNOWN]
    if unknown:
        raise errors.UnknownAccounts(numbers=", ".join(n[:20] for n in unknown[:20]))
    return {account.id: account for account in found.values()}


def _say(account: Account, period: Period, version: int, corrects: str, by: Act) -> Appended:
    account.version += 1
    data: dict[str, Any] = {
        "provider": CENTRE, "reference": f"reissue-{period}-{version}", "period": period, "version": version,
        "corrects": corrects, "reason": by.why, "requested_by": by.who,
    }  # fmt: skip
    at = clock.now().isoformat()
    text = msgspec.json.encode(data).decode()
    return Appended(account.id, account.partition, account.version, KIND, CENTRE, at, text)
