"""What receipts hears besides statements: narrow readers that ignore what they do not use."""

from datetime import datetime

import msgspec

from common.envelope import full_type

STATEMENTS = "ledger.statements.v1"
DRAFTS = "ledger.drafts.v1"
HOLDERS = "provider-sync.holders.v1"
USERS = "identity.users.v1"

ISSUED = full_type("ledger", "statement.issued")
DRAFTED = full_type("ledger", "statement.drafted")
REFUSED = full_type("ledger", "statement.draft-refused")
HOLDER_STATED = full_type("provider-sync", "holder.stated")

LINKED = full_type("identity", "account.linked")
UNMASKED = full_type("identity", "account.unmasked")
UNLINKED = full_type("identity", "account.unlinked")
REVOKED = full_type("identity", "access.revoked")
CLOSED = full_type("identity", "user.closed")
USERS_SKIPPED = frozenset(
    full_type("identity", name)
    for name in ("user.registered", "user.confirmed", "language.changed", "password.changed", "email.changed")
)


class Drafted(msgspec.Struct, frozen=True):
    """Which of our questions a draft answers."""

    request: str


class Refused(msgspec.Struct, frozen=True):
    """Why there is no draft."""

    request: str
    reason: str


class Link(msgspec.Struct, frozen=True):
    """A user's access to an account began or ended; until `masked_until` the holder is not shown in full."""

    user: str
    account: str
    masked_until: datetime | None = None


class Closed(msgspec.Struct, frozen=True):
    """A cabinet ended."""

    user: str
