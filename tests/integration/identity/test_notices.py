"""Notices by kind: who asked gets them, one click ends them."""

from datetime import date, timedelta
from urllib.parse import urlsplit

import pytest

from common.clock import now
from identity.events import StatementIssued
from identity.handlers import statements
from identity.handlers.statements import Issued
from tests.integration.identity.town import Town, json_of

Who = dict[str, str]


@pytest.fixture
def town(shared_town: Town) -> Town:
    """The file's town, called from an address of the test's own."""
    shared_town.source = f"198.51.100.{next(shared_town.numbers) % 250}"
    return shared_town


def issues(town: Town, account: str, version: int = 1, ago: timedelta = timedelta(0)) -> None:
    """The ledger issues October's statement of an account."""
    statement = StatementIssued(account, "2026-10", version, date(2026, 11, 25))
    with town.desk.pool.connection() as conn, conn.transaction():
        statements.hear(town.desk, conn, [Issued(statement, now() - ago)])


def wants(town: Town, who: Who, **kinds: bool) -> None:
    """Chooses notices."""
    assert town.call("PATCH", "/v1/me", {"notices": kinds}, **who).status_code == 200


def subjects(town: Town, name: str) -> list[str]:
    """What came by mail beside the confirmation."""
    return [str(letter["Subject"]) for letter in town.letters(f"{name}@example.kz")][1:]


def test_who_asked_hears_that_the_receipt_is_ready(town: Town) -> None:
    """Once, however often the topic says it; nobody else does; what was issued long ago is no news."""
    aigul = town.resident("no1", town.account("9201"), language="ru")
    town.resident("no1b", town.account("9202"))
    issues(town, "9201")
    assert subjects(town, "no1") == []
    wants(town, aigul, receipt_ready=True)
    for account in ("9201", "9201", "9202"):
        issues(town, account)
    issues(town, "9201", version=3, ago=timedelta(days=4))
    issues(town, "9201", version=2)
    ready = ["Квитанция за октябрь 2026 готова", "Исправленная квитанция за октябрь 2026 готова"]
    assert (subjects(town, "no1"), subjects(town, "no1b")) == (ready, [])


def test_the_letter_names_no_amount_and_goes_to_holders_only(town: Town) -> None:
    """An amount would be a proof in the hands of whoever reads the mail; removed accounts are silent."""
    aigul = town.resident("no2", town.account("9203"))
    wants(town, aigul, receipt_ready=True)
    issues(town, "9203")
    body = town.letters("no2@example.kz")[-1].get_body(("plain",))
    assert body is not None
    assert "2026 жылғы қазан" in body.get_content()
    assert "₸" not in body.get_content()
    town.call("DELETE", "/v1/me/accounts/9203", **aigul)
    issues(town, "9203", version=2)
    assert len(subjects(town, "no2")) == 1


def test_one_click_ends_a_kind_of_notices(town: Town) -> None:
    """RFC 8058 posts a form to the address of the header; looking changes nothing; a made-up address does nothing."""
    aigul = town.resident("no3", town.account("9204"))
    wants(town, aigul, receipt_ready=True)
    issues(town, "9204")
    address = urlsplit(str(town.letters("no3@example.kz")[-1]["List-Unsubscribe"]).strip("<>"))
    path = f"{address.path}?{address.query}"
    assert town.call("GET", path).status_code == 405
    assert json_of(town.call("GET", "/v1/me", **aigul))["notices"] == {"receipt_ready": True, "sign_in": True}
    with town.app.test_client() as client:
        assert client.post(path, data={"List-Unsubscribe": "One-Click"}).status_code == 204
        assert client.post("/v1/unsubscriptions?token=made-up", data={}).status_code == 400
    assert json_of(town.call("GET", "/v1/me", **aigul))["notices"] == {"receipt_ready": False, "sign_in": True}
    issues(town, "9204", version=2)
    assert len(subjects(town, "no3")) == 1


def test_a_sign_in_from_a_new_place_is_told(town: Town) -> None:
    """Not the first of all, not a known place, not when it is not wanted."""
    aigul = town.resident("no4", town.account("9205"))
    town.signs_in("no4")
    assert subjects(town, "no4") == []
    town.source = "203.0.113.77"
    town.signs_in("no4")
    town.signs_in("no4")
    assert subjects(town, "no4") == ["Жеке кабинетке жаңа жерден кірді"]
    wants(town, aigul, sign_in=False)
    town.source = "203.0.113.78"
    town.signs_in("no4")
    assert len(subjects(town, "no4")) == 1


def test_a_change_leaves_out_what_it_does_not_name(town: Town) -> None:
    """Language and notices are changed apart; an unknown kind is refused."""
    aigul = town.resident("no5", town.account("9206"))
    wants(town, aigul, receipt_ready=True)
    changed = json_of(town.call("PATCH", "/v1/me", {"language": "ru"}, **aigul))
    assert (changed["language"], changed["notices"]["receipt_ready"]) == ("ru", True)
    assert town.call("PATCH", "/v1/me", {"notices": {"sms": True}}, **aigul).status_code == 422
