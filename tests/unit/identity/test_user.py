"""A user is the fold of events; decisions say events and nothing else."""

from datetime import date

import pytest

from identity.domain import user
from identity.domain.proof import Proof
from identity.domain.user import Link, User, fold
from identity.errors import AccountNotFound, AlreadyLinked
from identity.events import AccountLinked, PasswordChanged, Said, UserClosed, UserConfirmed, UserRegistered

ID = "u-1"
REGISTERED: list[Said] = user.register(ID, "kk")
PROOF = Proof(41, date(2026, 10, 9))
UNTIL = "2026-11-04T05:12:07Z"


def linked(account: str, masked_until: str | None = None) -> AccountLinked:
    """The fact of a link."""
    return user.linked(User(ID), account, PROOF, masked_until)


CONFIRMED: list[Said] = [*REGISTERED, *user.confirm(fold(ID, REGISTERED), [linked("100"), linked("200", UNTIL)])]


def test_a_registration_waits() -> None:
    """Nothing is linked before the e-mail is confirmed."""
    assert fold(ID, REGISTERED) == User(ID, version=1, language="kk")


def test_confirming_opens_the_cabinet_and_links_what_was_proved() -> None:
    """Both accounts at once, each its own event."""
    resident = fold(ID, CONFIRMED)
    assert (resident.confirmed, resident.accounts, resident.version) == (True, frozenset({"100", "200"}), 4)
    assert resident.position == "user/u-1@4"


def test_confirming_again_says_nothing() -> None:
    """A second click on the link changes nothing."""
    assert user.confirm(fold(ID, CONFIRMED), [linked("100")]) == []


def test_a_closed_registration_cannot_be_confirmed() -> None:
    """Its link came too late."""
    assert user.confirm(fold(ID, [*REGISTERED, UserClosed(ID)]), [linked("100")]) == []


def test_an_account_is_linked_once() -> None:
    """The second time is a refusal that names the field."""
    resident = fold(ID, CONFIRMED)
    assert user.link(resident, linked("300")) == [linked("300")]
    with pytest.raises(AlreadyLinked) as refusal:
        user.link(resident, linked("100"))
    assert refusal.value.field == "/account"


def test_unlinking_takes_the_account_out() -> None:
    """And only an account that is there."""
    resident = fold(ID, CONFIRMED)
    assert fold(ID, [*CONFIRMED, *user.unlink(resident, "100")]).accounts == {"200"}
    with pytest.raises(AccountNotFound):
        user.unlink(resident, "999")


def test_revoking_ends_access_once() -> None:
    """A repeated handover says nothing more."""
    said = user.revoke(fold(ID, CONFIRMED), "100", "holder-changed")
    after = fold(ID, [*CONFIRMED, *said])
    assert after.accounts == {"200"}
    assert user.revoke(after, "100", "holder-changed") == []


def test_a_link_remembers_what_it_stands_on() -> None:
    """The fold has all that a rebuild needs; an event of the first days knows no proof."""
    assert fold(ID, CONFIRMED).links == {"100": Link(None, PROOF), "200": Link(UNTIL, PROOF)}
    assert fold(ID, [*REGISTERED, AccountLinked(ID, "100", "last-payment")]).links == {"100": Link(None, None)}


def test_unmasking_shows_the_holder_once() -> None:
    """Nothing to say where nothing is masked, or nothing linked."""
    resident = fold(ID, CONFIRMED)
    after = fold(ID, [*CONFIRMED, *user.unmask(resident, "200")])
    assert after.links["200"].masked_until is None
    assert user.unmask(after, "200") == user.unmask(resident, "100") == user.unmask(resident, "999") == []


def test_the_same_language_says_nothing() -> None:
    """Only a change is news."""
    resident = fold(ID, CONFIRMED)
    assert user.change_language(resident, "kk") == []
    assert fold(ID, [*CONFIRMED, *user.change_language(resident, "ru")]).language == "ru"


def test_closing_ends_all_access() -> None:
    """No account stays visible through a closed cabinet."""
    after = fold(ID, [*CONFIRMED, *user.close(fold(ID, CONFIRMED))])
    assert after.closed
    assert after.accounts == frozenset()
    assert user.close(after) == []


def test_every_event_counts_one_version() -> None:
    """Versions are gap-free, whatever the event changes."""
    said: list[Said] = [UserRegistered(ID, "ru"), UserConfirmed(ID), PasswordChanged(ID), PasswordChanged(ID)]
    assert fold(ID, said).version == 4
