"""What the gate knows, made anew from the events: after a repair of its tables, or when they are not believed."""

from collections.abc import Callable, Sequence

from common.postgres import Connection
from provider_sync.handlers.base import Act, Base, check_reason
from provider_sync.handlers.rehearse import decode, remembered
from provider_sync.store import calendar, gate, keys, rehearsal, streams

_PAGE = 500

Step = Callable[[str, int, int], None]


def relearn(base: Base, by: Act, step: Step) -> int:
    """Charges and homes of all accounts, a few hundred at a time, beside intake; returns how many accounts.

    Interrupted, it is simply run again. Raises ReasonMissing, and LockNotAvailable when an account stays locked.
    """
    check_reason(by)
    with base.pool.connection() as conn:
        total = rehearsal.how_many(conn)
        gate.note_all_connected(conn)
        keys.audit(conn, by.who, "gate.relearn", "history", {"accounts": total}, by.why)
    step("accounts", 0, total)
    done, last = 0, ""
    while True:
        with base.pool.connection() as conn:
            page = rehearsal.accounts(conn, last, _PAGE)
            if not page:
                return done
            _anew(conn, page)
        done, last = done + len(page), page[-1]
        step("accounts", len(page), total)


def _anew(conn: Connection, accounts: Sequence[str]) -> None:
    """Under the locks of intake, so that nothing is learned of these accounts meanwhile."""
    calendar.lock_shared(conn)
    streams.lock(conn, accounts)
    learned, homes = remembered((fact, decode(fact.data)) for fact in rehearsal.past_of(conn, accounts))
    gate.forget(conn, accounts)
    if homes:
        gate.settle(conn, homes)
    if learned:
        # By month: a newer one takes the place that last year's has.
        gate.learn(conn, dict(sorted(learned.items(), key=lambda item: item[0][1])))
