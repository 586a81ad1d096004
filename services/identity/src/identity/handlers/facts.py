"""What the accounts topic says, applied in the transaction of the batch that brought it."""

from collections.abc import Sequence

from common.clock import now as clock
from common.postgres import Connection
from identity.domain import user
from identity.handlers import notices
from identity.handlers.desk import Desk
from identity.projections import Fact, rows_of
from identity.store import accounts, users


def hear(desk: Desk, conn: Connection, facts: Sequence[Fact]) -> None:
    """Keeps numbers and payments; ends the access that a sale or an inheritance voids."""
    rows = rows_of(facts)
    accounts.remember(conn, rows)
    for user_id, account in accounts.hand_over(conn, rows):
        _revoke(desk, conn, user_id, account)


def _revoke(desk: Desk, conn: Connection, user_id: str, account: str) -> None:
    now = clock()
    resident = users.lock(conn, user_id)
    said = user.revoke(resident, account, "holder-changed") if resident else []
    if resident and said:
        notices.tell_of_revocation(desk, conn, user_id, account, "holder-changed", now)
        desk.append(conn, resident, said, now)
