"""What goes in and out over HTTP."""

from datetime import date, datetime
from typing import Annotated, Literal
from uuid import UUID

from pydantic import Field, StringConstraints

from common.web import Model
from identity.store.activity import Kind

Language = Literal["ru", "kk"]
Line = Annotated[str, StringConstraints(max_length=320)]
Secret = Annotated[str, StringConstraints(max_length=4096)]
Typed = Annotated[str, StringConstraints(max_length=64)]

AMOUNT = Field(
    None,
    description="Amount of the last payment as printed on its receipt: `1234,00`, `1 234,00` or `1234, 00`. "
    "Either this or `one_time_code`.",
)
PAID_ON = Field(None, description="Day of the last payment; asked for by `payment-date-required`.")


CODE = Field(
    None, description="Instead of the amount: a code from the centre's operator, for an account without payments."
)


class Registration(Model):
    """The registration form of the cabinet."""

    user_name: Line
    email: Line
    password: Secret
    password_again: Secret
    language: Language = "ru"
    account: Typed = Field(description="Account number, or any earlier number of the account.")
    last_payment_amount: Typed | None = AMOUNT
    last_payment_date: date | None = PAID_ON
    one_time_code: Typed | None = CODE


class Address(Model):
    """An e-mail address."""

    email: Line


class Token(Model):
    """The token of a link in a mail."""

    token: Secret


class Credentials(Model):
    """User name or e-mail, and password."""

    login: Line
    password: Secret
    code: Typed | None = Field(
        None, description="Asked for by `second-factor-required`: six digits of the app, or a recovery code."
    )


class RefreshToken(Model):
    """A refresh token; it is good once."""

    refresh_token: Secret


class NewPassword(Model):
    """A new password for whoever holds the token from the mail."""

    token: Secret
    password: Secret
    password_again: Secret


class PasswordChange(Model):
    """A new password for whoever knows the current one."""

    current_password: Secret
    password: Secret
    password_again: Secret


class Notices(Model):
    """Which notices come by mail. Letters about the cabinet's safety come always."""

    receipt_ready: bool = Field(description="The receipt of a linked account is ready.")
    sign_in: bool = Field(description="Somebody signed in from a new place.")


class NoticesChange(Model):
    """Notices to begin or to end; what is left out stays."""

    receipt_ready: bool | None = None
    sign_in: bool | None = None


class ProfileChange(Model):
    """The language of letters and documents, and notices; what is left out stays."""

    language: Language | None = None
    notices: NoticesChange | None = None


class EmailChange(Model):
    """Another address, for whoever knows the password."""

    current_password: Secret
    email: Line


class CurrentPassword(Model):
    """The password once more, before something that only the owner may do."""

    current_password: Secret


class Code(Model):
    """Six digits of the authenticator app, or a recovery code."""

    code: Typed


class SecondFactorRemoval(Model):
    """Password and code once more."""

    current_password: Secret
    code: Typed


class NoticeAnswer(Model):
    """What a present holder says of a new link."""

    answer: Literal["known", "not-me"]


class NoticePath(Model):
    """A question by the token of its letter."""

    token: Annotated[str, StringConstraints(min_length=1, max_length=128)]


class LinkToken(Model):
    """The token of a letter's link, in the address."""

    token: Annotated[str, StringConstraints(min_length=1, max_length=512)]


class NewAccount(Model):
    """An account to add, with its proof."""

    account: Typed
    last_payment_amount: Typed | None = AMOUNT
    last_payment_date: date | None = PAID_ON
    one_time_code: Typed | None = CODE
    nickname: Typed | None = Field(None, description="What the resident calls it: 'grandmother'.")


class AccountChange(Model):
    """Another nickname; null removes it."""

    nickname: Typed | None


class AccountPath(Model):
    """An account by any of its numbers."""

    number: Typed


class SessionPath(Model):
    """A session by its id."""

    id: UUID


class Page(Model):
    """Which part of a list, newest first."""

    limit: int = Field(50, ge=1, le=200)
    after: int | None = Field(None, ge=1, le=2**62, description="The `next` of the page before.")


class Accepted(Model):
    """The request was taken; what follows comes by mail."""

    state: Literal["accepted"] = "accepted"


class Opened(Model):
    """The cabinet is open; reads that name the position see its accounts."""

    position: str
    accounts: list[str]


class Tokens(Model):
    """Access for ten minutes, and a refresh token for the next ten."""

    access_token: str
    token_type: Literal["Bearer"] = "Bearer"  # noqa: S105  # the scheme's name, not a secret
    expires_in: int
    refresh_token: str
    position: str


class Session(Model):
    """A signed-in device."""

    id: UUID
    device: str
    started_at: datetime
    used_at: datetime
    current: bool


class Sessions(Model):
    """All signed-in devices, the last used first."""

    sessions: list[Session]


class Profile(Model):
    """Who the resident is."""

    user: str
    user_name: str
    email: str
    language: Language
    notices: Notices
    second_factor: bool = Field(description="Whether signing in asks for a code.")
    recovery_codes_left: int
    position: str


class SecondFactorSetup(Model):
    """For the authenticator app: the secret, and the same as the address that a QR code holds."""

    secret: str
    uri: str


class RecoveryCodes(Model):
    """Each signs in once when the telephone is lost; shown this once."""

    recovery_codes: list[str]


class LinkNotice(Model):
    """A question to a present holder: the account is in one more cabinet since then; `answer`: what was said."""

    account: str
    linked_at: datetime
    answer: Literal["known", "not-me"] | None


class Account(Model):
    """A linked account: its id, its newest number, its nickname."""

    account: str
    number: str
    nickname: str | None
    linked_at: datetime
    closed: bool
    masked_until: datetime | None = Field(
        description="Until then name and address are hidden, for the account was in another cabinet before."
    )


class Accounts(Model):
    """The accounts of the cabinet in the order they were added."""

    accounts: list[Account]


class AddedAccount(Model):
    """The account is linked; reads that name the position see it."""

    account: Account
    position: str


class Position(Model):
    """Reads that name the position see the change."""

    position: str


class Entry(Model):
    """Something that happened in the cabinet."""

    id: int
    at: datetime
    kind: Kind
    account: str | None
    operator: str | None = Field(description="The operator of the centre who did it, if one did.")
    reason: str | None = Field(description="The operator's reason.")


class Activity(Model):
    """A page of what happened; `next` leads to older entries."""

    entries: list[Entry]
    next: int | None


class KeySet(Model):
    """Public keys of access tokens (RFC 7517)."""

    keys: list[dict[str, str]]
