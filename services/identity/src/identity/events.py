"""What identity says (ids only, never a name or an address) and what it hears."""

from datetime import date
from typing import Any, Literal

import msgspec

from common.envelope import full_type
from common.eventtypes import Register

SAYS = Register("identity")
USERS = "identity.users.v1"
KEYS = "identity.keys.v1"

_USER = "0192f0c1-7a2b-7c3d-8e4f-5a6b7c8d9e0f"
_ACCOUNT = "100000123"

ProofKind = Literal["last-payment", "one-time-code"]
RevokedWhy = Literal["holder-changed", "operator"]


def _linked(cls: Any) -> Any:
    proof: dict[str, Any] = {"proof": "last-payment", "proof_sequence": 41, "proof_day": date(2026, 10, 9)}
    return cls(user=_USER, account=_ACCOUNT, masked_until="2026-11-04T05:12:07.123456Z", **proof)


# Says: one stream per user, gap-free.


@SAYS.says("user.registered", USERS, lambda cls: cls(user=_USER, language="kk"))
class UserRegistered(msgspec.Struct, frozen=True):
    """Somebody registered with a good proof; the e-mail is not confirmed yet."""

    user: str
    language: str


@SAYS.says("user.confirmed", USERS, lambda cls: cls(user=_USER))
class UserConfirmed(msgspec.Struct, frozen=True):
    """The e-mail was confirmed: the cabinet is open."""

    user: str


@SAYS.says("email.changed", USERS, lambda cls: cls(user=_USER))
class EmailChanged(msgspec.Struct, frozen=True):
    """Another address was confirmed, or the old one restored; the addresses stay in identity's table."""

    user: str


@SAYS.says("language.changed", USERS, lambda cls: cls(user=_USER, language="ru"))
class LanguageChanged(msgspec.Struct, frozen=True):
    """The resident reads and is written to in another language."""

    user: str
    language: str


@SAYS.says("password.changed", USERS, lambda cls: cls(user=_USER))
class PasswordChanged(msgspec.Struct, frozen=True):
    """The password was changed, by its owner or by a reset link."""

    user: str


@SAYS.says("account.linked", USERS, _linked)
class AccountLinked(msgspec.Struct, frozen=True):
    """The user may see the account; name and address stay masked until `masked_until`, null when nothing is masked.

    `proof_sequence`, `proof_day`: what the link stands on, a payment or a code; a later sale or inheritance voids it.
    """

    user: str
    account: str
    proof: ProofKind
    masked_until: str | None = None
    proof_sequence: int | None = None
    proof_day: date | None = None


@SAYS.says("account.unmasked", USERS, lambda cls: cls(user=_USER, account=_ACCOUNT))
class AccountUnmasked(msgspec.Struct, frozen=True):
    """A present holder knows the user: name and address are shown from now on."""

    user: str
    account: str


@SAYS.says("account.unlinked", USERS, lambda cls: cls(user=_USER, account=_ACCOUNT))
class AccountUnlinked(msgspec.Struct, frozen=True):
    """The user removed the account from the cabinet."""

    user: str
    account: str


@SAYS.says("access.revoked", USERS, lambda cls: cls(user=_USER, account=_ACCOUNT, reason="holder-changed"))
class AccessRevoked(msgspec.Struct, frozen=True):
    """Access ended: the account has another holder, or an operator ended it."""

    user: str
    account: str
    reason: str


@SAYS.says("user.closed", USERS, lambda cls: cls(user=_USER))
class UserClosed(msgspec.Struct, frozen=True):
    """The cabinet ended; all its access ends."""

    user: str


Said = (
    UserRegistered
    | UserConfirmed
    | EmailChanged
    | LanguageChanged
    | PasswordChanged
    | AccountLinked
    | AccountUnmasked
    | AccountUnlinked
    | AccessRevoked
    | UserClosed
)

