"""What goes in and out over HTTP."""

from datetime import date, datetime
from typing import Annotated, Literal
from uuid import UUID

from pydantic import Field, StringConstraints

from common.web import Model

Language = Literal["ru", "kk"]
Line = Annotated[str, StringConstraints(max_length=320)]
Secret = Annotated[str, StringConstraints(max_length=4096)]
Typed = Annotated[str, StringConstraints(max_length=64)]

AMOUNT = Field(description="Amount of the last payment as printed on its receipt: `1234,00` or `1 234,00`.")
PAID_ON = Field(None, description="Day of the last payment; asked for by `payment-date-required`.")


class Registration(Model):
    """The registration form of the cabinet."""

    user_name: Line
    email: Line
    password: Secret
    password_again: Secret
    language: Language = "ru"
    account: Typed = Field(description="Account number, or any earlier number of the account.")
    last_payment_amount: Typed = AMOUNT
    last_payment_date: date | None = PAID_ON


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


class ProfileChange(Model):
    """The language of letters and documents."""

    language: Language


class NewAccount(Model):
    """An account to add, with its proof."""

    account: Typed
    last_payment_amount: Typed = AMOUNT
    last_payment_date: date | None = PAID_ON
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
    position: str


class Account(Model):
    """A linked account: its id, its newest number, its nickname."""

    account: str
    number: str
    nickname: str | None
    linked_at: datetime
    closed: bool


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
    kind: str
    account: str | None


class Activity(Model):
    """A page of what happened; `next` leads to older entries."""

    entries: list[Entry]
    next: int | None


class KeySet(Model):
    """Public keys of access tokens (RFC 7517)."""

    keys: list[dict[str, str]]
