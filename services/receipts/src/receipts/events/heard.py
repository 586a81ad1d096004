"""What receipts hears besides statements: narrow readers that ignore what they do not use."""

from datetime import datetime

import msgspec

from common.envelope import full_type

STATEMENTS = "ledger.statements.v1"
DRAFTS = "ledger.drafts.v1"
HOLDERS = "provider-sync.holders.v1"
DIRECTORY = "provider-sync.directory.v1"
ACCOUNTS = "provider-sync.accounts.v1"
USERS = "identity.users.v1"

ISSUED = full_type("ledger", "statement.issued")
DRAFTED = full_type("ledger", "statement.drafted")
REFUSED = full_type("ledger", "statement.draft-refused")
HOLDER_STATED = full_type("provider-sync", "holder.stated")

DIRECTORY_STATED = full_type("provider-sync", "directory.stated")
RENUMBERED = full_type("provider-sync", "account.renumbered")
HOLDER_CHANGED = full_type("provider-sync", "account.holder-changed")

LINKED = full_type("identity", "account.linked")
UNMASKED = full_type("identity", "account.unmasked")
UNLINKED = full_type("identity", "account.unlinked")
REVOKED = full_type("identity", "access.revoked")
CLOSED = full_type("identity", "user.closed")
USERS_SKIPPED = frozenset(
    full_type("identity", name)
    for name in ("user.registered", "user.confirmed", "language.changed", "password.changed", "email.changed")
)
ACCOUNTS_SKIPPED = frozenset(
    full_type("provider-sync", name)
    for name in (
        "account.opened", "account.closed", "account.residents-changed", "account.area-changed", "service.connected",
        "service.disconnected", "meter.installed", "meter.removed", "meter.replacement-planned", "meter.read",
        "charge.posted", "charge.adjusted", "charge.reversed", "benefit.granted", "benefit.reversed", "penalty.accrued",
        "penalty.reversed", "payment.received", "payment.reversed", "balance.carried-in", "statement.reissue-requested",
        "period.closed",
    )
)  # fmt: skip


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


class Building(msgspec.Struct, frozen=True):
    """A building of the directory."""

    version: int
    address_ru: str = ""


class Renumbered(msgspec.Struct, frozen=True):
    """One more number of an account."""

    number: str


class HolderChanged(msgspec.Struct, frozen=True):
    """The account is in another name; `reason`: sold, inherited, name-corrected."""

    reason: str
