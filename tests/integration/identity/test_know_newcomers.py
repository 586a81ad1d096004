"""One account in many cabinets: newcomers are masked, present holders are asked."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest

from common.clock import from_wire, now
from tests.integration.identity.town import Town, code_of, json_of, token_in

Who = dict[str, str]


@pytest.fixture
def town(shared_town: Town) -> Town:
    """The file's town, called from an address of the test's own."""
    shared_town.source = f"198.51.100.{next(shared_town.numbers) % 250}"
    return shared_town


def both(town: Town, account: str) -> tuple[Who, Who]:
    """A present holder and a newcomer of one account."""
    town.account(account)
    return town.resident(f"present{account}", account), town.resident(f"newcomer{account}", account)


def asked(town: Town, account: str) -> str:
    """The token of the question to the present holder."""
    return token_in(town.letters(f"present{account}@example.kz")[-1])


def says(town: Town, token: str, answer: str) -> Any:
    """The holder's answer."""
    return town.call("POST", f"/v1/link-notices/{token}", {"answer": answer})


def data_of(town: Town, kind: str, account: str) -> list[Any]:
    """The events of one kind about an account."""
    query = "SELECT data::json FROM events WHERE type LIKE %s AND data::json->>'account' = %s ORDER BY recorded_at"
    return [data for (data,) in town.rows(query, f"%{kind}%", account)]


def test_the_first_holder_sees_everything_a_newcomer_is_masked(town: Town) -> None:
    """For 72 hours, in the event and in the cabinet."""
    present, newcomer = both(town, "7001")
    first, second = data_of(town, "account.linked", "7001")
    assert first["masked_until"] is None
    assert timedelta(hours=71) < from_wire(second["masked_until"]) - now() <= timedelta(hours=72)
    assert town.linked(present, "7001")["masked_until"] is None
    assert town.linked(newcomer, "7001")["masked_until"][:16] == second["masked_until"][:16]


def test_a_present_holder_who_knows_the_newcomer_unmasks(town: Town) -> None:
    """At once; a second click says nothing more."""
    present, newcomer = both(town, "7002")
    token = asked(town, "7002")
    question = json_of(town.call("GET", f"/v1/link-notices/{token}"))
    assert (question["account"], question["answer"]) == ("7002", None)
    assert [json_of(says(town, token, "known"))["answer"] for _ in range(2)] == ["known"] * 2
    assert town.linked(newcomer, "7002")["masked_until"] is None
    assert len(data_of(town, "account.unmasked", "7002")) == 1
    assert town.activity(newcomer)[0] == ("account-unmasked", "7002")
    assert ("linked-elsewhere", "7002") in town.activity(present)


def test_not_me_freezes_new_links(town: Town) -> None:
    """Even a right proof gets the one answer, until an operator has looked; "known" takes it back no more."""
    both(town, "7003")
    token = asked(town, "7003")
    assert json_of(says(town, token, "not-me"))["answer"] == "not-me"
    assert code_of(town.registers("third7003", "7003")) == "proof-failed"
    assert json_of(says(town, token, "known"))["answer"] == "not-me"
    assert data_of(town, "account.unmasked", "7003") == []
    assert ("7003",) in [(account,) for account, _ in _frozen(town)]


def _frozen(town: Town) -> list[tuple[Any, ...]]:
    return town.rows("SELECT account, frozen_at FROM accounts WHERE frozen_at IS NOT NULL")


def test_who_is_on_probation_has_no_say(town: Town) -> None:
    """Two strangers cannot vouch for each other; the present holder is asked of each."""
    both(town, "7004")
    third = town.resident("third7004", "7004")
    letters = [letter for who in ("present", "newcomer") for letter in town.letters(f"{who}7004@example.kz")]
    about = [str(letter.get_body(("plain",)).get_content()) for letter in letters if "басқа" in letter["Subject"]]  # type: ignore[union-attr]
    assert ["token=" in text for text in about] == [True, True, False]
    assert town.linked(third, "7004")["masked_until"] is not None


def test_of_two_first_links_at_once_one_is_masked(town: Town) -> None:
    """Whoever comes second, by however little."""
    town.account("7005")
    town.account("7006", tenge=9_000)
    users = [town.resident(f"pair{n}", "7006", last_payment_amount="9000,00") for n in range(2)]
    with ThreadPoolExecutor(2) as pool:
        added = list(pool.map(lambda who: town.adds(who, "7005"), users))
    assert [answer.status_code for answer in added] == [201, 201]
    assert sorted(fact["masked_until"] is None for fact in data_of(town, "account.linked", "7005")) == [False, True]


def test_a_question_ends_with_the_holders_access(town: Town) -> None:
    """Who removed the account decides nothing about it; a made-up question is answered alike."""
    present, _ = both(town, "7007")
    token = asked(town, "7007")
    assert town.call("DELETE", "/v1/me/accounts/7007", **present).status_code == 200
    for made_up in (token, "made-up"):
        assert code_of(says(town, made_up, "known")) == "link-expired"
        assert town.call("GET", f"/v1/link-notices/{made_up}").status_code == 400


def test_a_mask_ends_by_itself(town: Town) -> None:
    """After its time nothing is shown as masked, without another event."""
    _, newcomer = both(town, "7009")
    with town.desk.pool.connection() as conn:
        conn.execute("UPDATE links SET masked_until = masked_until - interval '72 hours' WHERE account = '7009'")
    assert town.linked(newcomer, "7009")["masked_until"] is None
