"""A proved account comes into a cabinet: at registration, and later."""

from datetime import datetime, timedelta

from common.clock import to_wire
from common.postgres import Connection
from identity.domain import user
from identity.domain.proof import Proof
from identity.domain.user import User
from identity.events import AccountLinked
from identity.handlers.desk import Desk
from identity.store import users


def linked(desk: Desk, conn: Connection, resident: User, account: str, proof: Proof, now: datetime) -> AccountLinked:
    """The fact of a new link; name and address stay masked for a while when somebody else has the account already.

    Call with the account held, so that of two first links at once the second is masked.
    """
    others = users.holders(conn, account, resident.id, now)
    until = to_wire(now + timedelta(hours=desk.config.masked_for_h)) if others else None
    return user.linked(resident, account, proof, until)