_JWK = {"kty": "EC", "crv": "P-256", "x": "YWX9n2Sv61efK1rGA2XLuegXkhpl7P4s-IiXrNb9Mio"}


@SAYS.says(
    "key.published",
    KEYS,
    lambda cls: cls(
        version=2,
        kid="4XpHHbPLVwBCkObmBE7g0_BHcvVN3o9vxbQCriVcKOc",
        state="active",
        jwk=_JWK | {"y": "qHxFqA0qkYn7m5Rqf0k9f0sSUeEyO3nKcvDnZU--kAg"},
    ),
)
class KeyPublished(msgspec.Struct, frozen=True):
    """A public key of access tokens, on a compacted topic: the newest version of each key counts."""

    version: int
    kid: str
    state: Literal["next", "active", "retired"]
    jwk: dict[str, str]


_TYPE_OF = {kind.data: kind.full for kind in SAYS.types.values()}


def type_of(event: Said | KeyPublished) -> str:
    """The full CloudEvents type of an event."""
    return _TYPE_OF[type(event)]


def said(type_name: str, data: str) -> Said:
    """A stored event of identity.users.v1 as its class; raises KeyError for a type that is none of ours."""
    event: Any = msgspec.json.decode(data, type=SAYS.types[type_name].data)
    return event  # type: ignore[no-any-return]  # the register holds classes of Said for this topic


# Hears: narrow readers of provider-sync.accounts.v1, and of ledger.statements.v1 one type, the only one there.

ACCOUNTS = "provider-sync.accounts.v1"


class AccountOpened(msgspec.Struct, frozen=True):
    """The account exists; its id is the record's key."""


class AccountClosed(msgspec.Struct, frozen=True):
    """A closed account stays readable and linkable: its debt does too."""


class AccountRenumbered(msgspec.Struct, frozen=True):
    """The account got one more number; the old ones stay."""

    number: str


class HolderChanged(msgspec.Struct, frozen=True):
    """The account is in another name; sale and inheritance end what was proved before."""

    effective_from: date
    reason: str

    @property
    def hands_over(self) -> bool:
        """Whether somebody else holds the account now."""
        return self.reason in ("sold", "inherited")


class Reference(msgspec.Struct, frozen=True):
    """Names a fact of a provider."""

    provider: str
    reference: str


class PaymentReceived(msgspec.Struct, frozen=True):
    """Money came in: what residents prove themselves by."""

    provider: str
    reference: str
    paid_at: str
    amount: int


class PaymentReversed(msgspec.Struct, frozen=True):
    """A payment that never was."""

    reverses: Reference


Heard = AccountOpened | AccountClosed | AccountRenumbered | HolderChanged | PaymentReceived | PaymentReversed

STATEMENTS = "ledger.statements.v1"


class StatementIssued(msgspec.Struct, frozen=True):
    """The month is closed and the receipt can be had; from version 2 on something that was shown is corrected."""

    account: str
    period: str
    version: int
    due_date: date


STATEMENT_ISSUED = full_type("ledger", "statement.issued")

HEARS: dict[str, Any] = {
    full_type("provider-sync", name): cls
    for name, cls in {
        "account.opened": AccountOpened,
        "account.closed": AccountClosed,
        "account.renumbered": AccountRenumbered,
        "account.holder-changed": HolderChanged,
        "payment.received": PaymentReceived,
        "payment.reversed": PaymentReversed,
    }.items()
}

SKIPS = frozenset(
    full_type("provider-sync", name)
    for name in (
        "account.residents-changed",
        "account.area-changed",
        "service.connected",
        "service.disconnected",
        "meter.installed",
        "meter.removed",
        "meter.replacement-planned",
        "meter.read",
        "charge.posted",
        "charge.adjusted",
        "charge.reversed",
        "benefit.granted",
        "benefit.reversed",
        "penalty.accrued",
        "penalty.reversed",
        "balance.carried-in",
        "statement.reissue-requested",
        "period.closed",
    )
)
