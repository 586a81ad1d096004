"""Several receipts as one file; other numbers of an account; what a sale takes away."""

import io
import zipfile

import pikepdf
import pytest

from receipts.examples.statements import full_statement
from tests.integration.receipts.house import House, eventually


@pytest.fixture
def ready(house: House, user: str, account: str) -> list[str]:
    """Two ready receipts of the user: September and October."""
    for period in ("2026-09", "2026-10"):
        house.issue(full_statement(account=account, period=period))
    eventually(lambda: house.sql("SELECT count(*) FROM statements WHERE account = %s", account) == [(2,)])
    position = house.link(user, account)
    asked = [house.ask(user, account, month, **{"Read-After": position}) for month in ("2026-09", "2026-10")]
    return [house.ended(user, answer.json()["id"])["id"] for answer in asked]


def test_several_receipts_are_one_pdf_or_one_zip(house: House, user: str, ready: list[str]) -> None:
    """All pages in the order asked, the same bytes each time; the zip holds the very documents."""
    headers = house.signed_in(user)
    one = house.http.get("/v1/receipts/joined", params={"id": ready}, headers=headers).raise_for_status()
    again = house.http.get("/v1/receipts/joined", params={"id": ready}, headers=headers)
    assert one.content == again.content
    with pikepdf.Pdf.open(io.BytesIO(one.content)) as joined:
        assert len(joined.pages) == 2
    packed = house.http.get("/v1/receipts/joined", params={"id": ready, "format": "zip"}, headers=headers)
    with zipfile.ZipFile(io.BytesIO(packed.content)) as archive:
        documents = [archive.read(name) for name in archive.namelist()]
    assert documents == [house.document(user, ident).content for ident in ready]


def test_a_foreign_receipt_among_them_is_like_a_missing_one(house: House, user: str, ready: list[str]) -> None:
    """404 for the whole, whatever else is asked."""
    headers = house.signed_in("0192f0c1-7a2b-7c3d-8e4f-5a6b7c8d9e0f")
    foreign = house.http.get("/v1/receipts/joined", params={"id": ready}, headers=headers)
    assert (foreign.status_code, foreign.json()["code"]) == (404, "not-found")
    assert house.http.get("/v1/receipts/joined", headers=house.signed_in(user)).status_code == 422


def test_a_receipt_is_asked_for_by_any_number_of_the_account(house: House, user: str, account: str) -> None:
    """A renumbered account answers to its new number; the document belongs to the account."""
    house.issue(full_statement(account=account))
    house.renumber(account, f"{account}7")
    eventually(lambda: house.sql("SELECT 1 FROM aliases JOIN statements USING (account) WHERE account = %s", account))
    asked = house.ask(user, f"{account}7", **{"Read-After": house.link(user, account)})
    assert asked.status_code == 202, asked.text
    assert house.ended(user, asked.json()["id"])["account"] == account


def test_a_sale_ends_the_links_that_were_made_before_it(house: House, user: str, account: str) -> None:
    """Ready receipts are gone for the old holder at once; a link made later stands; a corrected name ends nothing."""
    house.issue(full_statement(account=account))
    position = house.link(user, account)
    ident = house.ended(user, house.ask(user, account, **{"Read-After": position}).json()["id"])["id"]
    house.sell(account, "name-corrected")
    house.sell(account)
    eventually(lambda: house.document(user, ident).status_code == 404)
    position = house.link(user, account)
    assert house.ask(user, account, **{"Read-After": position}).status_code in (200, 202)
