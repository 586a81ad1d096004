"""A resident asks for a receipt and gets it."""

import io
from typing import Any
from urllib.parse import unquote

import pytest
from pypdf import PdfReader

from common.ids import uuid7
from receipts.examples.statements import drafted_statement, full_statement
from tests.integration.receipts.house import House, eventually


@pytest.fixture
def closed(house: House, user: str, account: str) -> str:
    """An account with a closed October that the user may see; answers the position of the link."""
    house.name(account)
    house.issue(full_statement(account=account))
    position = house.link(user, account)
    eventually(lambda: house.sql("SELECT 1 FROM statements JOIN holders USING (account) WHERE account = %s", account))
    return position


def words(pdf: bytes) -> str:
    """The text of a document."""
    return " ".join(" ".join(page.extract_text() for page in PdfReader(io.BytesIO(pdf)).pages).split())


def test_a_closed_month_becomes_a_pdf(house: House, user: str, account: str, closed: str) -> None:
    """202 with a place to look, then the document with name, sums and Kazakh letters."""
    asked = house.ask(user, account, language="kk", **{"Read-After": closed})
    assert asked.status_code == 202, asked.text
    assert asked.headers["Location"] == f"/v1/receipts/{asked.json()['id']}"
    assert asked.headers["Retry-After"] == "1"
    view = house.ended(user, asked.json()["id"])
    assert (view["state"], view["pages"]) == ("ready", 1)
    answer = house.document(user, view["id"])
    assert answer.headers["Content-Type"] == "application/pdf"
    assert f"Түбіртек_2026-10_{account}.pdf" in unquote(answer.headers["Content-Disposition"])
    text = words(answer.content)
    assert "Әбділдаұлы Ғани" in text
    assert "2026 жылғы қазан" in text
    assert "11 538,41 ₸" in text.replace("\u00a0", " ")


def test_the_same_facts_are_rendered_once(house: House, user: str, account: str, closed: str) -> None:
    """The second request, with another key, is answered 200 at once and has the same bytes."""
    first = house.ended(user, house.ask(user, account, **{"Read-After": closed}).json()["id"])
    again = house.ask(user, account)
    assert (again.status_code, again.json()["state"]) == (200, "ready")
    assert again.json()["id"] != first["id"]
    assert house.document(user, first["id"]).content == house.document(user, again.json()["id"]).content
    assert house.sql("SELECT attempts FROM documents WHERE account = %s", account) == [(1,)]
    eventually(lambda: house.said("receipt.rendered", again.json()["id"]))


def test_a_repeated_request_is_the_same_request(house: House, user: str, account: str, closed: str) -> None:
    """The same key and body give the first receipt; the same key with another body is refused."""
    key = str(uuid7())
    first = house.ask(user, account, **{"Read-After": closed, "Idempotency-Key": key}).json()
    assert house.ask(user, account, **{"Idempotency-Key": key}).json()["id"] == first["id"]
    other = house.ask(user, account, language="kk", **{"Idempotency-Key": key})
    assert (other.status_code, other.json()["code"]) == (422, "idempotency-key-reused")


def test_a_document_can_be_fetched_in_parts_and_only_when_it_changed(
    house: House, user: str, account: str, closed: str
) -> None:
    """ETag, If-None-Match and Range work as RFC 9110 says."""
    view = house.ended(user, house.ask(user, account, **{"Read-After": closed}).json()["id"])
    whole = house.document(user, view["id"])
    tag = whole.headers["ETag"]
    assert house.document(user, view["id"], **{"If-None-Match": tag}).status_code == 304
    part = house.document(user, view["id"], Range="bytes=0-7")
    assert (part.status_code, part.content) == (206, whole.content[:8])


def test_an_open_month_is_asked_of_the_ledger(house: House, user: str, account: str, closed: str) -> None:
    """The draft that answers exactly our question becomes a provisional document."""
    after = f"{closed}, account/{account}@41"
    asked = house.ask(user, account, "2026-11", **{"Read-After": after}).json()
    question = house.question(asked["id"], 1)
    assert question["after"] == [f"account/{account}@41"]
    house.answer_draft(f"{uuid7()}.1", drafted_statement(account=account))
    house.answer_draft(question["request"], drafted_statement(account=account))
    view = house.ended(user, asked["id"])
    assert view["state"] == "ready", view
    text = words(house.document(user, asked["id"]).content)
    assert "Предварительно: месяц ещё не закрыт" in text
    assert "9 038,41 ₸" in text.replace("\u00a0", " ")


