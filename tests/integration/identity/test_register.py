"""From the form to a cabinet with an account in it."""

from datetime import date, timedelta
from typing import Any

from identity.events import HolderChanged
from tests.integration.identity.conftest import MakeTown
from tests.integration.identity.town import PASSWORD, Town, bearer, code_of, json_of, payment


def test_a_resident_registers_confirms_and_signs_in(town: Town) -> None:
    """The whole way: form, letter, confirmation, sign-in, account."""
    town.account("100000123")
    assert town.registers("aigul", "100000123", "13\u00a0500, 00").status_code == 202
    assert town.rows("SELECT count(*) FROM links") == [(0,)]
    confirmed = town.call("POST", "/v1/registrations/confirm", {"token": town.token("aigul@example.kz")})
    assert json_of(confirmed)["accounts"] == ["100000123"]
    signed_in = json_of(town.signs_in("AIGUL"))
    assert signed_in["position"] == json_of(confirmed)["position"]
    assert signed_in["position"].endswith("@3")
    me = bearer(signed_in)
    assert town.accounts(me) == ["100000123"]
    profile = json_of(town.call("GET", "/v1/me", **me))
    assert (profile["user_name"], profile["email"], profile["language"]) == ("aigul", "aigul@example.kz", "kk")


def test_the_log_holds_no_personal_data(town: Town) -> None:
    """Events carry ids; name and address stand in ordinary tables, password and letter nowhere readable."""
    town.account("100")
    town.resident("aigul", "100")
    told = str(town.rows("SELECT * FROM events")) + str(town.rows("SELECT * FROM outbox"))
    assert "aigul" not in told
    queued = str(town.rows("SELECT * FROM mail")) + str(town.rows("SELECT * FROM people"))
    assert PASSWORD not in queued
    assert "token" not in queued


def test_events_of_a_user_are_numbered_without_gaps(town: Town) -> None:
    """Each event is queued for the topic under its user's key."""
    town.account("100")
    town.resident("aigul", "100")
    stored = town.rows("SELECT stream_id, version, type FROM events ORDER BY version")
    short = [type_name.removeprefix("kz.settlement.identity.") for _, _, type_name in stored]
    assert short == ["user.registered.v1", "user.confirmed.v1", "account.linked.v1"]
    queued = town.rows("SELECT key, version, type FROM outbox WHERE topic = 'identity.users.v1' ORDER BY position")
    assert queued == stored


def test_an_amount_in_another_form_costs_no_try(town: Town) -> None:
    """The answer shows the form, and no try is spent."""
    town.account("100")
    for amount in ("13500.00", "13500", "13500,0", "13,500,00", "1 3500,00", "-13500,00", "", "abc"):
        answer = town.registers("aigul", "100", amount)
        assert (answer.status_code, code_of(answer)) == (422, "amount-format")
        assert "1234,00" in json_of(answer)["detail"]
        assert json_of(answer)["errors"][0]["pointer"] == "/last_payment_amount"
    assert town.rows("SELECT * FROM budgets") == []


def test_other_mistakes_of_form_cost_no_try_either(town: Town) -> None:
    """Each names its field."""
    town.account("100")
    mistakes: list[tuple[str, Any, str]] = [
        ("user_name", "a b", "user-name-format"),
        ("email", "a@b.kz, c@d.kz", "email-format"),
        ("account", "лс-1", "account-number-format"),
        ("password_again", "something else", "passwords-differ"),
        ("language", "de", "invalid-request"),
        ("is_admin", True, "invalid-request"),
    ]
    for field, value, code in mistakes:
        answer = town.registers("aigul", "100", **{field: value})
        assert (answer.status_code, code_of(answer)) == (422, code)
        assert json_of(answer)["errors"][0]["pointer"].endswith(f"/{field}")
    assert town.rows("SELECT * FROM budgets") == []


def test_every_failed_proof_is_answered_alike(town: Town) -> None:
    """Unknown number, wrong amount, no payment, spent tries: one status, one text, one length."""
    town.account("100")
    town.account("200", tenge=499)
    town.account("300")
    for guess in range(5):
        town.registers("aigul", "300", f"{guess},00")
    answers = [town.registers("aigul", account, "777,00") for account in ("100", "200", "300", "999")]
    bodies = [json_of(answer) | {"instance": ""} for answer in answers]
    assert [answer.status_code for answer in answers] == [422] * 4
    assert bodies == [bodies[0]] * 4
    assert code_of(answers[0]) == "proof-failed"
    assert len({answer.content_length for answer in answers}) == 1


