"""Who sees what: foreign is answered like missing."""

import time
from pathlib import Path

import pytest

from common.envelope import full_type
from common.ids import uuid7
from receipts.examples.statements import full_statement
from tests.integration.receipts.house import House, eventually


@pytest.fixture
def ready(house: House, user: str, account: str) -> str:
    """A receipt of the user that stands ready."""
    house.name(account)
    house.issue(full_statement(account=account))
    eventually(lambda: house.sql("SELECT 1 FROM statements JOIN holders USING (account) WHERE account = %s", account))
    position = house.link(user, account)
    return str(house.ended(user, house.ask(user, account, **{"Read-After": position}).json()["id"])["id"])


def test_a_foreign_account_is_answered_like_a_missing_one(house: House, account: str, ready: str) -> None:
    """The same status and code for what exists and what does not."""
    stranger = str(uuid7())
    foreign, missing = house.ask(stranger, account), house.ask(stranger, "999999999")
    assert foreign.status_code == missing.status_code == 404
    assert foreign.json()["code"] == missing.json()["code"]
    own, none = (house.http.get(f"/v1/receipts/{i}", headers=house.signed_in(stranger)) for i in (ready, uuid7()))
    assert own.status_code == none.status_code == 404
    assert house.document(stranger, ready).status_code == 404


def test_an_unlinked_account_takes_its_receipts_along(house: House, user: str, account: str, ready: str) -> None:
    """After account.unlinked the user's own old receipt is gone for them too."""
    position = house.link(user, account, "account.unlinked")
    found = house.http.get(f"/v1/receipts/{ready}", headers=house.signed_in(user, **{"Read-After": position}))
    assert found.status_code == 404
    assert house.ask(user, account).status_code == 404


@pytest.mark.parametrize("what", ["access.revoked", "user.closed"])
def test_revoked_access_ends_at_once(house: House, user: str, account: str, ready: str, what: str) -> None:
    """A sale or the end of the cabinet ends access like an unlinking."""
    position = house.link(user, account, what)
    assert house.ask(user, account, **{"Read-After": position}).status_code == 404


def test_a_masked_link_shows_initials_only(house: House, user: str, account: str, ready: str) -> None:
    """While the link is on probation the document is another one, without name and address."""
    newcomer = str(uuid7())
    position = house.link(newcomer, account, masked_until="2099-01-01T00:00:00Z")
    view = house.ended(newcomer, house.ask(newcomer, account, **{"Read-After": position}).json()["id"])
    masked = house.document(newcomer, view["id"]).content
    assert masked != house.document(user, ready).content
    holders = house.sql("SELECT masked, state FROM documents WHERE account = %s ORDER BY masked", account)
    assert holders == [(False, "ready"), (True, "ready")]


def test_nobody_gets_in_without_a_good_token(house: House, user: str, account: str, ready: str) -> None:
    """None, rubbish, expired, for somebody else, of another kind: 401, a problem, nothing more."""
    past = int(time.time()) - 10
    bad = ["", "rubbish", house.token(user, exp=past), house.token(user, aud="other"), house.token(user, iss="other")]
    for token in bad:
        answer = house.http.get(f"/v1/receipts/{ready}", headers={"Authorization": f"Bearer {token}"} if token else {})
        assert (answer.status_code, answer.json()["code"]) == (401, "not-signed-in")
        assert answer.headers["Content-Type"] == "application/problem+json"


def test_what_is_not_visible_yet_is_said_so(house: House, user: str, account: str, ready: str) -> None:
    """A position from the future is no 404."""
    answer = house.ask(user, account, **{"Read-After": f"user/{user}@99"})
    assert (answer.status_code, answer.json()["code"]) == (503, "not-yet-visible")
    assert "Retry-After" in answer.headers


def test_an_erased_holder_takes_the_documents_along(house: House, user: str, account: str, ready: str) -> None:
    """Name, row and file go; the receipt ends as a stated failure and can be asked for anew, without the name."""
    digest = house.sql("SELECT digest FROM documents WHERE account = %s", account)[0][0]
    file = Path(house.config.files_dir) / digest[:2] / f"{digest}.pdf"
    assert file.exists()
    house.say("provider-sync.holders.v1", account, full_type("provider-sync", "holder.stated"), None)
    eventually(lambda: not house.sql("SELECT 1 FROM documents WHERE account = %s", account))
    assert not file.exists()
    assert house.ended(user, ready)["reason"]["code"] == "erased"
    assert house.sql("SELECT name FROM holders WHERE account = %s", account) == [("",)]
    again = house.ended(user, house.ask(user, account).json()["id"])
    assert again["state"] == "ready"