def test_two_drafts_of_the_same_facts_are_one_document(house: House, user: str, account: str, closed: str) -> None:
    """The moment of asking is no fact: it does not make another document."""
    asked = [house.ask(user, account, "2026-11", **{"Read-After": closed}).json()["id"] for _ in range(2)]
    for number, ident in enumerate(asked):
        draft = drafted_statement(account=account, cut_off=f"2026-11-18T0{number}:30:00Z")
        house.answer_draft(house.question(ident, 1)["request"], draft)
    assert [house.ended(user, ident)["state"] for ident in asked] == ["ready", "ready"]
    assert house.sql("SELECT count(*) FROM documents WHERE account = %s", account) == [(1,)]


def test_a_month_that_closes_meanwhile_gives_the_final_receipt(house: House, user: str, account: str) -> None:
    """A request that waits for a draft takes the issued statement when that comes first."""
    position = house.link(user, account)
    asked = house.ask(user, account, **{"Read-After": position}).json()
    house.issue(full_statement(account=account))
    assert house.ended(user, asked["id"])["state"] == "ready"


def test_a_refused_draft_is_asked_once_more_and_then_told(house: House, user: str, account: str, closed: str) -> None:
    """The second refusal ends the request with its reason, in the reader's language."""
    asked = house.ask(user, account, "2026-12", **{"Read-After": closed}).json()
    for number in (1, 2):
        house.refuse_draft(house.question(asked["id"], number)["request"], account, "2026-12", "period-not-open")
    view: dict[str, Any] = house.ended(user, asked["id"])
    assert (view["state"], view["reason"]["code"]) == ("failed", "period-not-open")
    assert "За этот месяц счёта нет" in view["reason"]["detail"]
    assert house.document(user, asked["id"]).status_code == 409
    assert eventually(lambda: house.said("receipt.failed", asked["id"]))[0]["reason"] == "period-not-open"


def test_a_question_without_an_answer_ends_as_a_stated_failure(
    house: House, user: str, account: str, closed: str
) -> None:
    """Nothing waits for ever."""
    asked = house.ask(user, account, "2026-12", **{"Read-After": closed}).json()
    house.let_deadline_pass(asked["id"])
    assert house.ended(user, asked["id"])["reason"]["code"] == "no-answer"


def test_a_printed_code_can_be_checked_by_anybody(house: House, user: str, account: str, closed: str) -> None:
    """Masked account, month and sum; a newer version of the statement makes it superseded."""
    house.ended(user, house.ask(user, account, **{"Read-After": closed}).json()["id"])
    code = house.sql("SELECT code FROM documents WHERE account = %s", account)[0][0]
    typed = "-".join(code[i : i + 4] for i in range(0, 16, 4)).lower()
    found = house.http.get(f"/v1/verify/{typed}").json()
    assert found["account"].endswith(account[-4:])
    assert account not in str(found)
    assert (found["period"], found["amount"], found["superseded"]) == ("2026-10", "11538.41", False)
    house.issue(full_statement(account=account, version=2))
    eventually(lambda: house.http.get(f"/v1/verify/{code}").json()["superseded"])
    page = house.http.get(f"/v1/verify/{code}", headers={"Accept": "text/html"})
    assert "заменена более новой" in page.text
    newer = house.http.get(f"/v1/verify/{code}").json()["superseded_by"]
    assert (newer["version"], newer["amount"]) == (2, "11538.41")
    assert "версия 2: к оплате 11\u00a0538,41\u00a0₸" in page.text
    assert house.http.get("/v1/verify/AAAABBBBCCCCDDDD").status_code == 404


def test_a_code_nobody_issued_is_told_so_in_the_readers_language(house: House) -> None:
    """A browser gets a page that says what to do, everybody else a problem document."""
    headers = {"Accept": "text/html", "Accept-Language": "kk"}
    page = house.http.get("/v1/verify/AAAABBBBCCCCDDDD", headers=headers)
    assert (page.status_code, page.headers["Content-Type"]) == (404, "text/html; charset=utf-8")
    assert "Бізде мұндай түбіртек жоқ" in page.text
