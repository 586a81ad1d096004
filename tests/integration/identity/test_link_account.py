"""Several accounts in one cabinet, one account in several cabinets."""

from datetime import date

import pytest

from identity.events import AccountClosed, AccountRenumbered, HolderChanged, PaymentReversed, Reference
from tests.integration.identity.town import Town, code_of, json_of, payment


@pytest.fixture
def aigul(town: Town) -> dict[str, str]:
    """A resident with one account, and two more accounts in the town."""
    town.account("100")
    town.account("200", tenge=7_700)
    town.account("300", tenge=9_900)
    return town.resident("aigul", "100")


def test_a_second_account_is_added_with_its_own_proof(town: Town, aigul: dict[str, str]) -> None:
    """Grandmother's flat, called so."""
    added = town.adds(aigul, "200", "7 700,00", nickname="әжемнің үйі")
    assert added.status_code == 201
    assert json_of(added)["account"]["nickname"] == "әжемнің үйі"
    assert json_of(added)["position"].endswith("@4")
    assert added.headers["Location"] == "/v1/me/accounts/200"
    assert town.accounts(aigul) == ["100", "200"]


def test_a_key_gets_the_same_answer_again(town: Town, aigul: dict[str, str]) -> None:
    """A repeat after a lost answer costs no try and says nothing twice; another body under the key is refused."""
    first, second = (town.adds(aigul, "200", "7700,00", key="k") for _ in range(2))
    assert (first.status_code, first.data) == (second.status_code, second.data)
    assert code_of(town.adds(aigul, "300", "9900,00", key="k")) == "idempotency-key-reused"
    wrong, again = (town.adds(aigul, "300", "1,00", key="w") for _ in range(2))
    assert code_of(wrong) == code_of(again) == "proof-failed"
    spent = town.rows("SELECT key, cardinality(spent_at) FROM budgets WHERE kind = 'account' ORDER BY key")
    assert spent == [("100", 1), ("200", 1), ("300", 1)]


def test_a_mistake_of_form_leaves_the_key_free(town: Town, aigul: dict[str, str]) -> None:
    """Nothing was done under it; without a key nothing is done at all."""
    assert code_of(town.adds(aigul, "200", "7700.00", key="k")) == "amount-format"
    assert code_of(town.adds(aigul, "200", "7700,00", key="k", nickname="two\nlines")) == "nickname-format"
    assert town.adds(aigul, "200", "7700,00", key="k").status_code == 201
    bare = town.call("POST", "/v1/me/accounts", {"account": "300", "last_payment_amount": "9900,00"}, **aigul)
    assert (bare.status_code, code_of(bare)) == (400, "idempotency-key-required")


def test_the_same_account_is_not_added_twice(town: Town, aigul: dict[str, str]) -> None:
    """Not under another of its numbers either; it costs no try."""
    town.hears("100", AccountRenumbered("N-100"), first=9)
    assert code_of(town.adds(aigul, "N-100")) == "already-linked"
    assert town.rows("SELECT cardinality(spent_at) FROM budgets WHERE kind = 'account'") == [(1,)]


def test_any_number_of_an_account_leads_to_it(town: Town, aigul: dict[str, str]) -> None:
    """The id stays in events, the newest number is shown; tries of all its numbers are the account's."""
    town.hears("200", AccountRenumbered("N-1"), AccountRenumbered("N-2"), first=8)
    for guess in range(3):
        town.adds(aigul, "N-1", f"{guess},00")
    added = json_of(town.adds(aigul, "N-1", "7700,00"))["account"]
    assert (added["account"], added["number"]) == ("200", "N-2")
    assert town.rows("SELECT cardinality(spent_at) FROM budgets WHERE key = '200'") == [(4,)]
    assert town.call("DELETE", "/v1/me/accounts/N-1", **aigul).status_code == 200
    assert town.accounts(aigul) == ["100"]


def test_a_nickname_can_be_changed_and_taken_away(town: Town, aigul: dict[str, str]) -> None:
    """It is no event: only its owner sees it."""
    renamed = town.call("PATCH", "/v1/me/accounts/100", {"nickname": "Дом"}, **aigul)
    assert json_of(renamed)["nickname"] == "Дом"
    assert json_of(town.call("PATCH", "/v1/me/accounts/100", {"nickname": None}, **aigul))["nickname"] is None
    assert town.rows("SELECT count(*) FROM events") == [(3,)]


def test_a_removed_account_can_be_added_again(town: Town, aigul: dict[str, str]) -> None:
    """With its proof, like any other."""
    removed = town.call("DELETE", "/v1/me/accounts/100", **aigul)
    assert json_of(removed)["position"].endswith("@4")
    assert town.accounts(aigul) == []
    assert town.adds(aigul, "100").status_code == 201


