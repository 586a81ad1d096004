"""A resident as the fold of events: what may be decided, and what each event changes."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from identity.errors import AccountNotFound, AlreadyLinked
from identity.events import (
    AccessRevoked,
    AccountLinked,
    AccountUnlinked,
    LanguageChanged,
    PasswordChanged,
    Said,
    UserClosed,
    UserConfirmed,
    UserRegistered,
)


@dataclass(frozen=True)
class User:
    """State of one stream: no personal data, only what the events say."""

    id: str
    version: int = 0
    language: str = "ru"
    confirmed: bool = False
    closed: bool = False
    accounts: frozenset[str] = frozenset()

    @property
    def position(self) -> str:
        """`user/<id>@7`: what a reader waits for."""
        return f"user/{self.id}@{self.version}"


def fold(user_id: str, events: Iterable[Said]) -> User:
    """The state after all events of a stream, in their order."""
    user = User(user_id)
    for event in events:
        user = evolve(user, event)
    return user


def evolve(user: User, event: Said) -> User:
    """The state after one more event."""
    user = replace(user, version=user.version + 1)
    match event:
        case UserRegistered(language=language) | LanguageChanged(language=language):
            return replace(user, language=language)
        case UserConfirmed():
            return replace(user, confirmed=True)
        case AccountLinked(account=account):
            return replace(user, accounts=user.accounts | {account})
        case AccountUnlinked(account=account) | AccessRevoked(account=account):
            return replace(user, accounts=user.accounts - {account})
        case UserClosed():
            return replace(user, closed=True, accounts=frozenset())
        case _:
            return user


def register(user_id: str, language: str) -> list[Said]:
    """A cabinet that waits for its e-mail to be confirmed."""
    return [UserRegistered(user=user_id, language=language)]


def confirm(user: User, accounts: Sequence[str]) -> list[Said]:
    """The e-mail is the resident's: the accounts proved at registration take effect. A second time changes nothing."""
    if user.confirmed or user.closed:
        return []
    linked = [AccountLinked(user=user.id, account=account, proof="last-payment") for account in accounts]
    return [UserConfirmed(user=user.id), *linked]


def link(user: User, account: str) -> list[Said]:
    """One more account, proved by its last payment; raises AlreadyLinked."""
    if account in user.accounts:
        raise AlreadyLinked(field="/account")
    return [AccountLinked(user=user.id, account=account, proof="last-payment")]


def unlink(user: User, account: str) -> list[Said]:
    """The resident removes an account; raises AccountNotFound."""
    if account not in user.accounts:
        raise AccountNotFound
    return [AccountUnlinked(user=user.id, account=account)]


def revoke(user: User, account: str, reason: str) -> list[Said]:
    """Access ends because the account has another holder."""
    return [AccessRevoked(user=user.id, account=account, reason=reason)] if account in user.accounts else []


def change_language(user: User, language: str) -> list[Said]:
    """The same language again says nothing."""
    return [] if language == user.language else [LanguageChanged(user=user.id, language=language)]


def change_password(user: User) -> list[Said]:
    """The password itself stays in identity's table; the event only says that it changed."""
    return [PasswordChanged(user=user.id)]


def close(user: User) -> list[Said]:
    """A registration nobody confirmed ends."""
    return [] if user.closed else [UserClosed(user=user.id)]