def test_a_refusal_speaks_the_readers_language(town: Town) -> None:
    """Kazakh with its own letters, Russian by default."""
    kazakh = town.call("POST", "/v1/registrations/confirm", {"token": "x"}, Accept_Language="kk-KZ, ru;q=0.8")
    assert json_of(kazakh)["detail"].startswith("Сілтеме жарамсыз")
    assert json_of(town.call("POST", "/v1/registrations/confirm", {"token": "x"}))["detail"].startswith("Ссылка")


def test_a_known_address_is_answered_like_a_new_one(town: Town) -> None:
    """Its owner gets a letter; nobody else learns of it, and no second cabinet can be confirmed."""
    town.account("100")
    town.account("200")
    town.resident("aigul", "100")
    other = town.registers("samal", "200", email="AIGUL@example.kz")
    new = town.registers("madina", "200")
    assert (other.status_code, other.data) == (new.status_code, new.data)
    letter = town.letters("aigul@example.kz")[-1]
    assert letter["Subject"] == "Сізде жеке кабинет бұрыннан бар"
    assert code_of(town.signs_in("samal")) == "confirmation-pending"
    assert code_of(town.registers("samal", "200", email="new@example.kz")) == "user-name-taken"


def test_a_taken_user_name_is_told(town: Town) -> None:
    """Also one that only looks the same; it costs none of the account's tries."""
    town.account("100")
    town.resident("aigul", "100")
    answer = town.registers("Аigul", "100", email="other@example.kz")  # begins with a Cyrillic letter
    assert (answer.status_code, code_of(answer)) == (409, "user-name-taken")
    spent = town.rows("SELECT cardinality(spent_at) FROM budgets WHERE kind = 'account'")
    assert spent == [(1,)]


def test_the_same_form_again_only_sends_the_letter_again(town: Town) -> None:
    """Who lost the answer repeats and is not told that the own name is taken; a wrong password is."""
    town.account("100")
    assert town.registers("aigul", "100").status_code == 202
    assert town.registers("aigul", "100").status_code == 202
    assert len(town.letters("aigul@example.kz")) == 2
    assert town.rows("SELECT count(*) FROM users") == [(1,)]
    stranger = "another long password"
    assert code_of(town.registers("aigul", "100", password=stranger, password_again=stranger)) == "user-name-taken"


def test_the_letter_can_be_sent_again(town: Town) -> None:
    """Whoever asks gets the same answer; only a waiting registration gets a letter, five a day."""
    town.account("100")
    town.registers("aigul", "100")
    for address in ["aigul@example.kz"] * 9 + ["nobody@example.kz"]:
        assert town.call("POST", "/v1/registrations/resend", {"email": address}).status_code == 202
    assert len(town.letters()) == 5
    assert town.call("POST", "/v1/registrations/confirm", {"token": town.token("aigul@example.kz")}).status_code == 200


def test_confirming_twice_is_answered_alike(town: Town) -> None:
    """A second click, or a retry after a lost answer, changes nothing."""
    town.account("100")
    town.registers("aigul", "100")
    token = town.token("aigul@example.kz")
    first, second = (town.call("POST", "/v1/registrations/confirm", {"token": token}) for _ in range(2))
    assert (first.status_code, first.data) == (200, second.data)
    assert town.rows("SELECT count(*) FROM events") == [(3,)]


def test_a_sale_before_the_confirmation_voids_the_proof(town: Town) -> None:
    """The cabinet opens, without the account."""
    town.account("100")
    town.registers("aigul", "100")
    town.hears("100", HolderChanged(date(2026, 11, 1), "sold"), first=3)
    answer = town.call("POST", "/v1/registrations/confirm", {"token": town.token("aigul@example.kz")})
    assert json_of(answer)["accounts"] == []
    assert town.accounts(bearer(town.signs_in("aigul").json)) == []


def test_a_fresh_payment_leaves_the_one_before_good(town: Town) -> None:
    """Who paid lately may know only the payment before."""
    town.account("100")
    town.hears("100", payment("P-2", 900, "2026-11-20"), first=3, ago=timedelta(hours=1))
    assert town.registers("aigul", "100").status_code == 202
    assert town.registers("samal", "100", "900,00").status_code == 202


def test_the_letter_leads_to_a_page_of_the_cabinet(towns: MakeTown) -> None:
    """In the resident's language; what a mail program may post to is the service's own."""
    town = towns(cabinet_url="https://cabinet.example.kz/")
    town.account("100")
    town.registers("aigul", "100")
    body = town.letters("aigul@example.kz")[-1].get_body(("plain",))
    assert body is not None
    assert f"https://cabinet.example.kz/kk/confirm?token={town.token('aigul@example.kz')}" in body.get_content()
