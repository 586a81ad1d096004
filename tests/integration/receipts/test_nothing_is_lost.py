"""Processes and Redis die; every request still ends as one PDF."""

import pytest

from receipts.app.worker import celery
from receipts.examples.statements import full_statement
from tests.integration.receipts.house import House, eventually


@pytest.fixture
def position(house: House, user: str, account: str) -> str:
    """An account with a closed month, linked to the user."""
    house.issue(full_statement(account=account))
    eventually(lambda: house.sql("SELECT 1 FROM statements WHERE account = %s", account))
    return house.link(user, account)


def state(house: House, account: str) -> tuple[str, int] | None:
    """State and attempts of the account's document."""
    rows = house.sql("SELECT state, attempts FROM documents WHERE account = %s", account)
    return (rows[0][0], rows[0][1]) if rows else None


def test_a_worker_killed_while_it_renders_leaves_one_pdf(house: House, user: str, account: str, position: str) -> None:
    """kill -9 of parent and child in the middle: the lease runs out, the sweeper sends again, the next one ends it."""
    ident = house.ask(user, account, **{"Read-After": position}).json()["id"]
    eventually(lambda: (found := state(house, account)) and found[0] == "rendering")
    house.kill_worker()
    assert state(house, account) == ("rendering", 1)
    house.let_lease_run_out(account)
    house.start_worker()
    assert house.ended(user, ident)["state"] == "ready"
    assert state(house, account) == ("ready", 2)
    assert house.document(user, ident).content.startswith(b"%PDF")
    assert len(eventually(lambda: house.said("receipt.rendered", ident))) == 1


def test_an_emptied_redis_loses_no_request(house: House, user: str, account: str, position: str) -> None:
    """The messages are gone, the rows are not."""
    house.kill_worker()
    try:
        ident = house.ask(user, account, **{"Read-After": position}).json()["id"]
        eventually(lambda: state(house, account) == ("queued", 0))
        house.flush_redis()
    finally:
        house.start_worker()
    assert house.ended(user, ident)["state"] == "ready"


def test_a_message_that_comes_twice_renders_once(house: House, user: str, account: str, position: str) -> None:
    """Whoever comes second finds nothing to claim."""
    house.ended(user, house.ask(user, account, **{"Read-After": position}).json()["id"])
    code = house.sql("SELECT code FROM documents WHERE account = %s", account)[0][0]
    task = celery(house.config).tasks["receipts.render"]
    task(code)
    assert state(house, account) == ("ready", 1)


def test_a_document_that_never_succeeds_ends_as_a_stated_failure(
    house: House, user: str, account: str, position: str
) -> None:
    """Three attempts, then the reason; no endless redelivery."""
    with house.frozen_worker():
        ident = house.ask(user, account, **{"Read-After": position}).json()["id"]
        house.sql("UPDATE documents SET attempts = 3 WHERE account = %s RETURNING 1", account)
        view = house.ended(user, ident)
    assert (view["state"], view["reason"]["code"]) == ("failed", "render-failed")
    assert eventually(lambda: house.said("receipt.failed", ident))


def test_what_is_taken_for_done_before_it_is_done_would_be_lost(
    house: House, user: str, account: str, position: str
) -> None:
    """M5 is caught: acknowledged early, a document is taken up by nobody; its lease alone brings it back."""
    ident = house.ask(user, account, **{"Read-After": position}).json()["id"]
    eventually(lambda: (found := state(house, account)) and found[0] == "rendering")
    house.kill_worker()
    house.sql("UPDATE documents SET lease_until = 'infinity' WHERE account = %s RETURNING 1", account)
    house.start_worker()
    other = f"9{account[1:]}"
    house.issue(full_statement(account=other))
    eventually(lambda: house.sql("SELECT 1 FROM statements WHERE account = %s", other))
    after = house.link(user, other)
    assert house.ended(user, house.ask(user, other, **{"Read-After": after}).json()["id"])["state"] == "ready"
    assert state(house, account) == ("rendering", 1)
    house.let_lease_run_out(account)
    assert house.ended(user, ident)["state"] == "ready"