def test_somebody_elses_account_is_answered_like_none(town: Town, aigul: dict[str, str]) -> None:
    """404 with the same body for a foreign account and for one that does not exist."""
    town.resident("samal", "200", last_payment_amount="7700,00")
    for method, body in (("DELETE", None), ("PATCH", {"nickname": "mine"})):
        foreign, absent = (town.call(method, f"/v1/me/accounts/{n}", body, **aigul) for n in ("200", "999"))
        assert foreign.status_code == absent.status_code == 404
        assert json_of(foreign) | {"instance": ""} == json_of(absent) | {"instance": ""}
    assert town.rows("SELECT count(*) FROM links WHERE account = '200'") == [(1,)]


def test_present_holders_hear_of_a_new_link(town: Town, aigul: dict[str, str]) -> None:
    """Each in their own language, at once; the newcomer gets no such letter."""
    before = len(town.letters("aigul@example.kz"))
    town.resident("samal", "300", language="ru", last_payment_amount="9900,00")
    town.adds(town.resident("daniyar", "200", last_payment_amount="7700,00"), "100")
    letters = town.letters("aigul@example.kz")[before:]
    assert [letter["Subject"] for letter in letters] == ["Дербес шотыңыз басқа кабинетке қосылды"]
    assert len(town.letters("daniyar@example.kz")) == 1


@pytest.mark.parametrize("reason", ["sold", "inherited"])
def test_a_handover_revokes_access(town: Town, aigul: dict[str, str], reason: str) -> None:
    """The link goes, an event says so once, a letter explains; the old payment proves nothing any more."""
    sale = HolderChanged(date(2026, 11, 15), reason)
    for _ in range(2):
        town.hears("100", sale, first=5)
    assert town.accounts(aigul) == []
    assert town.rows("SELECT data::json->>'account' FROM events WHERE type LIKE '%%access.revoked%%'") == [("100",)]
    assert town.letters("aigul@example.kz")[-1]["Subject"] == "Дербес шот кабинетіңізде енді қолжетімсіз"
    assert code_of(town.adds(aigul, "100")) == "proof-failed"


def test_a_repeated_handover_spares_the_new_holder(town: Town, aigul: dict[str, str]) -> None:
    """Who proved with a payment made since keeps the account, whatever the topic repeats."""
    sale = HolderChanged(date(2026, 11, 15), "sold")
    town.hears("100", sale, first=5)
    town.hears("100", payment("P-9", 15_000, "2026-11-18"), first=6)
    assert town.adds(aigul, "100", "15000,00").status_code == 201
    town.hears("100", sale, first=5)
    assert town.accounts(aigul) == ["100"]


def test_a_corrected_name_and_a_closed_account_revoke_nothing(town: Town, aigul: dict[str, str]) -> None:
    """The debt stays readable, and a closed account can still be linked."""
    town.hears("100", HolderChanged(date(2026, 11, 15), "name-corrected"), AccountClosed(), first=5)
    town.hears("200", AccountClosed(), first=5)
    assert town.adds(aigul, "200", "7700,00").status_code == 201
    accounts = json_of(town.call("GET", "/v1/me/accounts", **aigul))["accounts"]
    assert [(a["account"], a["closed"]) for a in accounts] == [("100", True), ("200", True)]


def test_a_reversed_payment_proves_nothing(town: Town, aigul: dict[str, str]) -> None:
    """Even when the reversal was heard before the payment."""
    town.hears("400", PaymentReversed(Reference("bank", "P-2")), first=4)
    town.hears("400", payment("P-1", 5_000, "2026-10-09"), payment("P-2", 6_000, "2026-11-09"), first=2)
    assert code_of(town.adds(aigul, "400", "6000,00")) == "proof-failed"
    assert town.adds(aigul, "400", "5000,00").status_code == 201


def test_what_happened_is_listed(town: Town, aigul: dict[str, str]) -> None:
    """Newest first, in pages."""
    town.adds(aigul, "200", "7700,00")
    town.call("DELETE", "/v1/me/accounts/200", **aigul)
    first = json_of(town.call("GET", "/v1/me/activity?limit=3", **aigul))
    rest = json_of(town.call("GET", f"/v1/me/activity?limit=3&after={first['next']}", **aigul))
    kinds = [(entry["kind"], entry["account"]) for entry in first["entries"] + rest["entries"]]
    assert kinds == [
        ("account-unlinked", "200"),
        ("account-linked", "200"),
        ("signed-in", None),
        ("account-linked", "100"),
        ("confirmed", None),
        ("registered", None),
    ]


def test_an_odd_page_is_refused(town: Town, aigul: dict[str, str]) -> None:
    """At most 200 entries at once."""
    for query in ("limit=1000000000", "limit=0", "after=-1", "after=x", "offset=-1"):
        assert town.call("GET", f"/v1/me/activity?{query}", **aigul).status_code == 422, query
