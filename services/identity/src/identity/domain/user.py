"""A resident as the fold of events: what may be decided, and what each event changes."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import NamedTuple

from identity.domain.proof import Proof
from identity.errors import AccountNotFound, AlreadyLinked
from identity.events import (
    AccessRevoked,
    AccountLinked,
    AccountUnlinked,
    AccountUnmasked,
    EmailChanged,
    LanguageChanged,
    PasswordChanged,
    RevokedWhy,
    Said,
    UserClosed,
    UserConfirmed,
    UserRegistered,
)


class Link(NamedTuple):
    """The user may see an account; until `masked_until` (RFC 3339) without the holder's name and address."""

    masked_until: str | None
    proof: Proof | None


@dataclass(frozen=True)
class User:
    """State of one stream: no personal data, only what the events say."""

    id: str
    version: int = 0
    language: str = "ru"
    confirmed: bool = False
    closed: bool = False
    links: Mapping[str, Link] = field(default_factory=dict)

    @property
    def accounts(self) -> frozenset[str]:
        """The accounts the user may see."""
        return frozenset(self.links)

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
        case AccountLinked():
            return replace(user, links={**user.links, event.account: Link(event.masked_until, _proof_of(event))})
        case AccountUnmasked(account=account) if account in user.links:
            return replace(user, links={**user.links, account: user.links[account]._replace(masked_until=None)})
        case AccountUnlinked(account=account) | AccessRevoked(account=account):
            return replace(user, links={known: link for known, link in user.links.items() if known != account})
        case UserClosed():
            return replace(user, closed=True, links={})
        case _:
            return user


def _proof_of(event: AccountLinked) -> Proof | None:
    """Events of the first days did not say what the link stands on."""
    if event.proof_sequence is None or event.proof_day is None:
        return None
    return Proof(event.proof_sequence, event.proof_day, event.proof)


def register(user_id: str, language: str) -> list[Said]:
    """A cabinet that waits for its e-mail to be confirmed."""
    return [UserRegistered(user=user_id, language=language)]


def confirm(user: User, proved: Sequence[AccountLinked]) -> list[Said]:
    """The e-mail is the resident's: the accounts proved at registration take effect. A second time changes nothing."""
    return [] if user.confirmed or user.closed else [UserConfirmed(user=user.id), *proved]


def linked(user: User, account: str, proof: Proof, masked_until: str | None) -> AccountLinked:
    """The fact that a proved account is in the cabinet."""
    return AccountLinked(
        user=user.id,
        account=account,
        proof=proof.kind,
        masked_until=masked_until,
        proof_sequence=proof.sequence,
        proof_day=proof.day,
    )


def link(user: User, fact: AccountLinked) -> list[Said]:
    """One more account; raises AlreadyLinked."""
    if fact.account in user.links:
        raise AlreadyLinked(field="/account")
    return [fact]


def unmask(user: User, account: str) -> list[Said]:
    """A present holder knows the user; nothing to say where nothing is masked."""
    found = user.links.get(account)
    return [AccountUnmasked(user=user.id, account=account)] if found and found.masked_until else []


def unlink(user: User, account: str) -> list[Said]:
    """The resident removes an account; raises AccountNotFound."""
    if account not in user.links:
        raise AccountNotFound
    return [AccountUnlinked(user=user.id, account=account)]


def revoke(user: User, account: str, reason: RevokedWhy) -> list[Said]:
    """Access ends, whatever the resident says: another holder, or an operator."""
    return [AccessRevoked(user=user.id, account=account, reason=reason)] if account in user.links else []


def change_language(user: User, language: str) -> list[Said]:
    """The same language again says nothing."""
    return [] if language == user.language else [LanguageChanged(user=user.id, language=language)]


def change_password(user: User) -> list[Said]:
    """The password itself stays in identity's table; the event only says that it changed."""
    return [PasswordChanged(user=user.id)]


def change_email(user: User) -> list[Said]:
    """The address itself stays in identity's table; the event only says that it changed."""
    return [EmailChanged(user=user.id)]


def close(user: User) -> list[Said]:
    """The cabinet ends, or a registration that nobody confirmed."""
    return [] if user.closed else [UserClosed(user=user.id)]
