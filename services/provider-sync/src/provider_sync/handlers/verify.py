"""Is everything still as it was appended? The store against the journal, the journal against what was acknowledged."""

import json
from collections.abc import Callable, Iterator
from datetime import datetime

from common.postgres import Connection
from provider_sync.config import SERVICE
from provider_sync.gateways.signing import BadSignature, signed_body
from provider_sync.handlers import acks
from provider_sync.handlers.base import Base
from provider_sync.store import seals, verify
from provider_sync.store.verify import Difference

WINDOW = 200_000
_ACCOUNTS = 5_000
Step = Callable[[str, int, int], None]
"""Told how far it is: what is looked at, how many more of it were seen, how many there are."""


def check(base: Base, since: datetime, step: Step) -> Iterator[str]:
    """Findings one by one, each a sentence; none means that nothing recorded since then was changed or removed.

    Events from before the journal was kept are only counted in their streams.
    """
    yield from _events(base, since, step)
    yield from _streams(base, step)
    yield from _chains(base, step)


def check_ack(base: Base, token: str) -> tuple[str, int]:
    """Whose acknowledgement this is and its number, if it is ours and the chain still holds it; raises BadSignature."""
    body = signed_body(token.strip(), acks.public_keys(base))
    said = json.loads(body)
    with base.pool.connection() as conn:
        stored = seals.body(conn, said["provider"], said["number"])
    if stored != body:
        raise BadSignature("the centre's chain holds another acknowledgement under this number")
    return said["provider"], said["number"]


def _events(base: Base, since: datetime, step: Step) -> Iterator[str]:
    with base.pool.connection() as conn:
        start, total = verify.since(conn, since)
        step("events", 0, total)
        for begin, end, events in verify.windows(conn, start, WINDOW) if start else ():
            yield from map(_sentence, verify.different(conn, begin, end))
            conn.commit()
            step("events", events, total)


def _sentence(d: Difference) -> str:
    where = f"batch {d.batch} of {d.source.removeprefix(f'/{SERVICE}/')}, recorded {d.recorded_at.isoformat()}"
    if d.said is None:
        return f"{where}: {d.found} events that the journal does not know"
    if d.found is None or d.found < d.said:
        return f"{where}: {d.said - (d.found or 0)} of {d.said} events were removed"
    if d.found > d.said:
        return f"{where}: {d.found - d.said} events were added to {d.said}"
    return f"{where}: of {d.said} events some were changed"


def _streams(base: Base, step: Step) -> Iterator[str]:
    """Sequences without a gap up to the head of each account."""
    after = ""
    with base.pool.connection() as conn:
        total = verify.accounts(conn)
        step("accounts", 0, total)
        while page := verify.streams(conn, after, _ACCOUNTS):
            for number, head, events, highest in page:
                if not head == events == highest:
                    yield f"account {number}: {events} events up to {highest}, the head says {head}"
            after = page[-1][0]
            conn.commit()
            step("accounts", len(page), total)


def _chains(base: Base, step: Step) -> Iterator[str]:
    with base.pool.connection() as conn:
        chained = verify.senders(conn)
        step("senders", 0, len(chained))
        for sender in chained:
            yield from _chain(conn, sender)
            conn.commit()
            step("senders", 1, len(chained))


def _chain(conn: Connection, sender: str) -> Iterator[str]:
    """Numbers without a gap, each link naming the digest of the one before, each about what the journal says."""
    expected, previous = 1, None
    while page := seals.page(conn, sender, expected - 1, 500):
        for stored in page:
            said = json.loads(stored.body)
            where = f"acknowledgement {stored.no} of {sender}"
            if (stored.no, said["number"], said["provider"]) != (expected, expected, sender):
                yield f"{where}: number {expected} is missing"
            if said["previous"] != previous:
                yield f"{where}: it does not follow the one before"
            told = {(e["batch"], e["at"], e["events"], e["sha256"]) for e in said["entries"]}
            if told != verify.sealed(conn, sender, stored.no):
                yield f"{where}: the journal was changed"
            expected, previous = stored.no + 1, acks.digest_of(stored.body)
